/** A recording of what reaches a backend during a step: buffers, and the dispatches on them. Plain data, which passes rewrite. */
import type { Backend, Program } from "../../backend.ts";
import type { Scalar } from "../../dtype.ts";

/**
 * What a buffer of a recording is:
 * - `input`: holds an argument of the step, and is written before each run;
 * - `outer`: lives outside the step, such as a parameter, the state of an optimiser or a constant; pinned by the capture;
 * - `output`: returned, or reachable after the step, such as a gradient that is kept;
 * - `inner`: made and freed within the step. Nobody sees its contents afterwards.
 */
export type CapturedRole = "input" | "outer" | "output" | "inner";

/** A buffer of a recording. */
export interface CapturedBuffer {
  /** A number within the recording. */
  readonly id: number;
  /** The size. */
  readonly bytes: number;
  readonly role: CapturedRole;
}

/** A buffer, and the index of the operand's first element in it. */
export interface CapturedBinding {
  readonly buffer: CapturedBuffer;
  readonly offset: number;
  /** As in `Binding`. */
  readonly lasting?: boolean;
}

/** A number of a dispatch: fixed, or a function that is called before each run. */
export type CapturedScalar = Scalar | (() => Scalar);

/** One dispatch. Passes may read its work (`program.work`), and prepare other work for it (`backend.prepare`). */
export interface CapturedStep {
  /** The operation's name, as in `memory()`. */
  readonly operation: string;
  readonly program: Program;
  readonly inputs: readonly CapturedBinding[];
  /** What is written. An update reads its outputs, too: sources of a row kernel say so. */
  readonly outputs: readonly CapturedBinding[];
  readonly scalars: readonly CapturedScalar[];
}

/** A recording. */
export interface Captured {
  readonly buffers: readonly CapturedBuffer[];
  /** In the order in which they ran. */
  readonly steps: readonly CapturedStep[];
}

/** Turns a recording into another one with the same outputs, and the same writes to outer buffers. */
export interface Pass {
  /** The name in options and reports. */
  readonly name: string;
  /** The new recording. A pass that changes nothing returns its argument. */
  run(captured: Captured, backend: Backend): Captured;
}

/** Where buffers of a recording lie in one arena. */
export interface MemoryPlan {
  /** The bytes of the arena. */
  readonly bytes: number;
  /** Byte offsets, multiples of 64, by the number of an inner or output buffer. */
  readonly offsets: ReadonlyMap<number, number>;
}
