/** Sees dispatches: prints them, as `HEDDLE_DEBUG` asks, or lets a profiler time them. */
import type { Device } from "../device.ts";
import { debugLevel } from "../env.ts";
import { showExpr } from "../ir/kernel.ts";
import { showRows, type Work } from "../ir/rows.ts";
import { showShape } from "../shape.ts";

let level: number | null = null;

/** The debug level, read once. */
export function debug(): number {
  return level ??= debugLevel();
}

/**
 * Sees every dispatch, and runs it.
 *
 * @param operation the name of the operation, as in `memory()`.
 * @param work what runs: shapes, dtypes, the expression.
 * @param run dispatches the work. It must be called once, and at once.
 */
export type DispatchWatch = (operation: string, device: Device, work: Work, run: () => void) => void;

/** Null: nobody watches. Undefined: `HEDDLE_DEBUG` was not read yet. */
let watch: DispatchWatch | null | undefined;

/** What sees dispatches; null, as in most programs, if nothing does. */
export function dispatchWatch(): DispatchWatch | null {
  return watch !== undefined ? watch : watch = debug() === 0 ? null : logDispatch;
}

/** Lets a function see dispatches, and returns the one before it, which it should call in its turn and put back at the end. */
export function setDispatchWatch(next: DispatchWatch | null): DispatchWatch | null {
  const before = dispatchWatch();
  watch = next;
  return before;
}

/** Runs a dispatch and prints it: at level 1 its name, at 2 also shapes and time, at 3 also the expression. */
function logDispatch(operation: string, device: Device, work: Work, run: () => void): void {
  const detail = debug();
  const begin = performance.now();
  run();
  let line = `heddle ${device.name} ${operation}`;
  if (detail >= 2) {
    const shapes = work.kind !== "routine"
      ? showShape(work.shape)
      : work.inputs.map((input) => showShape(input.shape)).join(" ");
    line += ` ${shapes} ${((performance.now() - begin) * 1000).toFixed(0)}µs`;
  }
  if (detail >= 3 && work.kind === "rows") line += ` ${showRows(work)}`;
  if (detail >= 3 && work.kind === "kernel") line += ` ${work.reduce?.op ?? ""} ${showExpr(work.expr)}`;
  console.error(line);
}
