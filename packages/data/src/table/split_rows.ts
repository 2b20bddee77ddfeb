/** How the rows of a table are split into parts. */
import type { Generator } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { groupByClass, partSizes } from "../datasets/split.ts";
import { permutation } from "../samplers/draw_indices.ts";
import { type Column, isMissing } from "./column.ts";

/** Options of `Table.split`; at most one of `stratify`, `group` and `by`. */
export interface TableSplitOptions {
  /** Decides what goes where; by default tensor's default generator. */
  generator?: Generator;
  /** A column: each part has its values in about the same shares. */
  stratify?: string;
  /** A column: the rows with one value go to one part, so that the sizes are only about those asked for. */
  group?: string;
  /** A column of numbers or dates: the first part has the lowest values. Equal values keep the order of the table. */
  by?: string;
}

/** The positions of the rows of each part. */
export function splitRows(
  table: { readonly length: number; column(name: string): Column },
  lengths: readonly number[],
  options: TableSplitOptions,
): ArrayLike<number>[] {
  checkOptions("Table.split", options, ["generator", "stratify", "group", "by"]);
  const { generator, stratify, group, by } = options;
  const ways = [stratify, group, by].filter((way) => way !== undefined);
  if (ways.length > 1) throw new Error("Table.split: expected at most one of stratify, group and by");
  const sizes = partSizes(lengths, table.length, "Table.split");
  if (by !== undefined) return cut(inOrder(table.column(by), by), sizes);
  const order = permutation(table.length, generator);
  if (group !== undefined) return byGroup(groupByClass(order, classesOf(table.column(group))), sizes);
  return stratify === undefined
    ? cut(order, sizes)
    : stratified(groupByClass(order, classesOf(table.column(stratify))), sizes);
}

/** A number for each value; missing values are one more. */
function classesOf(column: Column): number[] {
  const numbers = new Map<unknown, number>();
  return Array.from(column.values as ArrayLike<unknown>, (value, row) => {
    const key = isMissing(column, row) ? null : value;
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    return numbers.get(key)!;
  });
}

function cut(order: ArrayLike<number>, sizes: readonly number[]): number[][] {
  let start = 0;
  return sizes.map((size) => Array.prototype.slice.call(order, start, start += size) as number[]);
}

function inOrder(column: Column, name: string): number[] {
  if (column.kind !== "number" && column.kind !== "date") {
    throw new TypeError(
      `Table.split: column ${JSON.stringify(name)} has values of kind "${column.kind}", which have no order in time`,
    );
  }
  const { values } = column;
  const missing = values.findIndex((value) => Number.isNaN(value));
  if (missing >= 0) {
    throw new Error(`Table.split: row ${missing} of column ${JSON.stringify(name)} is missing; drop it first`);
  }
  return [...values.keys()].sort((a, b) => values[a]! - values[b]!);
}

/**
 * Each class is dealt out in the parts' shares: its i-th sample goes to the part that lacks most of what is due to it, among all classes
 * so far, so that both the parts and the classes in them have their sizes.
 */
function stratified(groups: readonly (readonly number[])[], sizes: readonly number[]): number[][] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const parts = sizes.map((): number[] => []);
  for (const rows of groups) {
    const within = sizes.map(() => 0);
    rows.forEach((row, i) => {
      let best = -1, most = -Infinity;
      sizes.forEach((size, part) => {
        if (parts[part]!.length >= size) return;
        // Of its own class first; what is due to the part over all classes decides between equals.
        const lack = (i + 1) * size / total - within[part]! + 1e-6 * (size - parts[part]!.length) / total;
        if (lack > most) [best, most] = [part, lack];
      });
      parts[best]!.push(row);
      within[best]!++;
    });
  }
  return parts;
}

/** Each group goes to the part that is furthest from its size, the largest groups first. */
function byGroup(groups: readonly number[][], sizes: readonly number[]): number[][] {
  const parts = sizes.map((): number[] => []);
  for (const rows of [...groups].sort((a, b) => b.length - a.length)) {
    let best = 0;
    sizes.forEach((size, part) => {
      if (size - parts[part]!.length > sizes[best]! - parts[best]!.length) best = part;
    });
    parts[best]!.push(...rows);
  }
  return parts;
}
