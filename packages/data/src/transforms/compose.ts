import type { Generator, Tensor } from "@heddle/tensor";
import type { Transform } from "./transform.ts";

/**
 * Transforms one after the other (torchvision's `Compose`). Takes batches if all of them do.
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

  /** @throws when an element is no transform */
  constructor(transforms: readonly Transform[]) {
    transforms.forEach((transform, i) => {
      if (typeof transform?.apply === "function" && "batched" in transform) return;
      throw new Error(
        `Compose: element ${i} (${typeof transform}) is no transform, it has no apply and batched; wrap a function as new Lambda(fn).`,
      );
    });
    this.transforms = [...transforms];
    this.batched = transforms.every((transform) => transform.batched);
  }

  /** Applies them in order. */
  apply(input: Tensor, generator?: Generator): Tensor {
    return this.transforms.reduce((tensor, transform) => transform.apply(tensor, generator), input);
  }
}
