/**
 * The hook of captures: what reaches the backends while a step is recorded, and what the host contributes to it. Nobody pays more than a
 * comparison with null while nothing is recorded.
 */
import type { Binding, Program } from "../../backend.ts";
import type { Scalar } from "../../dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** The memory of a tensor. */
export type CapturedStorage = Tensor["storage"];

/** An operand of a dispatch, as far as captures look at it. */
export interface CapturedOperand {
  readonly storage: CapturedStorage;
}

/** A dispatch that is about to run. */
export interface Dispatch {
  /** The operation's name, as in `memory()`. */
  readonly operation: string;
  readonly device: Tensor["device"];
  readonly program: Program;
  /** Inputs before outputs. */
  readonly operands: readonly CapturedOperand[];
  readonly inputs: readonly Binding[];
  readonly outputs: readonly Binding[];
  readonly scalars: readonly Scalar[];
}

/** A stream of random numbers that a step draws from. */
export interface CapturedStream {
  /** Takes blocks from the stream, and returns the number of the first. */
  take(blocks: number): number;
  /** Goes back to a position. */
  rewind(counter: number): void;
}

/** Sees a step while it is installed. */
export interface CaptureHooks {
  /** Memory was allocated. */
  made(storage: CapturedStorage): void;
  /** The host wrote to memory. */
  wrote(storage: CapturedStorage, byteOffset: number, bytes: Uint8Array): void;
  /** A dispatch is due. Returns whether it is not to run. */
  dispatch(dispatch: Dispatch): boolean;
  /** The host is about to read a tensor. @throws Error if the step cannot depend on it. */
  read(operation: string, tensor: Tensor): void;
  /** Blocks were taken from a stream, from `first` on. */
  drew(stream: CapturedStream, first: number, blocks: number): void;
  /** The gradient of a tensor was replaced. `before` is the one that it had. */
  gradient(tensor: Tensor, before: Tensor | null): void;
  /**
   * Runs an update whose numbers change from step to step. Before each replay the function runs again, without effect on tensors, and gives
   * the numbers of its dispatches. Its argument has the shape, dtype and device of `gradient`. `state` has the numbers that it changes.
   */
  update(gradient: Tensor, state: object, run: (gradient: Tensor) => void): void;
  /** A fused update of these operands is due; `update` is the same object in each of its runs. Returns whether it is not to run. */
  fused(update: object, operands: readonly unknown[]): boolean;
  /** The step depends on what a function returns: when that changes, it is recorded again. `what` names it. */
  depends(what: string, read: () => unknown): void;
  /** Values of a tensor are to be checked: now, and before each replay. */
  check(tensor: Tensor, check: (tensor: Tensor) => void): void;
  /** Runs what the host does in each step, such as counting it; it runs again before each replay. It does nothing with tensors. */
  effect(run: () => void): void;
}

let active: CaptureHooks | null = null;

/** The hooks of the running capture, or null. */
export function activeCapture(): CaptureHooks | null {
  return active;
}

/** Runs a function while hooks see what it does; null for none. */
export function capturingWith<T>(hooks: CaptureHooks | null, fn: () => T): T {
  const before = active;
  active = hooks;
  try {
    return fn();
  } finally {
    active = before;
  }
}
