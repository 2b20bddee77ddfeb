import { type Generator } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { Draws } from "./random_draws.ts";
import { checkProbability, show } from "./parameters.ts";
import { type Pictures } from "./pictures.ts";
import { PictureTransform } from "./picture_transform.ts";
import { checkInterpolation, type Interpolation } from "./resample.ts";
import { perspectivePlaces, type Quad, Warp } from "./warp.ts";

/** Options of {@link RandomPerspective}. */
export interface RandomPerspectiveOptions {
  /** How values between pixels are interpolated (default "bilinear"). */
  interpolation?: Interpolation;
  /** The value outside the picture (default 0). */
  fill?: number;
}

/**
 * Moves each corner of a picture inwards at random, as if it was seen from the side, with a probability (torchvision's
 * `RandomPerspective`). Each picture of a batch gets its own corners. The size stays the same; pictures with a side of
 * one pixel stay as they are.
 *
 * @example
 * ```ts
 * import { RandomPerspective } from "@heddle/data";
 * import { rand } from "@heddle/tensor";
 *
 * console.log(new RandomPerspective(0.3, 1).apply(rand([8, 3, 32, 32])).shape); // [ 8, 3, 32, 32 ]
 * ```
 */
export class RandomPerspective extends PictureTransform {
  protected readonly name: string = "RandomPerspective";
  private readonly distortionScale: number;
  private readonly p: number;
  private readonly interpolation: Interpolation;
  private readonly fill: number;

  /**
   * @param distortionScale how far corners move at most, from 0 to 1, as a fraction of half the width and half the height
   * @throws when the scale or `p` is not from 0 to 1, or the interpolation is unknown
   */
  constructor(distortionScale: number = 0.5, p: number = 0.5, options: RandomPerspectiveOptions = {}) {
    super();
    checkOptions(this.name, options, ["interpolation", "fill"]);
    if (!(typeof distortionScale === "number" && distortionScale >= 0 && distortionScale <= 1)) {
      throw new RangeError(`RandomPerspective: distortionScale must be from 0 to 1, got ${show(distortionScale)}.`);
    }
    this.distortionScale = distortionScale;
    this.p = checkProbability(this.name, p);
    this.interpolation = checkInterpolation(this.name, options.interpolation ?? "bilinear");
    this.fill = options.fill ?? 0;
  }

  protected transform(pictures: Pictures, generator: Generator): Pictures {
    const { count, height, width } = pictures;
    if (height < 2 || width < 2) return pictures;
    const draws = new Draws(generator, 9 * count);
    const warp = new Warp(pictures, this.interpolation, this.fill);
    for (let i = 0; i < count; i++) {
      if (!draws.chance(this.p)) continue;
      perspectivePlaces(this.corners(height, width, draws), height, width, warp.places);
      warp.picture(pictures, i);
    }
    return pictures;
  }

  private corners(height: number, width: number, draws: Draws): Quad {
    const [roomX, roomY] = [width, height].map((side) =>
      Math.floor(this.distortionScale * Math.floor(side / 2)) + 1
    ) as [
      number,
      number,
    ];
    const left = (): number => draws.below(roomX), right = (): number => width - 1 - draws.below(roomX);
    const top = (): number => draws.below(roomY), bottom = (): number => height - 1 - draws.below(roomY);
    return [[left(), top()], [right(), top()], [right(), bottom()], [left(), bottom()]];
  }
}
