/** Operations on an image through views: no pixel is copied, all views share the same memory. */
import type { Tensor } from "@heddle/tensor";

/** The image [3, height, width] with rows and columns exchanged, as a view [3, width, height]. */
export function transposed(picture: Tensor): Tensor {
  return picture.transpose(1, 2);
}

/** Sets a colour (0 red, 1 green, 2 blue) of an image [3, height, width] to zero, through a view of its plane. */
export function clearChannel(picture: Tensor, colour: 0 | 1 | 2): void {
  picture.at(colour).zero_();
}

/** The shape, strides and offset of a view. */
export function layout({ shape, strides, storageOffset }: Tensor): string {
  return `shape [${shape.join(", ")}], strides [${strides.join(", ")}], offset ${storageOffset}`;
}
