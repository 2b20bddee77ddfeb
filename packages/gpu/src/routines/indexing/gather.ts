/** `out[i][j] = x[index[i][j]][j]`: a thread an element. */
import { isFloat } from "@heddle/tensor";
import type { Attrs } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { coordinates, paramNames } from "../../render/index_math.ts";
import { mergeDimensions, sizeOf } from "../../strides.ts";
import { dispatch } from "../shared/dispatch.ts";
import { dot, numbered } from "../shared/params.ts";

/** An index out of range, which the host cannot look for on a GPU, gives NaN; of integers, and of bool, 0. */
export function gather(
  gpu: GpuContext,
  [x, index]: readonly GpuOperand[],
  [out]: readonly GpuOperand[],
  { dim }: Attrs["gather"],
): void {
  // Where along `dim` the output's element stands is of no matter to x.
  const beside = index!.shape.map((_, d) => d === dim ? 0 : x!.strides[d]!);
  const { shape, strides } = mergeDimensions(index!.shape, [beside, index!.strides]);
  const rank = shape.length;
  dispatch(gpu, {
    key: `gather ${rank}`,
    reads: { x: x!, indices: index! },
    writes: { out: out! },
    params: {
      // A number that is none has to come from outside: compilers refuse constants of it.
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
