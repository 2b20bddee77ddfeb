import type { Tensor } from "@heddle/tensor";

/** Shifts and scales images by the mean and standard deviation of MNIST's training images. */
export function normalise(images: Tensor): Tensor {
  return images.sub(0.1307).div(0.3081);
}
