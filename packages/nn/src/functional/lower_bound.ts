/** A lower bound that gradients pass. */
import type { Tensor } from "@heddle/tensor";

/** The larger of x and `least`, with the gradient of x in both cases: PyTorch clamps such values without recording it. */
export function atLeast(x: Tensor, least: number): Tensor {
  // Not x + (clamp(x) − x), which is NaN for infinity.
  return x.add(x.detach().neg().add(least).clamp({ min: 0 }));
}
