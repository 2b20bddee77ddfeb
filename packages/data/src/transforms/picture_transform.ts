/** The base of transforms that work on pictures in the host's memory. */
import { defaultGenerator, type Generator, type Tensor } from "@heddle/tensor";
import { onPictures, type Pictures } from "./pictures.ts";
import type { Transform } from "./transform.ts";

/**
 * A transform of pictures [C, H, W] or batches [N, C, H, W], in uint8 or float32. Each picture of a batch gets its own
 * random parameters. In a `Compose`, consecutive transforms pass pictures on without creating tensors in between.
 */
export abstract class PictureTransform implements Transform {
  readonly batched: boolean = true;
  /** What errors call it. */
  protected abstract readonly name: string;
  /** Whether the transform computes with colours, which needs float32 from 0 to 1. */
  protected readonly needsFloat: boolean = false;

  /** The transformed pictures, as another tensor. @throws when the tensor is no picture, or of another dtype */
  apply(input: Tensor, generator: Generator = defaultGenerator): Tensor {
    return onPictures(this.name, input, (pictures) => this.applyToPictures(pictures, generator));
  }

  /** The same on the host; overwrites what it is given, or returns others. */
  applyToPictures(pictures: Pictures, generator: Generator): Pictures {
    if (this.needsFloat && !(pictures.data instanceof Float32Array)) {
      throw new Error(`${this.name}: expected a float tensor, got uint8. Put ToTensor before it.`);
    }
    return this.transform(pictures, generator);
  }

  /** What the transform does. */
  protected abstract transform(pictures: Pictures, generator: Generator): Pictures;
}
