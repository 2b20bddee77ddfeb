import type { Generator } from "@heddle/tensor";

/**
 * Decides which samples are loaded, and in which order (PyTorch's `Sampler`). Each iteration is one epoch.
 *
 * A random sampler draws everything when the iteration starts, from the generator that it exposes as `generator`. A
 * loader can therefore resume an epoch in the middle by resetting that generator and skipping the batches that were
 * done.
 */
export interface Sampler<I = number> extends Iterable<I> {
  /** Number of items in an epoch. */
  readonly length: number;
  /** The source of randomness, if there is one. */
  readonly generator?: Generator | undefined;
}

/** @throws unless `value` is a positive integer */
export function checkPositive(where: string, name: string, value: number): void {
  if (Number.isInteger(value) && value > 0) return;
  throw new RangeError(`${where}: ${name} must be a positive integer, got ${value}.`);
}
