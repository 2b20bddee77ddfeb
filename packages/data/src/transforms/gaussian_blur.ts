import { type Generator } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { beyond } from "./border.ts";
import { Draws } from "./random_draws.ts";
import { gaussianKernel } from "./gaussian.ts";
import { checkRange, type Range, type Size, sizeOf } from "./parameters.ts";
import { type Pictures } from "./pictures.ts";
import { PictureTransform } from "./picture_transform.ts";
import { roundHalfEven } from "./resample.ts";

/**
 * Blurs pictures with a Gaussian of random standard deviation, drawn for each picture (torchvision's `GaussianBlur`).
 * Pictures are mirrored at their edges.
 *
 * @example
 * ```ts
 * import { GaussianBlur } from "@heddle/data";
 * import { rand } from "@heddle/tensor";
 *
 * console.log(new GaussianBlur(5, { sigma: [0.5, 1.5] }).apply(rand([3, 32, 32])).shape); // [ 3, 32, 32 ]
 * ```
 */
export class GaussianBlur extends PictureTransform {
  protected readonly name: string = "GaussianBlur";
  private readonly size: [height: number, width: number];
  private readonly sigma: Range;

  /**
   * @param kernelSize odd; one number, or height and width
   * @param options `sigma`: standard deviation in pixels, or its range (default [0.1, 2])
   * @throws when a size is even, a deviation not positive, or the range is not ascending
   */
  constructor(kernelSize: Size, options: { sigma?: number | Range } = {}) {
    super();
    checkOptions(this.name, options, ["sigma"]);
    this.size = sizeOf(this.name, "kernelSize", kernelSize);
    if (this.size.some((size) => size % 2 === 0)) {
      throw new RangeError(`GaussianBlur: kernelSize must be odd, got ${this.size.join("×")}.`);
    }
    const { sigma = [0.1, 2] } = options;
    this.sigma = checkRange(this.name, "sigma", typeof sigma === "number" ? [sigma, sigma] : sigma, { min: 1e-6 });
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    const { data, count, channels, height, width } = pictures;
    const area = height * width;
    const draws = new Draws(generator, count);
    const between = new Float64Array(area);
    const sums = new Float64Array(width);
    const [reachY, reachX] = [(this.size[0] - 1) / 2, (this.size[1] - 1) / 2];
    if (reachY >= height || reachX >= width) {
      throw new RangeError(
        `GaussianBlur: a kernelSize of ${
          this.size.join("×")
        } is too large for pictures of ${height}×${width}, whose mirror ` +
          `images end there; at most ${2 * height - 1}×${2 * width - 1} is possible.`,
      );
    }
    const line = new Float64Array(width + 2 * reachX);
    // Where the pixels of a widened row and a widened column come from.
    const columns = Int32Array.from(line, (_, x) => beyond(this.name, "reflect", x - reachX, width));
    const rows = Int32Array.from({ length: height + 2 * reachY }, (_, y) => {
      return beyond(this.name, "reflect", y - reachY, height);
    });
    const whole = data instanceof Uint8Array;
    for (let i = 0; i < count; i++) {
      const sigma = draws.between(...this.sigma);
      const [down, across] = this.size.map((size) => gaussianKernel(size, sigma)) as [Float64Array, Float64Array];
      for (let plane = i * channels * area; plane < (i + 1) * channels * area; plane += area) {
        for (let y = 0; y < height; y++) {
          const row = plane + y * width;
          for (let x = 0; x < line.length; x++) line[x] = data[row + columns[x]!]!;
          for (let x = 0; x < width; x++) {
            let sum = 0;
            for (let k = 0; k < across.length; k++) sum += across[k]! * line[x + k]!;
            between[y * width + x] = sum;
          }
        }
        for (let y = 0; y < height; y++) {
          sums.fill(0);
          for (let k = 0; k < down.length; k++) {
            const weight = down[k]!;
            const row = rows[y + k]! * width;
            for (let x = 0; x < width; x++) sums[x]! += weight * between[row + x]!;
          }
          const row = plane + y * width;
          for (let x = 0; x < width; x++) data[row + x] = whole ? roundHalfEven(sums[x]!) : sums[x]!;
        }
      }
    }
    return pictures;
  }
}
