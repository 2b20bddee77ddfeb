/** Convolutions whose kernel covers the whole image, so that there is one output position: matrix products. */
import type { Attrs } from "../../../../prims/attrs.ts";
import { isContiguous } from "../../../../shape.ts";
import type { ConvProduct } from "./conv_im2col.ts";
import { convGeometry, sizeOfVolume } from "./conv_geometry.ts";
import { computeKind, element } from "../element.ts";
import { gemm } from "../matmul/gemm.ts";
import type { GemmWork } from "../matmul/gemm_work.ts";
import type { Plan, PlanOperand } from "../plan.ts";

/** Computes the product. `w` and `y` are contiguous, and so is each image. Returns false if the kernel is smaller than the image. */
export function convFullKernel(
  plan: Plan,
  product: ConvProduct,
  x: PlanOperand,
  w: PlanOperand,
  y: PlanOperand,
  attrs: Attrs["conv"],
  bias?: PlanOperand,
): boolean {
  const g = convGeometry(x.shape, w.shape, y.shape, attrs);
  const whole = g.kernel.every((k, d) => k === g.input[d] && g.padding[d] === 0 && (k === 1 || g.dilation[d] === 1));
  if (!whole || !isContiguous(x.shape.slice(1), x.strides.slice(1))) return false;
  const kind = computeKind(x.dtype);
  const { bytes } = element(kind, false);
  const { batch, groups, filters } = g;
  const depth = g.channels * sizeOfVolume(g.kernel);
  const image = x.strides[0]! * bytes;
  const line = depth * bytes;
  const outputs = groups * filters * bytes;
  const products = (order: readonly [PlanOperand, PlanOperand, PlanOperand]): number[] => {
    const steps = new Map([[x, line], [w, filters * line], [y, filters * bytes]]);
    return Array.from({ length: 3 * groups }, (_, i) => {
      const operand = order[i % 3]!;
      return operand.pointer + Math.floor(i / 3) * steps.get(operand)!;
    });
  };
  const works: { readonly [P in ConvProduct]: () => Omit<GemmWork, "kind"> } = {
    output: () => ({
      m: batch,
      k: depth,
      n: filters,
      leftM: image,
      leftK: bytes,
      rightK: bytes,
      rightN: line,
      outStride: outputs,
      rightSource: w.source,
      products: products([x, w, y]),
      bias: bias?.pointer,
      biasStep: filters * bytes,
      activation: attrs.activation,
    }),
    input: () => ({
      m: batch,
      k: filters,
      n: depth,
      leftM: outputs,
      leftK: bytes,
      rightK: line,
      rightN: bytes,
      outStride: image,
      rightSource: w.source,
      products: products([y, w, x]),
    }),
    weight: () => ({
      m: filters,
      k: batch,
      n: depth,
      leftM: bytes,
      leftK: outputs,
      rightK: image,
      rightN: bytes,
      outStride: line,
      products: products([y, x, w]),
    }),
  };
  gemm(plan, { kind, ...works[product]() });
  return true;
}
