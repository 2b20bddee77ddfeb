/** A table as text. */
import { type Column, isMissing, textOf } from "./column.ts";
import { clip } from "./near_name.ts";

const MOST_ROWS = 10, MOST_COLUMNS = 20;

function shown(column: Column, row: number): string {
  if (isMissing(column, row)) return "–";
  if (column.kind !== "number") return clip(textOf(column, row).replaceAll("\n", "\\n"));
  const value = column.values[row]!;
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}

/** The first and the last rows, with names and kinds above. */
export function drawTable(columns: ReadonlyMap<string, Column>, length: number): string {
  const half = MOST_ROWS / 2;
  const rows = length <= MOST_ROWS
    ? [...Array(length).keys()]
    : [...Array(half).keys(), null, ...Array.from({ length: half }, (_, i) => length - half + i)];
  const all = [...columns].slice(0, MOST_COLUMNS);
  const cells = [
    ["", ...rows.map((row) => row === null ? "…" : String(row))],
    ...all.map(([name, column]) => [clip(name), ...rows.map((row) => row === null ? "…" : shown(column, row))]),
  ];
  const widths = cells.map((column) => Math.max(...column.map((cell) => cell.length)));
  const lines = Array.from(
    { length: rows.length + 1 },
    (_, line) =>
      cells.map((column, i) =>
        i > 0 && all[i - 1]![1].kind === "string"
          ? column[line]!.padEnd(widths[i]!)
          : column[line]!.padStart(widths[i]!)
      ).join("  ").trimEnd(),
  );
  const more = columns.size - all.length;
  return [...lines, `[${length} rows, ${columns.size} columns${more > 0 ? `, ${more} of them not shown` : ""}]`].join(
    "\n",
  );
}
