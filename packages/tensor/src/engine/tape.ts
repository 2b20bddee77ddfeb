/** Where automatic differentiation plugs in. `@heddle/autograd` installs the engine; without it tensors work alone. */
import type { Scalar } from "../dtype.ts";
import type { Expr } from "../ir/kernel.ts";
import type { Operand } from "../tensor/core.ts";
import type { Attrs, Prim } from "../prims/attrs.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Options of `backward`. */
export interface BackwardOptions {
  /** Keep what the graph saved, so that backward can run again. */
  readonly retainGraph?: boolean;
  /** Record the backward pass too, for higher derivatives. */
  readonly createGraph?: boolean;
}

/** The engine, as this package calls it. */
export interface Tape {
  /** Whether operations are being recorded. */
  readonly enabled: boolean;
  /** A primitive ran out of place. Called only when some input has a slot. */
  record<P extends Prim>(prim: P, inputs: readonly Operand[], attrs: Attrs[P], outputs: readonly Tensor[]): void;
  /** A fused expression of tensors (its inputs by number) and numbers ran. Called only when some input has a slot. */
  recordExpression(
    name: string,
    tensors: readonly Tensor[],
    scalars: readonly Scalar[],
    expr: Expr,
    output: Tensor,
  ): void;
  /** Whether an in-place write of a value made from `inputs` to `target` becomes part of the history; throws where it may not. */
  recordsWrite(operation: string, target: Tensor, inputs: readonly Operand[]): boolean;
  /** `value` was written over `target`. */
  wrote(target: Tensor, value: Tensor): void;
  /** Brings the slot of a view up to date after its base changed. */
  refresh(tensor: Tensor): void;
  setRequiresGrad(tensor: Tensor, value: boolean): void;
  retainGrad(tensor: Tensor): void;
  gradFn(tensor: Tensor): { readonly name: string } | null;
  backward(tensor: Tensor, gradient: Tensor | undefined, options: BackwardOptions): void;
  /** A hook on the gradient of a tensor; the answer removes it. */
  registerHook(tensor: Tensor, hook: (gradient: Tensor) => Tensor | void): () => void;
  /** Runs a function without recording. */
  paused<T>(fn: () => T): T;
}

let installed: Tape | null = null;

/** Installs the engine; `@heddle/autograd` calls this when it is imported. */
export function installTape(tape: Tape): void {
  installed = tape;
}

/** The engine, or null. */
export function activeTape(): Tape | null {
  return installed;
}

/** The engine for an operation that needs it. @throws Error that says what to import. */
export function requireTape(operation: string): Tape {
  if (installed === null) {
    throw new Error(
      `${operation}: automatic differentiation is not loaded; add import "@heddle/autograd" to the program`,
    );
  }
  return installed;
}
