/** New tensors with the memory layout of others. */
import { empty, type Tensor, zeros } from "@heddle/tensor";

/**
 * A new tensor whose dimensions have the same order in memory as those of `x`, so that split heads can be joined without a copy; the last
 * is the innermost. Contiguous where `x` has another rank or is expanded.
 *
 * @param filled with zeros; otherwise the memory is uninitialised.
 */
export function lyingAs(x: Tensor, shape: readonly number[], filled = false): Tensor {
  const options = { dtype: x.dtype, device: x.device };
  const make = filled ? zeros : empty;
  const last = shape.length - 1;
  if (x.ndim !== shape.length || x.strides.slice(0, -1).some((stride, d) => stride === 0 && shape[d] !== 1)) {
    return make(shape, options);
  }
  const order = shape.map((_, d) => d).slice(0, -1).sort((a, b) => x.strides[b]! - x.strides[a]! || a - b);
  const dims = [...order, last];
  return make(dims.map((d) => shape[d]!), options).permute(...shape.map((_, d) => dims.indexOf(d)));
}
