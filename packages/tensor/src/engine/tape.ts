/** The interface of automatic differentiation. `@heddle/autograd` implements and installs it; tensors work without it. */
import type { Scalar } from "../dtype.ts";
import type { Expr } from "../ir/kernel.ts";
import type { Operand } from "../tensor/core.ts";
import type { Attrs, Prim } from "../prims/attrs.ts";
import { activeRecorder } from "./recorder.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Options of `backward`. */
export interface BackwardOptions {
  /** Keep what the graph saved, so that backward can run again. */
  readonly retainGraph?: boolean;
  /** Record the backward pass too, for higher derivatives. */
  readonly createGraph?: boolean;
}

/** The interface of the autograd engine. */
export interface Tape {
  /** Whether operations are being recorded. */
  readonly enabled: boolean;
  /** Whether none are because the program asked for it (`noGrad`), rather than within a recorded function or a backward pass. */
  readonly evaluates: boolean;
  /** Records a primitive that ran out of place. Called only if some input has a slot. */
  record<P extends Prim>(prim: P, inputs: readonly Operand[], attrs: Attrs[P], outputs: readonly Tensor[]): void;
  /**
   * Records a fused expression of tensors (its inputs, by index) and numbers. Called only if some input has a slot. With `total`, the
   * output is the sum of all elements over a divisor.
   */
  recordExpression(
    name: string,
    tensors: readonly Tensor[],
    scalars: readonly Scalar[],
    expr: Expr,
    output: Tensor,
    total?: { readonly divisor: number },
  ): void;
  /** Whether an in-place write to `target` of a value computed from `inputs` must be recorded. Throws if the write is not allowed. */
  recordsWrite(operation: string, target: Tensor, inputs: readonly Operand[]): boolean;
  /** Records that `value` was written to `target`. */
  wrote(target: Tensor, value: Tensor): void;
  /** Updates the slot of a view after its base changed. */
  refresh(tensor: Tensor): void;
  setRequiresGrad(tensor: Tensor, value: boolean): void;
  retainGrad(tensor: Tensor): void;
  gradFn(tensor: Tensor): { readonly name: string } | null;
  backward(tensor: Tensor, gradient: Tensor | undefined, options: BackwardOptions): void;
  /** Registers a hook on the gradient of a tensor. Returns a function that removes it. */
  registerHook(tensor: Tensor, hook: (gradient: Tensor) => Tensor | void): () => void;
  /** Runs a function without recording. */
  paused<T>(fn: () => T): T;
}

let installed: Tape | null = null;

/** Installs the autograd engine. `@heddle/autograd` calls this on import. */
export function installTape(tape: Tape): void {
  installed = tape;
}

/** The installed engine, or null. */
export function activeTape(): Tape | null {
  return installed;
}

/**
 * Whether what is prepared from the values of a lasting tensor may be kept for later operations: no gradients are computed or recorded.
 * Recordings have the preparation too.
 */
export function keepsPrepared(): boolean {
  return activeRecorder() === null && (installed === null || installed.evaluates);
}

/** The engine, for an operation that needs it. @throws Error with the import that is missing. */
export function requireTape(operation: string): Tape {
  if (installed === null) {
    throw new Error(
      `${operation}: automatic differentiation is not loaded; add import "@heddle/autograd" to the program`,
    );
  }
  return installed;
}
