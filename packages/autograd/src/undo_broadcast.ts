/** Reduces gradients to the shape and dtype of their values: the only place where broadcasting is undone. */
import type { Tensor } from "@heddle/tensor";
import type { ValueMeta } from "./node.ts";

function sameSizes(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let d = 0; d < a.length; d++) if (a[d] !== b[d]) return false;
  return true;
}

/** Whether a gradient has another shape than its value. */
export function isReshaped({ shape }: Tensor, meta: ValueMeta): boolean {
  return !sameSizes(shape, meta.shape);
}

/** A sum that undoes broadcasting. */
export interface BroadcastSum {
  /** The dimensions along which the value was repeated. */
  readonly dims: readonly number[];
  /** Whether they are kept with size 1; if not, the sum has the shape of the value. */
  readonly keepdim: boolean;
}

/** The sum over the dimensions along which a value was repeated to a shape; null if there are none. */
export function broadcastSum(from: readonly number[], { shape }: ValueMeta): BroadcastSum | null {
  const lead = from.length - shape.length;
  if (lead < 0) return null;
  const dims: number[] = [];
  let keepdim = false;
  for (let d = 0; d < from.length; d++) {
    if (from[d] === 1) keepdim ||= d < lead;
    else if (d < lead) dims.push(d);
    else if (shape[d - lead] === 1) {
      dims.push(d);
      keepdim = true;
    }
  }
  return dims.length === 0 ? null : { dims, keepdim };
}

/** A gradient in the shape and dtype of its value: summed over broadcast dimensions, and cast back after promotion. */
export function toMeta(gradient: Tensor, meta: ValueMeta): Tensor {
  let result = gradient;
  const { shape } = meta;
  if (isReshaped(result, meta)) {
    const sum = broadcastSum(result.shape, meta);
    if (sum !== null) result = result.sum(sum.dims as number[], { keepdim: sum.keepdim });
    if (result.ndim > shape.length) result = result.reshape(shape);
    // A gradient with fewer elements (a constant, say) is expanded.
    if (isReshaped(result, meta)) result = result.expand(shape);
  }
  return result.dtype === meta.dtype ? result : result.to(meta.dtype);
}
