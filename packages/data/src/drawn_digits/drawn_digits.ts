import { checkOptions } from "@heddle/tensor/engine";
import { type ImageOptions, LabelledImages } from "../images/labelled_images.ts";
import { drawDigits } from "./draw.ts";

/** Options of {@link DrawnDigits}. */
export interface DrawnDigitsOptions extends ImageOptions {
  /** Training pictures (default) or test pictures; the two are disjoint. */
  train?: boolean;
  /** Number of pictures (default 10,000 for training, 2,000 for testing). */
  size?: number;
  /** Any integer; each gives other pictures (default 0). */
  seed?: number;
}

/** A larger size is a mistake that would show late, since every digit is drawn. */
const mostDigits = 2 ** 20;

/**
 * Pictures of digits that the package draws itself, so that examples run with no file and no network. They look like
 * MNIST's (28×28, white on black, centred, in many handwritings) and are about as hard. The same seed gives the same
 * pictures on every machine, and a larger set starts with the smaller one. 60,000 take one or two seconds.
 *
 * A sample is [float32 picture [1, 28, 28] from 0 to 1, label].
 *
 * @example
 * ```ts
 * import { DrawnDigits } from "@heddle/data";
 *
 * const train = new DrawnDigits({ size: 1000 });
 * const test = new DrawnDigits({ train: false, size: 200 });
 * console.log(train.images.shape, test.get(0)[1]);
 * ```
 */
export class DrawnDigits extends LabelledImages {
  /** @throws when the size is no integer from 0 to 2^20, or the seed no integer below 2^52 */
  constructor(options: DrawnDigitsOptions = {}) {
    checkOptions("DrawnDigits", options, ["train", "size", "seed", "transform", "generator"]);
    const { train = true, size = train ? 10_000 : 2_000, seed = 0, transform, generator } = options;
    if (!Number.isInteger(size) || size < 0 || size > mostDigits) {
      throw new RangeError(`DrawnDigits: size must be an integer from 0 to ${mostDigits}, got ${size}.`);
    }
    if (!Number.isSafeInteger(2 * seed)) {
      throw new RangeError(`DrawnDigits: seed must be an integer between -2^52 and 2^52, got ${seed}.`);
    }
    // Even seeds of the drawing are for training, odd ones for testing.
    super({
      ...drawDigits(size, train ? 2 * seed : 2 * seed + 1),
      imageShape: [28, 28],
      classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
      transform,
      generator,
      name: "DrawnDigits",
    });
  }
}
