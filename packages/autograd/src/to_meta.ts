/** Un-broadcasting, in the one place where it happens. */
import type { Tensor } from "@heddle/tensor";
import type { ValueMeta } from "./node.ts";

/** Whether a gradient is summed over what was repeated: then it is rounded after that. */
export function isSummed({ shape, ndim }: Tensor, meta: ValueMeta): boolean {
  return ndim !== meta.shape.length || shape.some((size, d) => size !== meta.shape[d]);
}

/** A gradient in the shape and dtype of the value it is for: summed over what was repeated, cast back from what was promoted. */
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
  // A rule that answers with less than the whole (a constant, say) is spread over it.
  if (result.ndim !== shape.length || result.shape.some((size, d) => size !== shape[d])) result = result.expand(shape);
  return result.to(meta.dtype);
}
