/** All environment variables that Heddle reads. */
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

/** `HEDDLE_DEBUG`: 0 prints nothing, 1 every dispatch, 2 also shapes and times, 3 also expressions, 4 also generated code. */
export function debugLevel(): number {
  return integer("HEDDLE_DEBUG", 0, 0);
}

/** `HEDDLE_DEVICE`: the name of the default device, or undefined. */
export function deviceName(): string | undefined {
  return environmentVariable("HEDDLE_DEVICE") || undefined;
}

let fixedThreads = 0;

/** Fixes the number of threads of the CPU backend, whatever `HEDDLE_THREADS` says: for workers, before their first tensor. */
export function fixThreads(count: number): void {
  fixedThreads = count;
}

/** `HEDDLE_THREADS`: the number of threads of the CPU backend; 0 means one per core. */
export function threadCount(): number {
  return fixedThreads || integer("HEDDLE_THREADS", 0, 0);
}

/** `HEDDLE_DATA`: the folder for downloaded data sets, or undefined for the user's cache folder. */
export function dataFolder(): string | undefined {
  return environmentVariable("HEDDLE_DATA") || undefined;
}

/** `HEDDLE_HUB`: the address of the server that pretrained models come from, or undefined for Hugging Face's. */
export function hubAddress(): string | undefined {
  return environmentVariable("HEDDLE_HUB") || undefined;
}

/**
 * `HEDDLE_MEMORY_BUDGET`: bytes (set in MiB) that may accumulate outside scopes without a turn of the event loop before Heddle
 * warns; 0 never warns.
 */
export function memoryBudget(): number {
  return integer("HEDDLE_MEMORY_BUDGET", 1024, 0) * 2 ** 20;
}

/**
 * `HEDDLE_POISON`: 1 fills memory of the device `cpu` with NaN when it is allocated and when it is freed, so that reads of
 * unwritten or freed memory show; 0 is off.
 */
export function poisonsMemory(): boolean {
  return integer("HEDDLE_POISON", 0, 0) > 0;
}
