/** Statistics of several values. */

/** The mean of some values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The median: the middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}

/** The worst, the median and the best of some errors. */
export function spread(errors: readonly number[]): { worst: number; median: number; best: number } {
  return { worst: Math.max(...errors), median: median(errors), best: Math.min(...errors) };
}
