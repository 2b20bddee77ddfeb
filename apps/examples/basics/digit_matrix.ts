/** Digits as the rows of a matrix. */
import type { Tensor } from "@heddle/tensor";
import type { Digits } from "../digits/digits.ts";

/** All digits of a set: pixels from 0 (paper) to 1 (ink) as `x` [n, 784], labels as `y` [n] (int32). */
export function digitMatrix(digits: Digits): { x: Tensor; y: Tensor } {
  const [images, y] = digits.getBatch!(Array.from({ length: digits.length }, (_, i) => i)) as [Tensor, Tensor];
  return { x: images.reshape(digits.length, 784), y };
}
