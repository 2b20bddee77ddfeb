/** Every environment variable that Heddle reads. */
import { environmentVariable } from "./runtime.ts";

function integer(name: string, fallback: number, least: number): number {
  const text = environmentVariable(name);
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) {
    throw new RangeError(`${name}=${text}: expected an integer of at least ${least}`);
  }
  return value;
}

/** `HEDDLE_DEBUG`: 0 is silent, 1 prints every dispatch, 2 the shapes and times with it, 3 the expressions, 4 generated code. */
export function debugLevel(): number {
  return integer("HEDDLE_DEBUG", 0, 0);
}

/** `HEDDLE_DEVICE`: the default device by name, or undefined. */
export function deviceName(): string | undefined {
  return environmentVariable("HEDDLE_DEVICE") || undefined;
}

/** `HEDDLE_THREADS`: how many threads the CPU backend may use; 0 means as many as there are cores. */
export function threadCount(): number {
  return integer("HEDDLE_THREADS", 0, 0);
}

/** `HEDDLE_DATA`: the folder for downloaded data sets, or undefined for the user's cache. */
export function dataFolder(): string | undefined {
  return environmentVariable("HEDDLE_DATA") || undefined;
}

/** `HEDDLE_MEMORY_BUDGET`: bytes (given in MiB) that may gather outside scopes without a turn of the event loop; 0 never warns. */
export function memoryBudget(): number {
  return integer("HEDDLE_MEMORY_BUDGET", 1024, 0) * 2 ** 20;
}

/**
 * `HEDDLE_POISON`: 1 fills memory of the CPU with NaN when it is handed out and when it is freed, so that reading what was never
 * written, or is no longer there, shows; 0 does not.
 */
export function poisonsMemory(): boolean {
  return integer("HEDDLE_POISON", 0, 0) > 0;
}
