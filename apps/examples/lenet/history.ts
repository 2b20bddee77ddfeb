import { mean } from "../runner/statistics.ts";

/** The history of a training run, by epoch and by step. */
export interface History {
  /** Cross-entropy of every batch. */
  losses: number[];
  /** Means over the steps of each epoch, measured during training. */
  trainLoss: number[];
  trainErrorPercent: number[];
  /** After each epoch, over the whole test set. */
  testErrorPercent: number[];
  /** Of the training steps, without testing. */
  secondsPerEpoch: number[];
}

/**
 * Groups consecutive values in `count` bins: the centre of each bin (from 1), the mean, the minimum and the maximum.
 */
export function binned(
  values: readonly number[],
  count: number,
): { middle: number[]; mean: number[]; low: number[]; high: number[] } {
  const bins = { middle: [] as number[], mean: [] as number[], low: [] as number[], high: [] as number[] };
  const used = Math.min(count, values.length);
  for (let bin = 0; bin < used; bin++) {
    const from = Math.floor(bin * values.length / used), to = Math.floor((bin + 1) * values.length / used);
    const members = values.slice(from, to);
    bins.middle.push((from + 1 + to) / 2);
    bins.mean.push(mean(members));
    bins.low.push(Math.min(...members));
    bins.high.push(Math.max(...members));
  }
  return bins;
}
