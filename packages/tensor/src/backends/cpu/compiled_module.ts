/** Compiled modules, which the engine and its threads run. */
import type { CodeModule } from "../../code/module.ts";

/**
 * The function that a generated module exports as "run". It processes the items `begin` to `end - 1` of the work that the
 * parameters at the address `params` describe, on thread number `thread`. A worker's run of native code returns true if it needs a
 * function that is not compiled yet; the calling thread then completes it.
 */
export type Run = (params: number, begin: number, end: number, thread: number) => true | void;

/**
 * Generates a module for a target whose vectors have this many bytes: 16 for WebAssembly. It may use tiles if `tiles` is true, which only
 * a module that asks for them sees.
 */
export type BuildModule = (vectorBytes: number, tiles: boolean) => CodeModule;

/** How a module is compiled. */
export interface CompileOptions {
  /** Whether it changes only when `refresh` is called, because runs depend on what earlier ones laid out in memory. */
  readonly keeps?: boolean;
  /** Whether it uses tiles if there are any. Its results then have other bits, so that it is native from the first run on. */
  readonly tiles?: boolean;
}

/** A compiled module. It may change between two runs, from WebAssembly to native code. */
export interface CompiledModule {
  /** Says what the module does; for reports. */
  readonly key: string;
  /** The bytes of the target's vectors. What generated code lays out in memory may depend on it. */
  readonly vectorBytes: number;
  /** Whether its code uses tiles. */
  readonly tiles: boolean;
  readonly id: number;
  readonly run: Run;
  /** What other threads compile: a WebAssembly module, or the record of a native function. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Completes what runs of other threads left, or forgets it; null if runs always complete. */
  readonly settle: ((complete: boolean) => void) | null;
}

/**
 * JavaScript functions that generated code may import from `env`, by name. They take and return float64. Workers receive them as
 * source text, so they may use only their parameters, globals, and (if declared with `function`) each other. If a function uses
 * anything else, everything runs on one thread.
 */
export type HostFunctions = Readonly<Record<string, (...args: number[]) => number>>;
