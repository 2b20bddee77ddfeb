/** The summary of a table. */
import { type Column, countMissing, distinct, isMissing, textOf } from "./column.ts";

/** The mean of values, the standard deviation of a sample, and the quantiles as NumPy interpolates them. */
function statistics(values: Float64Array): number[] {
  const n = values.length;
  if (n === 0) return Array(7).fill(NaN);
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const sorted = values.slice().sort();
  return [mean, Math.sqrt(squares / (n - 1)), ...[0, 0.25, 0.5, 0.75, 1].map((share) => quantile(sorted, share))];
}

/** The value below which a share of sorted values lies, interpolated linearly. */
export function quantile(sorted: Float64Array, share: number): number {
  const at = (sorted.length - 1) * share, below = Math.floor(at);
  const low = sorted[below]!, high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return at === below || low === high ? low : low + (high - low) * (at - below);
}

/** The value that occurs most often, the first in order among several, and how often; null without values. */
export function mostFrequent(
  column: Column,
): { readonly text: string; readonly row: number; readonly count: number } | null {
  const counts = new Map<unknown, { row: number; count: number }>();
  for (let row = 0; row < column.values.length; row++) {
    if (isMissing(column, row)) continue;
    const entry = counts.get(column.values[row]);
    if (entry === undefined) counts.set(column.values[row], { row, count: 1 });
    else entry.count++;
  }
  let best: [unknown, { row: number; count: number }] | null = null;
  for (const each of counts) {
    if (
      best === null || each[1].count > best[1].count ||
      (each[1].count === best[1].count && (each[0] as number) < (best[0] as number))
    ) best = each;
  }
  return best === null ? null : { text: textOf(column, best[1].row), ...best[1] };
}

const numeric = ["mean", "std", "min", "25%", "50%", "75%", "max"];

/** The columns of the summary, which has a row for each column of the table. */
export function describeColumns(columns: ReadonlyMap<string, Column>): Map<string, Column> {
  const all = [...columns.values()];
  const strings = (values: (string | null)[]): Column => ({ kind: "string", values });
  const numbers = (values: number[]): Column => ({ kind: "number", values: Float64Array.from(values) });
  const figures = all.map((column) =>
    column.kind === "number" || column.kind === "date"
      ? statistics(column.values.filter((value) => !Number.isNaN(value)))
      : Array(7).fill(NaN)
  );
  const top = all.map((column) => column.kind === "number" || column.kind === "date" ? null : mostFrequent(column));
  return new Map([
    ["column", strings([...columns.keys()])],
    ["kind", strings(all.map(({ kind }) => kind))],
    ["count", numbers(all.map((column) => column.values.length - countMissing(column)))],
    ["missing", numbers(all.map(countMissing))],
    ["unique", numbers(all.map((column) => distinct(column).length))],
    ...numeric.map((name, i): [string, Column] => [name, numbers(figures.map((row) => row[i]!))]),
    ["top", strings(top.map((each) => each?.text ?? null))],
    ["freq", numbers(top.map((each) => each?.count ?? NaN))],
  ]);
}
