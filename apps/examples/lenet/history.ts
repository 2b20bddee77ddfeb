/** What a training run leaves behind, epoch by epoch and step by step. */
export interface History {
  /** Cross-entropy of every step's batch. */
  losses: number[];
  /** Means over the steps of each epoch, taken while the network learns. */
  trainLoss: number[];
  trainErrorPercent: number[];
  /** After each epoch, over the whole test set. */
  testErrorPercent: number[];
  /** Of the training steps; testing is not counted. */
  secondsPerEpoch: number[];
}

/** Values in `count` bins of neighbours: the middle of each bin (from 1), the mean, the least and the greatest. */
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
    bins.mean.push(members.reduce((sum, value) => sum + value, 0) / members.length);
    bins.low.push(Math.min(...members));
    bins.high.push(Math.max(...members));
  }
  return bins;
}
