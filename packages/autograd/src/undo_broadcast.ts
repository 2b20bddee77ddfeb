/** Reduces gradients to the shape and dtype of their values: the only place where broadcasting is undone. */
import type { Tensor } from "@heddle/tensor";
import type { ValueMeta } from "./node.ts";

/** Whether a gradient is summed over broadcast dimensions, and therefore rounded after the sum. */
export function isSummed({ shape, ndim }: Tensor, meta: ValueMeta): boolean {
  return ndim !== meta.shape.length || shape.some((size, d) => size !== meta.shape[d]);
}

/** A gradient in the shape and dtype of its value: summed over broadcast dimensions, and cast back after promotion. */
export function toMeta(gradient: Tensor, meta: ValueMeta): Tensor {
  let result = gradient;
  const { shape } = meta;
  const lead = result.ndim - shape.length;
  if (lead >= 0) {
    const repeated = result.shape.map((_, d) => d).filter((d) =>
      d < lead || (shape[d - lead] === 1 && result.shape[d] !== 1)
    );
    if (repeated.length > 0) result = result.sum(repeated, { keepdim: true });
    if (lead > 0) result = result.reshape(shape);
  }
  // A gradient with fewer elements (a constant, say) is expanded.
  if (result.ndim !== shape.length || result.shape.some((size, d) => size !== shape[d])) result = result.expand(shape);
  return result.to(meta.dtype);
}
