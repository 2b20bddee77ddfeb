import { defaultGenerator, fromTypedArray, type Generator, keep, stack, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { checkIndex, type Dataset } from "../datasets/dataset.ts";
import { tensorOf } from "../transforms/pictures.ts";
import { branch } from "../loader/batch_stream.ts";
import { Compose } from "../transforms/compose.ts";
import { stepsFor } from "../transforms/steps.ts";
import { ToTensor } from "../transforms/to_tensor.ts";
import { type Transform, worksOnHost } from "../transforms/transform.ts";

/** The parts of a {@link LabelledImages}. */
export interface LabelledImagesParts {
  /** Pixels of all pictures, one picture after the other. */
  pixels: Uint8Array;
  /** The class of each picture. */
  labels: ArrayLike<number>;
  /** Sizes of one picture: [height, width] for grey ones, [channels, height, width] for others. */
  imageShape: readonly number[];
  /** Names of the classes. */
  classes: readonly string[];
  /** The transform of the stored uint8 picture when it is read (default: `ToTensor`). */
  transform?: Transform | undefined;
  /** What random transforms draw from without a loader; by default tensor's default generator. */
  generator?: Generator | undefined;
  /** What errors call the set. */
  name?: string;
}

/** Options of data sets of pictures. */
export interface ImageOptions {
  /**
   * The transform of the stored uint8 picture when it is read; as in torchvision it usually starts with `ToTensor`. By
   * default `ToTensor` alone.
   */
  transform?: Transform;
  /**
   * What random transforms draw from when samples are read without a loader (a loader has its own generators); by
   * default tensor's default generator.
   */
  generator?: Generator;
}

/**
 * Pictures in memory, as uint8, each with a class. A sample is the tuple of the transformed picture and its label;
 * untransformed, the picture is float32 of shape [channels, height, width] from 0 to 1. A batch is one copy of its
 * pixels.
 *
 * @example
 * ```ts
 * import { LabelledImages } from "@heddle/data";
 *
 * const pixels = Uint8Array.of(0, 255, 255, 0, 255, 255, 0, 0);
 * const patterns = new LabelledImages({ pixels, labels: [0, 1], imageShape: [2, 2], classes: ["diagonal", "bar"] });
 * const [image, label] = patterns.get(1);
 * console.log(image.toArray(), patterns.classes[label]); // [ [ [ 1, 1 ], [ 0, 0 ] ] ] "bar"
 * ```
 */
export class LabelledImages implements Dataset<[image: Tensor, label: number]> {
  /** Number of pictures. */
  readonly length: number;
  /** Names of the classes; a label is an index into them. */
  readonly classes: readonly string[];
  /** Sizes of one picture as it is stored. */
  readonly imageShape: readonly number[];
  private readonly pixels: Uint8Array;
  private readonly classOf: Int32Array;
  private readonly area: number;
  private readonly generator: Generator | undefined;
  // Whether the transform begins with ToTensor, which is then done while copying, to save a pass.
  private readonly scaled: boolean;
  // Whether pictures [H, W] are read as [1, H, W].
  private readonly addsChannel: boolean;
  private readonly rest: Transform | null;
  private imageTensor: Tensor | null = null;
  private labelTensor: Tensor | null = null;

  /** @throws when the sizes or the transform's layout do not fit, or a label is no class */
  constructor(parts: LabelledImagesParts) {
    checkOptions("LabelledImages", parts, [
      "pixels",
      "labels",
      "imageShape",
      "classes",
      "transform",
      "generator",
      "name",
    ]);
    const { pixels, labels, imageShape, classes, transform, generator, name = "LabelledImages" } = parts;
    this.area = imageShape.reduce((product, size) => product * size, 1);
    if (pixels.length !== labels.length * this.area) {
      throw new Error(
        `${name}: ${pixels.length} pixels are not ${labels.length} pictures of [${imageShape.join(", ")}], one for ` +
          `each label, which would be ${labels.length * this.area}.`,
      );
    }
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i]!;
      if (Number.isInteger(label) && label >= 0 && label < classes.length) continue;
      throw new RangeError(
        `${name}: label ${label} of sample ${i} is out of range for ${classes.length} classes (0 to ${
          classes.length - 1
        }).`,
      );
    }
    this.length = labels.length;
    this.pixels = pixels;
    this.classOf = Int32Array.from(labels);
    this.imageShape = [...imageShape];
    this.classes = [...classes];
    this.generator = generator;
    const layout = imageShape.length === 2 ? "HW" : "CHW";
    const { steps, needsChannel } = stepsFor(transform, layout);
    const first = steps[0];
    // A batch [N, H, W] could silently be taken for one picture of N channels.
    if (first instanceof ToTensor && first.layout.length !== imageShape.length) {
      throw new Error(
        `${name}: ToTensor with layout "${first.layout}" does not fit pictures of [${imageShape.join(", ")}].`,
      );
    }
    this.scaled = first instanceof ToTensor && first.layout === layout;
    this.addsChannel = needsChannel || this.scaled && layout === "HW";
    const left = this.scaled ? steps.slice(1) : steps;
    this.rest = left.length === 0 ? null : left.length === 1 ? left[0]! : new Compose(left);
  }

  /** All pictures as they are stored: uint8 of shape [length, ...imageShape]. Made once; not to be written to. */
  get images(): Tensor {
    return this.imageTensor ??= keep(
      fromTypedArray(this.pixels, [this.length, ...this.imageShape], { dtype: "uint8" }),
    );
  }

  /** All labels: int32 of shape [length]. Made once; not to be written to. */
  get labels(): Tensor {
    return this.labelTensor ??= keep(fromTypedArray(this.classOf, [this.length], { dtype: "int32" }));
  }

  /** The label at `index`, without its picture. */
  label(index: number): number {
    checkIndex("LabelledImages.label", index, this.length);
    return this.classOf[index]!;
  }

  /** The picture at `index`, transformed, and its label. */
  get(index: number, generator?: Generator): [image: Tensor, label: number] {
    return [this.read([index], false, generator), this.label(index)];
  }

  /** Pictures [N, …] and int32 labels [N]. */
  getBatch(indices: readonly number[], generator?: Generator): [images: Tensor, labels: Tensor] {
    const labels = fromTypedArray(Int32Array.from(indices, (i) => this.label(i)), [indices.length]);
    if (this.rest === null || this.rest.batched) return [this.read(indices, true, generator), labels];
    const images = indices.map((index, place) => this.read([index], false, branch(generator, place)));
    const batch = stack(images, 0);
    images.forEach((image) => image.dispose());
    return [batch, labels];
  }

  /** Pictures, transformed: a batch, or a single one. */
  private read(indices: readonly number[], batch: boolean, given: Generator | undefined): Tensor {
    const { rest } = this;
    const generator = given ?? this.generator;
    const data = this.gather(indices);
    const shape = this.addsChannel ? [1, ...this.imageShape] : this.imageShape;
    if (rest !== null && worksOnHost(rest) && shape.length === 3) {
      const [channels, height, width] = shape as [number, number, number];
      const pictures = { data, count: indices.length, channels, height, width };
      return tensorOf(rest.applyToPictures(pictures, generator ?? defaultGenerator), batch);
    }
    const images = fromTypedArray(data, [...(batch ? [indices.length] : []), ...shape]);
    return rest === null ? images : rest.apply(images, generator);
  }

  /** Copies pictures, scaled to float32 if the transform begins with ToTensor. */
  private gather(indices: readonly number[]): Float32Array | Uint8Array {
    const { area, pixels } = this;
    const copy = this.scaled ? new Float32Array(indices.length * area) : new Uint8Array(indices.length * area);
    indices.forEach((index, place) => {
      checkIndex("LabelledImages.get", index, this.length);
      const from = index * area;
      const to = place * area;
      if (copy instanceof Uint8Array) copy.set(pixels.subarray(from, from + area), to);
      else for (let p = 0; p < area; p++) copy[to + p] = SCALED[pixels[from + p]!]!;
    });
    return copy;
  }
}

/** Each uint8 as float32 from 0 to 1. */
const SCALED: Float32Array = Float32Array.from({ length: 256 }, (_, i) => i / 255);
