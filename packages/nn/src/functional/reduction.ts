/** Reductions of losses. */
import type { Tensor } from "@heddle/tensor";
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
