/** Copies between operands of the same shape and any strides. The dtypes are both floats or both integers. */
import { sizeOf } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { coordinates, paramNames } from "../../render/index_math.ts";
import { mergeDimensions } from "../../strides.ts";
import { dispatch } from "./dispatch.ts";
import { dot, numbered } from "./params.ts";

/** Records a copy. The target may have any strides that do not overlap. */
export function copy(gpu: GpuContext, source: GpuOperand, copied: GpuOperand): void {
  const { shape, strides } = mergeDimensions(source.shape, [source.strides, copied.strides]);
  const rank = shape.length;
  dispatch(gpu, {
    key: `copy ${rank}`,
    reads: { x: source },
    writes: { out: copied },
    params: {
      ...{ xOffset: source.offset, outOffset: copied.offset },
      ...numbered("size", shape),
      ...numbered("xStride", strides[0]!),
      ...numbered("outStride", strides[1]!),
    },
    threads: sizeOf(shape),
    body: () =>
      `${coordinates("c", "thread", paramNames("size", rank))}
out_set(p.outOffset + ${dot("c", "p.outStride", rank)}, x_get(p.xOffset + ${dot("c", "p.xStride", rank)}));
`,
  });
}
