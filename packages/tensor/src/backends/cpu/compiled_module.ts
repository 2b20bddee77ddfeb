/** What the engine and its threads run: compiled modules. */

/**
 * The function that a generated module exports as "run": does the items `begin` to `end - 1` of the work that `params` (an address)
 * describes, on thread number `thread`.
 */
export type Run = (params: number, begin: number, end: number, thread: number) => void;

/** A compiled module. */
export interface CompiledModule {
  readonly id: number;
  readonly run: Run;
  /** The module, for the other threads. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * JavaScript functions that generated code may import from `env`, by name: float64 in, float64 out. Workers get them as source text, so
 * they may use their parameters, globals, and (where declared with `function`) each other, nothing else. Where that does not hold,
 * everything runs on one thread.
 */
export type HostFunctions = Readonly<Record<string, (...args: number[]) => number>>;
