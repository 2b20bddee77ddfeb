/** Shows lists of records as tables, on a terminal and on the page of a run. */
import { textTable } from "./table.ts";

/** The value as a list of records, or null if it is something else. */
export function recordsOf(value: unknown): Record<string, unknown>[] | null {
  return Array.isArray(value) && value.length > 0 && value.every(isRecord) ? value : null;
}

/** The names of all records, in order of first occurrence. */
export function namesOf(records: readonly object[]): string[] {
  return [...new Set(records.flatMap((record) => Object.keys(record)))];
}

/** Records as a table of text, one line each. */
export function recordTable(records: readonly object[]): string {
  const names = namesOf(records);
  const cells = records.map((record) => {
    const values = new Map(Object.entries(record));
    return names.map((name) => values.has(name) ? figureText(values.get(name)) : "");
  });
  return textTable(names.map(spaced), cells);
}

/** `testErrorPercent` in words: `test error percent`. */
export function spaced(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** A figure as text. Long lists are abbreviated in the middle, and of a matrix its size is shown. */
export function figureText(value: unknown): string {
  if (Array.isArray(value)) {
    const columns = value.length > 1 && value.every(Array.isArray) ? (value[0] as unknown[]).length : 0;
    if (columns > 0 && value.every((row) => row.length === columns)) return `${value.length} × ${columns} matrix`;
    const shown = value.map(figureText);
    return shown.length > 12 ? [...shown.slice(0, 4), "…", ...shown.slice(-7)].join(", ") : shown.join(", ");
  }
  if (typeof value === "number") {
    return Number.isInteger(value) ? value.toLocaleString("en-US") : String(+value.toPrecision(4));
  }
  if (isRecord(value)) {
    return Object.entries(value).map(([name, each]) => `${spaced(name)} ${figureText(each)}`).join("; ");
  }
  return value === null || value === undefined ? "–" : String(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
