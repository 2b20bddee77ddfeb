/** Prints dispatches, as `HEDDLE_DEBUG` asks. */
import { debugLevel } from "../env.ts";
import { showExpr } from "../ir/kernel.ts";
import { showRows, type Work } from "../ir/rows.ts";
import { showShape } from "../shape.ts";

let level: number | null = null;

/** The debug level, read once. */
export function debug(): number {
  return level ??= debugLevel();
}

/** Runs a dispatch and prints it: at level 1 its name, at 2 also shapes and time, at 3 also the expression. */
export function logDispatch(operation: string, device: string, work: Work, run: () => void): void {
  const detail = debug();
  const begin = performance.now();
  run();
  let line = `heddle ${device} ${operation}`;
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
