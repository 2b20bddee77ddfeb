import { type DType, isFloat, type Tensor, tensor } from "@heddle/tensor";
import { checkArguments } from "../arguments.ts";
import type { Pictures } from "./pictures.ts";
import { checkDims, type Transform } from "./transform.ts";

/**
 * Subtracts a mean from each channel and divides by a deviation (torchvision's `Normalize`):
 * `output[c] = (input[c] − mean[c]) / std[c]`.
 *
 * Takes float pictures [C, H, W] or batches [N, C, H, W]. A single mean and deviation apply to any number of channels.
 *
 * @example
 * ```ts
 * import { Normalize } from "@heddle/data";
 * import { ones } from "@heddle/tensor";
 *
 * console.log(new Normalize([0.5], [0.25]).apply(ones([1, 1, 2])).toArray()); // [ [ [ 2, 2 ] ] ]
 * ```
 */
export class Normalize implements Transform {
  readonly batched: boolean = true;
  /** Mean of each channel. */
  readonly mean: readonly number[];
  /** Standard deviation of each channel. */
  readonly std: readonly number[];

  /** @throws when the lists are empty, differ in length or hold what is no finite number, or a deviation is not positive */
  constructor(mean: number | readonly number[], std: number | readonly number[]) {
    checkArguments("Normalize", arguments, 2);
    this.mean = typeof mean === "number" ? [mean] : [...mean];
    this.std = typeof std === "number" ? [std] : [...std];
    if (this.mean.length === 0 || this.mean.length !== this.std.length) {
      throw new Error(
        `Normalize: mean and std need one number for each channel, got ${this.mean.length} and ${this.std.length}.`,
      );
    }
    if (!this.mean.every(Number.isFinite) || !this.std.every((s) => s > 0 && s < Infinity)) {
      throw new Error(
        `Normalize: means must be finite and deviations positive, got [${this.mean.join(", ")}] and [${
          this.std.join(", ")
        }].`,
      );
    }
  }

  /** @throws when the input is not float, or has another number of channels */
  apply(input: Tensor): Tensor {
    checkDims("Normalize", input, 3, "[C, H, W] or [N, C, H, W]");
    this.check(input.dtype, input.shape[input.ndim - 3]!, input.shape);
    // Plain numbers broadcast without an extra tensor.
    if (this.mean.length === 1) return input.sub(this.mean[0]!).div(this.std[0]!);
    const perChannel = (values: readonly number[]): Tensor =>
      tensor(values.map((value) => [[value]]), { dtype: input.dtype, device: input.device });
    const mean = perChannel(this.mean);
    const std = perChannel(this.std);
    const output = input.sub(mean).div(std);
    mean.dispose();
    std.dispose();
    return output;
  }

  /** The same on the host, to the same bits. */
  applyToPictures(pictures: Pictures): Pictures {
    const { count, channels, height, width } = pictures;
    const data = pictures.data as Float32Array;
    this.check(data instanceof Float32Array ? "float32" : "uint8", channels, [count, channels, height, width]);
    for (let plane = 0; plane < count * channels; plane++) {
      const c = this.mean.length === 1 ? 0 : plane % channels;
      const [mean, std] = [Math.fround(this.mean[c]!), Math.fround(this.std[c]!)];
      const end = (plane + 1) * height * width;
      // Rounded after each step, as float32 arithmetic does.
      for (let p = plane * height * width; p < end; p++) data[p] = Math.fround(data[p]! - mean) / std;
    }
    return pictures;
  }

  private check(dtype: DType, channels: number, shape: readonly number[]): void {
    if (!isFloat(dtype)) {
      throw new Error(`Normalize: expected a float tensor, got ${dtype}. Put ToTensor before it.`);
    }
    if (this.mean.length !== 1 && this.mean.length !== channels) {
      throw new Error(`Normalize: ${this.mean.length} means for ${channels} channels, in shape [${shape.join(", ")}].`);
    }
  }
}
