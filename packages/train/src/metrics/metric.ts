import type { Tensor } from "@heddle/tensor";

/** What a metric computes: a number, or numbers in the metric's shape (`[classes]`, or a matrix). */
export type MetricValue = number | readonly number[] | readonly (readonly number[])[];

/**
 * A figure of merit over all batches of an epoch. `update` adds a batch and stays on the device; `compute` reads the sums.
 *
 * @typeParam V What `compute` returns.
 */
export interface Metric<V extends MetricValue = MetricValue> {
  /** Adds a batch: what the network returns, and what it should. The metric keeps neither. */
  update(output: Tensor, target: Tensor): void;
  /** The figure over all batches since the last `reset`. NaN where no batch came. */
  compute(): V;
  /** Forgets all batches, and frees what the metric holds. */
  reset(): void;
}
