import { defaultGenerator, type Generator, type Tensor } from "@heddle/tensor";
import { checkArguments } from "../arguments.ts";
import { onPictures, type Pictures } from "./pictures.ts";
import { type Transform, worksOnHost } from "./transform.ts";

/**
 * Applies transforms in sequence (torchvision's `Compose`). Takes batches if all of them do. Transforms that work on
 * the host pass pictures on without creating tensors in between.
 *
 * @example
 * ```ts
 * import { Compose, DrawnDigits, Normalize, Pad, ToTensor } from "@heddle/data";
 *
 * const transform = new Compose([new ToTensor(), new Pad(2), new Normalize([0.1307], [0.3081])]);
 * console.log(new DrawnDigits({ size: 10, transform }).get(0)[0].shape); // [ 1, 32, 32 ]
 * ```
 */
export class Compose implements Transform {
  /** The transforms, first to last. */
  readonly transforms: readonly Transform[];
  readonly batched: boolean;
  /** Present if all of them have it. */
  readonly applyToPictures?: (pictures: Pictures, generator: Generator) => Pictures;

  /** @throws when an element is no transform */
  constructor(transforms: readonly Transform[]) {
    checkArguments("Compose", arguments, 1);
    transforms.forEach((transform, i) => {
      if (typeof transform?.apply === "function" && "batched" in transform) return;
      throw new Error(
        `Compose: element ${i} (${typeof transform}) is not a transform with apply and batched; wrap a function as new Lambda(fn).`,
      );
    });
    this.transforms = [...transforms];
    this.batched = transforms.every((transform) => transform.batched);
    if (transforms.every(worksOnHost)) {
      this.applyToPictures = (pictures, generator) => inOrder(this.transforms, pictures, generator);
    }
  }

  /** Applies them in order. */
  apply(input: Tensor, generator?: Generator): Tensor {
    let tensor = input;
    for (let i = 0; i < this.transforms.length;) {
      let end = i;
      while (end < this.transforms.length && worksOnHost(this.transforms[end]!)) end++;
      // Other tensors are left to the transform itself.
      const together = end - i > 1 && (tensor.dtype === "float32" || tensor.dtype === "uint8") &&
        (tensor.ndim === 3 || tensor.ndim === 4);
      if (together) {
        const run = this.transforms.slice(i, end);
        tensor = onPictures("Compose", tensor, (pictures) => inOrder(run, pictures, generator ?? defaultGenerator));
        i = end;
      } else tensor = this.transforms[i++]!.apply(tensor, generator);
    }
    return tensor;
  }
}

function inOrder(transforms: readonly Transform[], pictures: Pictures, generator: Generator): Pictures {
  return transforms.reduce((current, transform) => transform.applyToPictures!(current, generator), pictures);
}
