import type { Tensor } from "@heddle/tensor";

/** What a metric computes: a number, or numbers in the metric's shape (`[classes]`, or a matrix). */
export type MetricValue = number | readonly number[] | readonly (readonly number[])[];

/**
 * A figure of merit over all batches of an epoch. `update` adds a batch and stays on the device; `compute` reads the sums.
 *
 * @typeParam V What `compute` returns.
 * @typeParam Batch The arguments of `update`: by default what the network returns, and what it should.
 */
export interface Metric<
  V extends MetricValue = MetricValue,
  Batch extends unknown[] = [output: Tensor, target: Tensor],
> {
  /** Adds a batch. The metric keeps none of the tensors, and records no graph. */
  update(...batch: Batch): void;
  /** The figure over all batches since the last `reset`; NaN where there are none. A promise where it is read from a device. */
  compute(): V | Promise<V>;
  /** What was accumulated so far, for a checkpoint. Metrics of this module have it. */
  stateDict?(): unknown;
  /** Goes back to such a state. */
  loadStateDict?(state: never): unknown;
  /** Forgets all batches, and frees what the metric holds. */
  reset(): void;
}
