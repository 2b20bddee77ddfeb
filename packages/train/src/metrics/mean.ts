import { full, isFloat, stack, type Tensor } from "@heddle/tensor";
import { isTensor, showShape } from "@heddle/tensor/engine";
import type { Metric } from "./metric.ts";
import { checkState, type MetricState } from "./state.ts";
import { Sums, type SumsState } from "./sums.ts";

/**
 * The weighted mean of values, such as the losses of batches. The device holds two numbers.
 *
 * @example
 * ```ts
 * import { Mean } from "@heddle/train/metrics";
 * import { tensor } from "@heddle/tensor";
 *
 * const loss = new Mean();
 * loss.update(tensor(0.5), 64); // the mean over a batch of 64
 * loss.update(tensor(2), 32);
 * console.log(await loss.compute()); // 1
 * ```
 */
export class Mean implements Metric<number, [value: Tensor, weight?: number | Tensor]> {
  private readonly sums: Sums = new Sums();

  /**
   * Adds all elements of a tensor.
   *
   * @param weight of each element: a number, or a tensor of the values' shape (default 1)
   * @throws RangeError if shapes differ
   */
  update(value: Tensor, weight: number | Tensor = 1): void {
    this.sums.add("Mean", () => {
      const values = isFloat(value.dtype) ? value.detach() : value.detach().to("float32");
      const { dtype, device, numel } = values;
      if (!isTensor(weight)) return stack([values.sum().mul(weight), full([], weight * numel, { dtype, device })]);
      if (showShape(weight.shape) !== showShape(value.shape)) {
        throw new RangeError(
          `Mean: the weight has shape ${showShape(weight.shape)}, the values ${
            showShape(value.shape)
          }; give each value its weight`,
        );
      }
      const weights = weight.detach().to(values.dtype);
      return stack([values.mul(weights).sum(), weights.sum()]);
    });
  }

  /** The mean; NaN where all weights are 0. */
  async compute(): Promise<number> {
    const [sum = 0, weight = 0] = await this.sums.read() ?? [];
    return sum / weight;
  }

  /** What was accumulated so far, as a copy. */
  stateDict(): MetricState {
    return { metric: "Mean", sums: this.sums.stateDict() };
  }

  /**
   * Goes back to a state.
   *
   * @throws TypeError for the state of another metric.
   */
  loadStateDict(state: MetricState): void {
    checkState("Mean", state);
    this.sums.loadStateDict(state["sums"] as SumsState);
  }

  /** Forgets all batches. */
  reset(): void {
    this.sums.reset();
  }
}
