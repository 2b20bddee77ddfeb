import { defaultGenerator, type Generator, isFloat, oneHot, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { Draws } from "./random_draws.ts";

/** Options of {@link MixUp} and {@link CutMix}. */
export interface MixOptions {
  /** Number of classes, the width of the soft labels. */
  numClasses: number;
  /** Both parameters of the Beta distribution for the share of the first picture (default 1: uniform). */
  alpha?: number;
}

/** Mixes each picture of a batch with the one before it, and the first with the last. One share is drawn per batch. */
export abstract class Mix {
  private readonly name: string;
  private readonly numClasses: number;
  private readonly alpha: number;

  constructor(name: string, options: MixOptions) {
    checkOptions(name, options, ["numClasses", "alpha"]);
    const { numClasses, alpha = 1 } = options;
    if (!(Number.isInteger(numClasses) && numClasses > 0)) {
      throw new RangeError(`${name}: numClasses must be a positive integer, got ${numClasses}.`);
    }
    if (!(alpha > 0 && alpha < Infinity)) throw new RangeError(`${name}: alpha must be positive, got ${alpha}.`);
    this.name = name;
    this.numClasses = numClasses;
    this.alpha = alpha;
  }

  /**
   * The mixed pictures [N, C, H, W] and their labels as probabilities [N, numClasses], which `crossEntropy` takes.
   *
   * @param images a float batch
   * @param labels integer classes [N]
   * @throws when the shapes do not belong together, the pictures are not float, or a label is out of range
   */
  apply(images: Tensor, labels: Tensor, generator: Generator = defaultGenerator): [images: Tensor, targets: Tensor] {
    const { name, numClasses } = this;
    if (
      images.ndim !== 4 || !isFloat(images.dtype) || labels.ndim !== 1 || isFloat(labels.dtype)
    ) {
      throw new Error(
        `${name}: expected float pictures [N, C, H, W] and integer labels [N], got ${images.dtype} ` +
          `[${images.shape.join(", ")}] and ${labels.dtype} [${
            labels.shape.join(", ")
          }]. It goes after the loader, on batches.`,
      );
    }
    if (images.shape[0] !== labels.shape[0]) {
      throw new Error(`${name}: ${images.shape[0]} pictures and ${labels.shape[0]} labels do not belong together.`);
    }
    const draws = new Draws(generator, 16);
    const [mixed, share] = this.mix(images, betaOf(this.alpha, draws), draws);
    const own = oneHot(labels, numClasses).to(images.dtype);
    return [mixed, own.mul(share).add(own.roll(1, 0).mul(1 - share))];
  }

  /** The mixed pictures, and the share of the first of each pair. */
  protected abstract mix(images: Tensor, share: number, draws: Draws): [mixed: Tensor, share: number];
}

/**
 * Weighted means of pairs of pictures, and of their labels (mixup, Zhang et al. 2018; torchvision's `MixUp`). For batches, in
 * the training loop.
 *
 * @example
 * ```ts
 * import { DataLoader, DrawnDigits, MixUp } from "@heddle/data";
 *
 * const mixUp = new MixUp({ numClasses: 10, alpha: 0.2 });
 * for (const [images, labels] of new DataLoader(new DrawnDigits({ size: 64 }), { batchSize: 32 })) {
 *   const [mixed, targets] = mixUp.apply(images, labels);
 *   console.log(mixed.shape, targets.shape); // [ 32, 1, 28, 28 ] [ 32, 10 ]
 * }
 * ```
 */
export class MixUp extends Mix {
  /** @throws unless `numClasses` is a positive integer and `alpha` positive */
  constructor(options: MixOptions) {
    super("MixUp", options);
  }

  protected mix(images: Tensor, share: number): [mixed: Tensor, share: number] {
    return [images.mul(share).add(images.roll(1, 0).mul(1 - share)), share];
  }
}

/**
 * Puts a rectangle of one picture into another, and mixes their labels by area (Yun et al. 2019; torchvision's
 * `CutMix`). The rectangle's position is uniform; parts outside the picture are cut off. For batches, in the training
 * loop.
 *
 * @example
 * ```ts
 * import { CutMix } from "@heddle/data";
 * import { rand, randint } from "@heddle/tensor";
 *
 * const [mixed, targets] = new CutMix({ numClasses: 10 }).apply(rand([8, 3, 32, 32]), randint(0, 10, [8]));
 * console.log(mixed.shape, targets.sum(1).toArray()); // [ 8, 3, 32, 32 ], eight times 1
 * ```
 */
export class CutMix extends Mix {
  /** @throws unless `numClasses` is a positive integer and `alpha` positive */
  constructor(options: MixOptions) {
    super("CutMix", options);
  }

  protected mix(images: Tensor, share: number, draws: Draws): [mixed: Tensor, share: number] {
    const [height, width] = images.shape.slice(2) as [number, number];
    const half = 0.5 * Math.sqrt(1 - share);
    const [x, y] = [draws.below(width), draws.below(height)];
    const [halfWidth, halfHeight] = [Math.floor(half * width), Math.floor(half * height)];
    const [left, top] = [Math.max(0, x - halfWidth), Math.max(0, y - halfHeight)];
    const w = Math.min(width, x + halfWidth) - left;
    const h = Math.min(height, y + halfHeight) - top;
    const mixed = images.clone();
    if (w > 0 && h > 0) {
      const window = (t: Tensor): Tensor => t.narrow(2, top, h).narrow(3, left, w);
      window(mixed).copy_(window(images.roll(1, 0)));
    }
    return [mixed, 1 - w * h / (width * height)];
  }
}

/** From the Beta distribution of two equal parameters: the share of one of two numbers of the Gamma distribution. */
export function betaOf(alpha: number, draws: Draws): number {
  if (alpha === 1) return draws.uniform();
  const [x, y] = [gammaOf(alpha, draws), gammaOf(alpha, draws)];
  // Both may vanish for small parameters; then one of them has it all.
  return x + y > 0 ? x / (x + y) : draws.below(2);
}

/** From the Gamma distribution (Marsaglia and Tsang 2000, "A simple method for generating gamma variables"). */
export function gammaOf(shape: number, draws: Draws): number {
  // Their note for shapes below 1: one above, times a power of a uniform number.
  if (shape < 1) return gammaOf(shape + 1, draws) * (1 - draws.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = draws.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - draws.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
