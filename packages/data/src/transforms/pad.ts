import { pad, type Tensor } from "@heddle/tensor";
import { checkOptions } from "../options.ts";
import { checkDims, type Transform } from "./transform.ts";

/** Options of {@link Pad}. */
export interface PadOptions {
  /** What the border is filled with in the mode "constant" (default 0). */
  fill?: number;
  /** How the border continues the picture (default "constant"). */
  mode?: "constant" | "reflect" | "replicate" | "circular";
}

/**
 * Widens pictures by a border (torchvision's `Pad`). Takes pictures [C, H, W] or batches [N, C, H, W].
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
  private readonly border: readonly [number, number, number, number];
  private readonly fill: number;
  private readonly mode: NonNullable<PadOptions["mode"]>;

  /**
   * @param padding pixels on every side; or [left and right, top and bottom]; or [left, top, right, bottom]
   * @throws when a width is negative or no integer, or there are not one, two or four of them
   */
  constructor(padding: number | readonly number[], options: PadOptions = {}) {
    checkOptions("Pad", options, ["fill", "mode"]);
    const widths = typeof padding === "number" ? [padding] : [...padding];
    if (![1, 2, 4].includes(widths.length) || !widths.every((w) => Number.isInteger(w) && w >= 0)) {
      throw new Error(
        `Pad: padding must be one, two (horizontal, vertical) or four (left, top, right, bottom) integers from 0, ` +
          `got [${widths.join(", ")}].`,
      );
    }
    const [left, top = left, right = left, bottom = top] = widths as [number, ...number[]];
    this.border = [left, right, top, bottom];
    this.fill = options.fill ?? 0;
    this.mode = options.mode ?? "constant";
  }

  /** The widened pictures. */
  apply(input: Tensor): Tensor {
    checkDims("Pad", input, 2, "[…, H, W]");
    return pad(input, [...this.border], this.mode === "constant" ? { value: this.fill } : { mode: this.mode });
  }
}
