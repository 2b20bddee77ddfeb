/**
 * Text for people: progress, tables, durations.
 *
 * @module
 */
export { bar, Progress, type ProgressOptions } from "./text/progress.ts";
export { Screen, type Stream } from "./text/screen.ts";
export { type Cell, GrowingTable, textTable } from "./text/table.ts";
export { figureText, namesOf, recordsOf, recordTable, spaced } from "./text/records.ts";
export { duration } from "./text/duration.ts";
