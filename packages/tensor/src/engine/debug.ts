/** What `HEDDLE_DEBUG` prints about dispatches. */
import { debugLevel } from "../env.ts";
import { showExpr } from "../ir/kernel.ts";
import { showRows, type Work } from "../ir/rows.ts";
import { showShape } from "../shape.ts";

let level: number | null = null;

/** The level, read once. */
export function debug(): number {
  return level ??= debugLevel();
}

/** Runs a dispatch and prints it as the level asks: 1 its name, 2 shapes and time, 3 the expression. */
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
