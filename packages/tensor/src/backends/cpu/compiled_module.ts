/** Compiled modules, which the engine and its threads run. */

/**
 * The function that a generated module exports as "run". It processes the items `begin` to `end - 1` of the work that the
 * parameters at the address `params` describe, on thread number `thread`.
 */
export type Run = (params: number, begin: number, end: number, thread: number) => void;

/** A compiled module. */
export interface CompiledModule {
  readonly id: number;
  readonly run: Run;
  /** The module's bytes, for the other threads. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * JavaScript functions that generated code may import from `env`, by name. They take and return float64. Workers receive them as
 * source text, so they may use only their parameters, globals, and (if declared with `function`) each other. If a function uses
 * anything else, everything runs on one thread.
 */
export type HostFunctions = Readonly<Record<string, (...args: number[]) => number>>;
