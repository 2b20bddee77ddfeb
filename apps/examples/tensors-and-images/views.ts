/** What can be done to a picture through views of it: no pixel is copied, all of them see the same memory. */
import type { Tensor } from "@heddle/tensor";

/** The picture [3, height, width] with rows and columns exchanged, as a view [3, width, height]. */
export function exchanged(picture: Tensor): Tensor {
  return picture.transpose(1, 2);
}

/** Makes a colour (0 red, 1 green, 2 blue) of a picture [3, height, width] zero, through a view of its plane. */
export function kill(picture: Tensor, colour: 0 | 1 | 2): void {
  picture.at(colour).zero_();
}

/** Shape, strides and offset: what a view has of its own. */
export function layout({ shape, strides, storageOffset }: Tensor): string {
  return `shape [${shape.join(", ")}], strides [${strides.join(", ")}], offset ${storageOffset}`;
}
