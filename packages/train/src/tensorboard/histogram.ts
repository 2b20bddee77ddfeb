/** The histogram that PyTorch's SummaryWriter makes: of intervals that grow by a tenth, from 1e-12 to 1e20 on both sides of 0. */

const EDGES: readonly number[] = (() => {
  const positive: number[] = [];
  for (let edge = 1e-12; edge < 1e20; edge *= 1.1) positive.push(edge);
  return [...positive.map((edge) => -edge).reverse(), 0, ...positive];
})();

/** What TensorBoard shows of many values. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly count: number;
  readonly sum: number;
  readonly sumSquares: number;
  /** The right edges of the intervals. */
  readonly limits: readonly number[];
  /** Values in each interval; the first is empty, so that the left edge of the second is known. */
  readonly counts: readonly number[];
}

/** The histogram of the finite values; null if there are none. Beyond ±1e20 they count in min, max and sums only. */
export function histogramOf(values: ArrayLike<number>): Histogram | null {
  const counts = new Array<number>(EDGES.length - 1).fill(0);
  let [min, max, count, sum, sumSquares] = [Infinity, -Infinity, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    if (!Number.isFinite(value)) continue;
    count++;
    sum += value;
    sumSquares += value * value;
    if (value < min) min = value;
    if (value > max) max = value;
    const place = intervalOf(value);
    if (place >= 0 && place < counts.length) counts[place]!++;
  }
  if (count === 0) return null;
  const first = counts.findIndex((n) => n > 0);
  // All values lie beyond the edges.
  if (first < 0) return { min, max, count, sum, sumSquares, limits: [max], counts: [count] };
  const last = counts.findLastIndex((n) => n > 0);
  return {
    min,
    max,
    count,
    sum,
    sumSquares,
    limits: EDGES.slice(first, last + 2),
    counts: first > 0 ? counts.slice(first - 1, last + 1) : [0, ...counts.slice(0, last + 1)],
  };
}

/** The interval `[edge, next edge)` that holds a value, −1 or one too many for none. The last edge belongs to the last interval. */
function intervalOf(value: number): number {
  if (value === EDGES.at(-1)) return EDGES.length - 2;
  let [low, high] = [0, EDGES.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (EDGES[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
