import { pad, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { checkMode, type PaddingMode } from "./border.ts";
import { borderWidths, windows } from "./crop.ts";
import { checkValues, type Pictures } from "./pictures.ts";
import { checkDims, type Transform } from "./transform.ts";

/** Options of {@link Pad}. */
export interface PadOptions {
  /** What the border is filled with in the mode "constant" (default 0). */
  fill?: number;
  /** How the border continues the picture (default "constant"). */
  mode?: PaddingMode;
}

/**
 * Pads pictures with a border (torchvision's `Pad`). Takes pictures [C, H, W] or batches [N, C, H, W].
 *
 * @example
 * ```ts
 * import { Pad } from "@heddle/data";
 * import { ones } from "@heddle/tensor";
 *
 * console.log(new Pad(2).apply(ones([1, 28, 28])).shape); // [ 1, 32, 32 ]
 * ```
 */
export class Pad implements Transform {
  readonly batched: boolean = true;
  private readonly border: readonly [left: number, top: number, right: number, bottom: number];
  private readonly fill: number;
  private readonly mode: PaddingMode;

  /**
   * @param padding pixels on every side; or [left and right, top and bottom]; or [left, top, right, bottom]
   * @throws when a width is negative or no integer, or there are not one, two or four of them
   */
  constructor(padding: number | readonly number[], options: PadOptions = {}) {
    checkOptions("Pad", options, ["fill", "mode"]);
    this.border = borderWidths("Pad", padding);
    this.fill = options.fill ?? 0;
    this.mode = checkMode("Pad", options.mode ?? "constant");
  }

  /** The padded pictures. */
  apply(input: Tensor): Tensor {
    checkDims("Pad", input, 2, "[…, H, W]");
    const [left, top, right, bottom] = this.border;
    const [height, width] = input.shape.slice(-2) as [number, number];
    checkValues(
      "Pad",
      input.shape.slice(0, -2).reduce((a, b) => a * b, 1),
      1,
      height + top + bottom,
      width + left + right,
    );
    return pad(
      input,
      [left, right, top, bottom],
      this.mode === "constant" ? { value: this.fill } : { mode: this.mode },
    );
  }

  /** The same on the host. */
  applyToPictures(pictures: Pictures): Pictures {
    const [left, top, right, bottom] = this.border;
    const [height, width] = [pictures.height + top + bottom, pictures.width + left + right];
    const place = { top: -top, left: -left };
    return windows("Pad", pictures, height, width, this.mode, this.fill, () => place);
  }
}
