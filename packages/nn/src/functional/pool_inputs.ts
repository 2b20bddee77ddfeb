/** What all pools do to their input: add a batch dimension, and compute in float32. */
import type { Pooled, Tensor } from "@heddle/tensor";
import { showSizes } from "../sizes.ts";

/** An input with a batch dimension; if it is added, `restore` removes it again. */
export function withBatch(
  operation: string,
  x: Tensor,
  dims: number,
): { input: Tensor; restore: (y: Tensor) => Tensor } {
  if (x.ndim === dims + 2) return { input: x, restore: (y) => y };
  if (x.ndim === dims + 1) return { input: x.unsqueeze(0), restore: (y) => y.squeeze(0) };
  const axes = ["L", "H, W", "D, H, W"][dims - 1]!;
  throw new RangeError(
    `${operation}: got an input of shape ${
      showSizes(x.shape)
    }; expected [N, C, ${axes}] or, without a batch, [C, ${axes}]`,
  );
}

/** Maxima of float16 and bfloat16 in float32, as their gradient is summed in several steps. */
export function pooledInFloat32(x: Tensor, pool: (wide: Tensor) => Pooled, returnIndices = false): Tensor | Pooled {
  const { values, indices } = pool(x.float());
  return returnIndices ? { values: values.to(x.dtype), indices } : values.to(x.dtype);
}
