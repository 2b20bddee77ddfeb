import { type Generator } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { checkArguments } from "../arguments.ts";
import { checkMode, copyWindow, type PaddingMode } from "./border.ts";
import { Draws } from "./random_draws.ts";
import { mostSide, type Size, sizeOf } from "./parameters.ts";
import { emptyLike, type Pictures, showSize } from "./pictures.ts";
import { PictureTransform } from "./picture_transform.ts";

/** Options of {@link RandomCrop}. */
export interface RandomCropOptions {
  /** Pixels to pad every side with first: one number, or [horizontal, vertical], or [left, top, right, bottom]. */
  padding?: number | readonly number[];
  /** What the border is filled with in the mode "constant" (default 0). */
  fill?: number;
  /** How the border continues the picture (default "constant"). */
  paddingMode?: PaddingMode;
}

/**
 * Crops pictures to a size, each at a random position (torchvision's `RandomCrop`).
 *
 * @example
 * ```ts
 * import { RandomCrop } from "@heddle/data";
 * import { rand } from "@heddle/tensor";
 *
 * console.log(new RandomCrop(32, { padding: 4 }).apply(rand([10, 3, 32, 32])).shape); // [ 10, 3, 32, 32 ]
 * ```
 */
export class RandomCrop extends PictureTransform {
  protected readonly name: string = "RandomCrop";
  private readonly size: [height: number, width: number];
  private readonly border: readonly [left: number, top: number, right: number, bottom: number];
  private readonly fill: number;
  private readonly mode: PaddingMode;

  /** @throws when a size or a width is no integer or out of range, or the mode is unknown */
  constructor(size: Size, options: RandomCropOptions = {}) {
    super();
    checkOptions(this.name, options, ["padding", "fill", "paddingMode"]);
    this.size = sizeOf(this.name, "size", size);
    this.border = borderWidths(this.name, options.padding ?? 0);
    this.fill = options.fill ?? 0;
    this.mode = checkMode(this.name, options.paddingMode ?? "constant");
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    const [height, width] = this.size;
    const [left, top, right, bottom] = this.border;
    const [roomY, roomX] = [pictures.height + top + bottom - height, pictures.width + left + right - width];
    if (roomY < 0 || roomX < 0) {
      const padded = { height: pictures.height + top + bottom, width: pictures.width + left + right };
      throw new RangeError(
        `RandomCrop: a crop of ${height}×${width} is larger than the picture of ${showSize(pictures)}` +
          (left + top + right + bottom > 0 ? `, even with its border (${showSize(padded)})` : "") +
          `. Give more padding, or put Resize before it.`,
      );
    }
    const draws = new Draws(generator, 2 * pictures.count);
    return windows(this.name, pictures, height, width, this.mode, this.fill, () => {
      return { top: draws.below(roomY + 1) - top, left: draws.below(roomX + 1) - left };
    });
  }
}

/**
 * Crops the middle; pictures smaller than the size get a border of zeros (torchvision's `CenterCrop`).
 *
 * @example
 * ```ts
 * import { CenterCrop } from "@heddle/data";
 * import { tensor } from "@heddle/tensor";
 *
 * console.log(new CenterCrop([1, 2]).apply(tensor([[[1, 2, 3, 4]]])).toArray()); // [ [ [ 2, 3 ] ] ]
 * ```
 */
export class CenterCrop extends PictureTransform {
  protected readonly name: string = "CenterCrop";
  private readonly size: [height: number, width: number];

  /** @throws unless the size is one or two positive integers */
  constructor(size: Size) {
    super();
    checkArguments("CenterCrop", arguments, 1);
    this.size = sizeOf(this.name, "size", size);
  }

  protected transform(pictures: Pictures): Pictures {
    const [height, width] = this.size;
    const place = { top: centred(pictures.height, height), left: centred(pictures.width, width) };
    return windows(this.name, pictures, height, width, "constant", 0, () => place);
  }
}

/** Start of a window: halves are rounded to even as in Python, and the odd pixel of a border is at the end. */
export function centred(size: number, window: number): number {
  if (window > size) return -Math.floor((window - size) / 2);
  const half = Math.floor((size - window) / 2);
  return (size - window) % 2 === 1 && half % 2 === 1 ? half + 1 : half;
}

/** Widths of a border on the four sides. @throws unless there are one, two or four integers from 0 to {@link mostSide} */
export function borderWidths(
  where: string,
  padding: number | readonly number[],
): [left: number, top: number, right: number, bottom: number] {
  const widths = typeof padding === "number" ? [padding] : [...padding];
  if (![1, 2, 4].includes(widths.length) || !widths.every((w) => Number.isInteger(w) && w >= 0 && w <= mostSide)) {
    throw new RangeError(
      `${where}: padding must be one, two (horizontal, vertical) or four (left, top, right, bottom) integers from 0 to ${mostSide}, ` +
        `got [${widths.join(", ")}].`,
    );
  }
  const [left, top = left, right = left, bottom = top] = widths as [number, ...number[]];
  return [left, top, right, bottom];
}

/** A window of every picture, all of one size. */
export function windows(
  where: string,
  pictures: Pictures,
  height: number,
  width: number,
  mode: PaddingMode,
  fill: number,
  place: () => { readonly top: number; readonly left: number },
): Pictures {
  const { data, count, channels } = pictures;
  const area = pictures.height * pictures.width;
  const same = height === pictures.height && width === pictures.width;
  // Pictures that keep their size are changed in place, a plane at a time: new memory costs more than the copy.
  const scratch = data instanceof Float32Array ? new Float32Array(same ? area : 0) : new Uint8Array(same ? area : 0);
  const result = same ? pictures : emptyLike(where, pictures, { height, width });
  for (let i = 0; i < count; i++) {
    const window = { ...place(), height, width };
    for (let plane = i * channels; plane < (i + 1) * channels; plane++) {
      if (same) scratch.set(data.subarray(plane * area, (plane + 1) * area));
      const [source, from] = same ? [scratch, 0] : [data, plane * area];
      const to = plane * height * width;
      copyWindow(where, source, from, pictures.height, pictures.width, result.data, to, window, mode, fill);
    }
  }
  return result;
}
