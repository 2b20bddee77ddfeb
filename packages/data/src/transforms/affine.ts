import { type Generator } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { Draws } from "./random_draws.ts";
import { checkRange, type Range, show, spread } from "./parameters.ts";
import { type Pictures } from "./pictures.ts";
import { PictureTransform } from "./picture_transform.ts";
import { checkInterpolation, type Interpolation, roundHalfEven } from "./resample.ts";
import { type AffineParts, affinePlaces, inverseAffine, Warp } from "./warp.ts";

/** Options of {@link RandomRotation}. */
export interface RandomRotationOptions {
  /** How values between pixels are interpolated (default "nearest", as in torchvision). */
  interpolation?: Interpolation;
  /** The value outside the picture (default 0). */
  fill?: number;
  /** The centre of the rotation, in pixels from the left and upper edge (default the middle). */
  center?: readonly [x: number, y: number];
}

/** Options of {@link RandomAffine}. */
export interface RandomAffineOptions extends RandomRotationOptions {
  /** Largest shifts as parts of width and height; whole pixels are drawn (default none). */
  translate?: readonly [x: number, y: number];
  /** The range of factors (default 1). */
  scale?: Range;
  /**
   * Degrees: one number a for shears along x from −a to a, [low, high] along x, or [low x, high x, low y, high y] (default
   * none).
   */
  shear?: number | readonly number[];
}

/**
 * Rotates pictures by random angles (torchvision's `RandomRotation`), counter-clockwise, a different one for each. The
 * size stays the same.
 *
 * @example
 * ```ts
 * import { RandomRotation } from "@heddle/data";
 * import { tensor } from "@heddle/tensor";
 *
 * const quarter = new RandomRotation([90, 90]);
 * console.log(quarter.apply(tensor([[[1, 2], [3, 4]]])).toArray()); // [ [ [ 2, 4 ], [ 1, 3 ] ] ]
 * ```
 */
export class RandomRotation extends PictureTransform {
  protected readonly name: string = "RandomRotation";
  private readonly degrees: Range;
  private readonly interpolation: Interpolation;
  private readonly fill: number;
  private readonly center: readonly [x: number, y: number] | null;

  /**
   * @param degrees from −degrees to degrees, or from the first to the second of two
   * @throws when the range is not ascending or the interpolation is unknown
   */
  constructor(degrees: number | Range, options: RandomRotationOptions = {}) {
    super();
    checkOptions(this.name, options, ["interpolation", "fill", "center"]);
    this.degrees = spread(this.name, "degrees", degrees, 0);
    this.interpolation = checkInterpolation(this.name, options.interpolation ?? "nearest");
    this.fill = options.fill ?? 0;
    this.center = options.center ?? null;
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    const draws = new Draws(generator, pictures.count);
    const centre = fromMiddle(this.center, pictures);
    return warpAll(pictures, this.interpolation, this.fill, () => {
      return { angle: -draws.between(...this.degrees), translate: [0, 0], scale: 1, shear: [0, 0], centre };
    });
  }
}

/**
 * Rotates, translates, scales and shears pictures at random (torchvision's `RandomAffine`), with different parameters
 * for each. Angles are clockwise here, as in torchvision.
 *
 * @example
 * ```ts
 * import { RandomAffine } from "@heddle/data";
 * import { rand } from "@heddle/tensor";
 *
 * const wobble = new RandomAffine(10, { translate: [0.1, 0.1], scale: [0.9, 1.1], shear: 5, interpolation: "bilinear" });
 * console.log(wobble.apply(rand([4, 1, 28, 28])).shape); // [ 4, 1, 28, 28 ]
 * ```
 */
export class RandomAffine extends PictureTransform {
  protected readonly name: string = "RandomAffine";
  private readonly degrees: Range;
  private readonly translate: readonly [x: number, y: number];
  private readonly scale: Range;
  private readonly shearX: Range;
  private readonly shearY: Range;
  private readonly interpolation: Interpolation;
  private readonly fill: number;
  private readonly center: readonly [x: number, y: number] | null;

  /**
   * @param degrees from −degrees to degrees, or from the first to the second of two
   * @throws when a range is not ascending, a part is not from 0 to 1, or the interpolation is unknown
   */
  constructor(degrees: number | Range, options: RandomAffineOptions = {}) {
    super();
    checkOptions(this.name, options, ["translate", "scale", "shear", "interpolation", "fill", "center"]);
    this.degrees = spread(this.name, "degrees", degrees, 0);
    this.translate = options.translate ?? [0, 0];
    if (this.translate.length !== 2 || !this.translate.every((t) => t >= 0 && t <= 1)) {
      throw new RangeError(
        `RandomAffine: translate must be two parts of width and height from 0 to 1, got ${show(options.translate)}.`,
      );
    }
    this.scale = checkRange(this.name, "scale", options.scale ?? [1, 1], { min: 1e-6 });
    const { shear = 0 } = options;
    const along = typeof shear === "number" || shear.length === 2
      ? [shear, [0, 0]]
      : [shear.slice(0, 2), shear.slice(2)];
    [this.shearX, this.shearY] = along.map((one) => spread(this.name, "shear", one, 0)) as [Range, Range];
    this.interpolation = checkInterpolation(this.name, options.interpolation ?? "nearest");
    this.fill = options.fill ?? 0;
    this.center = options.center ?? null;
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    const draws = new Draws(generator, 6 * pictures.count);
    const centre = fromMiddle(this.center, pictures);
    const [mostX, mostY] = [this.translate[0] * pictures.width, this.translate[1] * pictures.height];
    return warpAll(pictures, this.interpolation, this.fill, () => {
      const angle = draws.between(...this.degrees);
      const x = roundHalfEven(draws.between(-mostX, mostX));
      const y = roundHalfEven(draws.between(-mostY, mostY));
      const scale = draws.between(...this.scale);
      return {
        angle,
        translate: [x, y],
        scale,
        shear: [draws.between(...this.shearX), draws.between(...this.shearY)],
        centre,
      };
    });
  }
}

function fromMiddle(
  center: readonly [x: number, y: number] | null,
  { height, width }: Pictures,
): readonly [x: number, y: number] {
  return center === null ? [0, 0] : [center[0] - width / 2, center[1] - height / 2];
}

function warpAll(pictures: Pictures, interpolation: Interpolation, fill: number, draw: () => AffineParts): Pictures {
  const warp = new Warp(pictures, interpolation, fill);
  for (let i = 0; i < pictures.count; i++) {
    affinePlaces(inverseAffine(draw()), pictures.height, pictures.width, warp.places);
    warp.picture(pictures, i);
  }
  return pictures;
}
