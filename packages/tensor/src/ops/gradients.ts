/** Gradients of a tensor, through the tape of `@heddle/autograd`. */
import { activeTape, type BackwardOptions, requireTape } from "../engine/tape.ts";
import { freedError, internals } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";

export function requiresGrad(x: Tensor): boolean {
  const self = internals(x);
  if (self.source !== null) activeTape()?.refresh(x);
  return self.slot !== null && self.slot.requiresGrad;
}

export function setRequiresGrad(x: Tensor, value: boolean): void {
  if (x.isDisposed) throw freedError(x, "requiresGrad");
  if (typeof value !== "boolean") {
    throw new TypeError(`requiresGrad: ${String(value)} is neither true nor false`);
  }
  if (value !== requiresGrad(x)) requireTape("requiresGrad").setRequiresGrad(x, value);
}

export function requiresGrad_(x: Tensor, value = true): Tensor {
  setRequiresGrad(x, value);
  return x;
}

export function isLeaf(x: Tensor): boolean {
  const { slot } = internals(x);
  return slot === null || slot.isLeaf;
}

export function gradFn(x: Tensor): { readonly name: string } | null {
  return activeTape()?.gradFn(x) ?? null;
}

export function backward(x: Tensor, gradient?: Tensor, options: BackwardOptions = {}): void {
  requireTape("backward").backward(x, gradient, options);
}

export function retainGrad(x: Tensor): void {
  requireTape("retainGrad").retainGrad(x);
}

export function registerHook(x: Tensor, hook: (gradient: Tensor) => Tensor | void): () => void {
  return requireTape("registerHook").registerHook(x, hook);
}
