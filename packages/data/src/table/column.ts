/** Columns of a table: values of one kind, in the form that computes best. */

/** The kinds of columns. */
export type ColumnKind = "number" | "date" | "boolean" | "string" | "category";

/** A column. Missing values are NaN among numbers and dates, null among booleans and strings, and -1 among categories. */
export type Column =
  | { readonly kind: "number"; readonly values: Float64Array }
  /** Milliseconds since 1970 in UTC, as `Date.getTime` returns them. */
  | { readonly kind: "date"; readonly values: Float64Array }
  | { readonly kind: "boolean"; readonly values: readonly (boolean | null)[] }
  | { readonly kind: "string"; readonly values: readonly (string | null)[] }
  /** Each value is a position in `levels`. */
  | { readonly kind: "category"; readonly values: Int32Array; readonly levels: readonly string[] };

/** One value: null where it is missing, the level of a category, a `Date` of a date. */
export type Cell = number | boolean | string | Date | null;

/** Values that make a column: of one type, or null (also NaN, undefined) where missing. */
export type CellValues = ArrayLike<number> | readonly (number | boolean | string | Date | null | undefined)[];

/** Whether a value is missing. */
export function isMissing(column: Column, row: number): boolean {
  const value = column.values[row];
  return column.kind === "category" ? (value as number) < 0 : value === null || Number.isNaN(value);
}

/** How many values are missing. */
export function countMissing(column: Column): number {
  let count = 0;
  for (let row = 0; row < column.values.length; row++) if (isMissing(column, row)) count++;
  return count;
}

/** A value as a program reads it. */
export function cellOf(column: Column, row: number): Cell {
  if (isMissing(column, row)) return null;
  const value = column.values[row]!;
  if (column.kind === "date") return new Date(value as number);
  return column.kind === "category" ? column.levels[value as number]! : value as Cell;
}

/** A value as text: dates in ISO 8601, and nothing for a missing value. */
export function textOf(column: Column, row: number): string {
  const cell = cellOf(column, row);
  if (cell instanceof Date) return cell.toISOString().replace("T00:00:00.000Z", "");
  return cell === null ? "" : String(cell);
}

/** The rows of a column at `indices`, in that order. */
export function takeRows(column: Column, indices: ArrayLike<number>): Column {
  const { values } = column;
  if (values instanceof Float64Array || values instanceof Int32Array) {
    const taken = values instanceof Int32Array ? new Int32Array(indices.length) : new Float64Array(indices.length);
    for (let i = 0; i < indices.length; i++) taken[i] = values[indices[i]!]!;
    return { ...column, values: taken } as Column;
  }
  return { ...column, values: Array.from(indices, (row) => (values as readonly (string | null)[])[row]!) } as Column;
}

/** The distinct values of a column as text, in order: numerically where they are numbers, else by code points. */
export function distinct(column: Column): string[] {
  if (column.kind === "category") {
    const used = new Set(column.values);
    return column.levels.filter((_, code) => used.has(code));
  }
  const found = new Map<unknown, string>();
  for (let row = 0; row < column.values.length; row++) {
    const value = column.values[row];
    if (!isMissing(column, row) && !found.has(value)) found.set(value, textOf(column, row));
  }
  const numeric = column.kind === "number" || column.kind === "date";
  const order = numeric
    ? ([a]: [unknown, string], [b]: [unknown, string]) => (a as number) - (b as number)
    : ([, a]: [unknown, string], [, b]: [unknown, string]) => a < b ? -1 : a > b ? 1 : 0;
  return [...found].sort(order).map(([, text]) => text);
}

/**
 * A column of values of one type.
 *
 * @param what how errors call it
 * @throws TypeError for values of several types, naming the rows
 */
export function columnOf(values: CellValues, what: string): Column {
  if (ArrayBuffer.isView(values) && typeof (values as ArrayLike<unknown>)[0] !== "bigint") {
    return { kind: "number", values: Float64Array.from(values as ArrayLike<number>) };
  }
  const cells = Array.from(values as ArrayLike<unknown>);
  const missing = (cell: unknown): boolean => cell === null || cell === undefined || Number.isNaN(cell);
  const first = cells.findIndex((cell) => !missing(cell));
  const type = typeName(cells[first]);
  const other = cells.findIndex((cell) => !missing(cell) && typeName(cell) !== type);
  if (other >= 0) {
    throw new TypeError(
      `${what}: a column has values of one type, but row ${first} is a ${type} and row ${other} a ${
        typeName(cells[other])
      }`,
    );
  }
  switch (type) {
    case "undefined":
    case "number":
      return { kind: "number", values: Float64Array.from(cells, (cell) => missing(cell) ? NaN : cell as number) };
    case "Date":
      return {
        kind: "date",
        values: Float64Array.from(cells, (cell) => missing(cell) ? NaN : (cell as Date).getTime()),
      };
    case "boolean":
    case "string":
      return { kind: type, values: cells.map((cell) => missing(cell) ? null : cell) } as Column;
  }
  throw new TypeError(
    `${what}: row ${first} is a ${type}; the values of a column are numbers, strings, booleans or Dates, and null where missing`,
  );
}

function typeName(value: unknown): string {
  return value instanceof Date ? "Date" : typeof value;
}
