/** Convolution in one to three dimensions and its two gradients, for any strides and dtype. */
import type { Attrs } from "../../../../prims/attrs.ts";
import { sizeOf } from "../../../../shape.ts";
import { convIm2col } from "./conv_im2col.ts";
import { convBackward, convForward } from "./conv_forward.ts";
import { convGradOfInput } from "./conv_input_grad.ts";
import { convGeometry, hasTerms } from "./conv_geometry.ts";
import { convGradOfWeight } from "./conv_weight_grad.ts";
import { convFullKernel } from "./conv_full_kernel.ts";
import { convGradOfWeightByTiles } from "../winograd/winograd_grad.ts";
import { convByTiles, convGradByTiles } from "../winograd/winograd.ts";
import { contiguousInputs, contiguousOutput, inDType } from "../operand_copies.ts";
import { computeKind, dtypeOf } from "../element.ts";
import { itemSize, typedArrayOver } from "../../../../dtype.ts";
import type { Plan, PlanOperand } from "../plan.ts";
import { planned } from "../plan_cache.ts";
import type { CpuRoutine } from "../cpu_routine.ts";

type Inputs = readonly [PlanOperand, PlanOperand, PlanOperand?];
type Product = (inputs: Inputs, output: PlanOperand) => void;

/** Converts operands to the dtype and layout that products take. `free` marks the inputs that may have any strides. */
function withOperands(
  plan: Plan,
  inputs: readonly PlanOperand[],
  outputs: readonly PlanOperand[],
  free: readonly boolean[],
  product: Product,
): void {
  const dtype = dtypeOf(computeKind(outputs[0]!.dtype));
  inDType(plan, dtype, inputs, outputs, (from, [to]) => {
    contiguousOutput(plan, to!, (out) => {
      const fixed = from.filter((_, i) => !free[i]);
      contiguousInputs(plan, fixed, (copies) => {
        let next = 0;
        product(from.map((input, i) => free[i] ? input : copies[next++]!) as unknown as Inputs, out);
      });
    });
  });
}

function zero(plan: Plan, { pointer, shape, dtype }: PlanOperand): void {
  plan.zero(pointer, sizeOf(shape) * itemSize(dtype));
}

/** Writes an output whose sums have no terms. */
function biasAlone(plan: Plan, y: PlanOperand, { activation }: Attrs["conv"], bias?: PlanOperand): void {
  zero(plan, y);
  if (!bias) return;
  plan.call((address, buffer) => {
    const view = ({ pointer, shape, dtype }: PlanOperand): Float64Array =>
      typedArrayOver(dtype, buffer, address(pointer), sizeOf(shape)) as Float64Array;
    const [values, run] = [view(y), sizeOf(y.shape.slice(2))];
    view(bias).forEach((value, o, { length }) => {
      if (activation === "relu" && value < 0) return;
      for (let i = o * run; i < values.length; i += length * run) values.fill(value, i, i + run);
    });
  });
}

/** `y = x * w + bias`. */
export const conv: CpuRoutine<"conv"> = planned((plan, inputs, outputs, attrs) => {
  withOperands(plan, inputs, outputs, [true, false], ([x, w, bias], y) => {
    if (!hasTerms(convGeometry(x.shape, w.shape, y.shape, attrs))) return biasAlone(plan, y, attrs, bias);
    if (convFullKernel(plan, "output", x, w, y, attrs, bias)) return;
    if (convByTiles(plan, x, w, y, attrs, bias)) return;
    if (convForward(plan, x, w, y, attrs, bias)) return;
    convIm2col(plan, "output", x, w, y, attrs, bias);
  });
});

/** The input gradient, which is also the forward pass of a transposed convolution. */
export const convInputGrad: CpuRoutine<"convInputGrad"> = planned((plan, inputs, outputs, attrs) => {
  withOperands(plan, inputs, outputs, [false, false], ([g, w], x) => {
    if (!hasTerms(convGeometry(x.shape, w.shape, g.shape, attrs))) return zero(plan, x);
    if (convFullKernel(plan, "input", x, w, g, attrs)) return;
    if (convGradByTiles(plan, x, w, g, attrs)) return;
    if (convBackward(plan, x, w, g, attrs)) return;
    if (convGradOfInput(plan, x, w, g, attrs)) return;
    convIm2col(plan, "input", x, w, g, attrs);
  });
});

/** The weight gradient. */
export const convWeightGrad: CpuRoutine<"convWeightGrad"> = planned((plan, inputs, outputs, attrs) => {
  withOperands(plan, inputs, outputs, [false, true], ([g, x], w) => {
    if (!hasTerms(convGeometry(x.shape, w.shape, g.shape, attrs))) return zero(plan, w);
    if (convFullKernel(plan, "weight", x, w, g, attrs)) return;
    if (convGradOfWeightByTiles(plan, x, w, g, attrs)) return;
    convGradOfWeight(plan, x, w, g, attrs);
  });
});
