/** Reductions of losses. */
import { fused, isFloat, type Symbolic, type Tensor } from "@heddle/tensor";
import { fusedTotal } from "@heddle/tensor/engine";
import { showSizes } from "../sizes.ts";

/** "mean" (the default everywhere), "sum", or "none" for the losses of single elements. */
export type Reduction = "none" | "mean" | "sum";

/** The option that every loss has. */
export interface ReductionOptions {
  /** By default "mean". */
  readonly reduction?: Reduction;
}

/** @throws RangeError that names the known reductions. */
export function checkReduction(
  operation: string,
  reduction: string,
  known: readonly string[] = ["none", "mean", "sum"],
): void {
  if (!known.includes(reduction)) {
    throw new RangeError(
      `${operation}: unknown reduction ${JSON.stringify(reduction)}; use ${
        known.map((name) => `"${name}"`).join(", ")
      }`,
    );
  }
}

/** Reduces losses. */
export function reduced(operation: string, loss: Tensor, reduction: Reduction = "mean"): Tensor {
  checkReduction(operation, reduction);
  return reduction === "none" ? loss : reduction === "sum" ? loss.sum() : loss.mean();
}

/**
 * Losses of pairs take equal shapes only: `[N]` and `[N, 1]` would broadcast to `[N, N]`, and train badly without an error.
 *
 * @throws RangeError with both shapes.
 */
export function checkPair(operation: string, input: Tensor, target: Tensor, name = "target"): void {
  if (showSizes(input.shape) === showSizes(target.shape)) return;
  throw new RangeError(
    `${operation}: the input has shape ${showSizes(input.shape)}, the ${name} ${
      showSizes(target.shape)
    }; they must be equal, ` +
      `use reshape, squeeze or expand on one of them`,
  );
}

/** A loss of float tensors that broadcast, and of numbers. */
export type ElementLoss = (inputs: readonly Tensor[], numbers: readonly number[], reduction?: Reduction) => Tensor;

/**
 * A loss whose elements are an expression of its inputs, then of numbers. One kernel computes and sums them, and each gradient is one
 * kernel.
 */
export function elementLoss(operation: string, write: (...operands: Symbolic[]) => Symbolic): ElementLoss {
  const each = fused(operation, write);
  const total = fusedTotal(operation, write);
  return (inputs, numbers, reduction = "mean") => {
    checkReduction(operation, reduction);
    // A number takes the dtype of the first input.
    const wide = isFloat(inputs[0]!.dtype) ? inputs : asFloats(inputs);
    const operands = numbers.length === 0 ? wide : [...wide, ...numbers];
    return reduction === "none" ? each(operands) : total(operands, reduction);
  };
}

/** The first input in the dtype of the first float among them, or float32. */
function asFloats([first, ...others]: readonly Tensor[]): readonly Tensor[] {
  return [first!.to(others.find(({ dtype }) => isFloat(dtype))?.dtype ?? "float32"), ...others];
}
