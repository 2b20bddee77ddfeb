/** `out[i][j] = x[index[i][j]][j]`, with one thread for each element. */
import { isFloat } from "@heddle/tensor";
import { type Attrs, sizeOf } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { coordinates, paramNames } from "../../render/index_math.ts";
import { mergeDimensions } from "../../strides.ts";
import { dispatch } from "../shared/dispatch.ts";
import { dot, numbered } from "../shared/params.ts";

/**
 * Gathers along a dimension. Indices out of range, which the host cannot check on a GPU, give NaN, or 0 for integers
 * and bool.
 */
export function gather(
  gpu: GpuContext,
  [x, index]: readonly GpuOperand[],
  [out]: readonly GpuOperand[],
  { dim }: Attrs["gather"],
): void {
  // The position of an output along `dim` does not affect the position in x.
  const beside = index!.shape.map((_, d) => d === dim ? 0 : x!.strides[d]!);
  const { shape, strides } = mergeDimensions(index!.shape, [beside, index!.strides]);
  const rank = shape.length;
  dispatch(gpu, {
    key: `gather ${rank}`,
    reads: { x: x!, indices: index! },
    writes: { out: out! },
    params: {
      // NaN is passed as a param, because compilers refuse constants that are NaN.
      nan: 0x7fc00000,
      ...{ length: x!.shape[dim] ?? 1, step: x!.strides[dim] ?? 0 },
      ...{ xOffset: x!.offset, indexOffset: index!.offset, outOffset: out!.offset },
      ...numbered("size", shape),
      ...numbered("xStride", strides[0]!),
      ...numbered("indexStride", strides[1]!),
    },
    threads: sizeOf(index!.shape),
    body: () =>
      `${coordinates("c", "thread", paramNames("size", rank))}
let chosen = u32(indices_get(p.indexOffset + ${dot("c", "p.indexStride", rank)}));
let place = p.outOffset + thread;
if (chosen >= p.length) { out_set(place, ${isFloat(out!.dtype) ? "bitcast<f32>(p.nan)" : "0"}); return; }
out_set(place, x_get(p.xOffset + ${dot("c", "p.xStride", rank)} + chosen * p.step));
`,
  });
}
