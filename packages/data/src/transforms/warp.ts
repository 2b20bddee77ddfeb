import type { Pictures } from "./pictures.ts";
import { type Interpolation, roundHalfEven } from "./resample.ts";

/**
 * Where the pixels of a picture come from: for each, a place in the source picture in pixels, (0, 0) being the centre of
 * the first one.
 */
export interface Places {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** Rows of a matrix that takes a place (x, y, 1), measured from the picture's middle, to the place it comes from. */
export type Affine = readonly [number, number, number, number, number, number];

/** What an affine distortion consists of. */
export interface AffineParts {
  /** Degrees, clockwise as the picture is seen. */
  readonly angle: number;
  /** Pixels to the right and down. */
  readonly translate: readonly [x: number, y: number];
  readonly scale: number;
  /** Degrees along x and along y. */
  readonly shear: readonly [x: number, y: number];
  /** What stays where it is, in pixels from the picture's middle. */
  readonly centre: readonly [x: number, y: number];
}

const radians = (degrees: number): number => degrees * Math.PI / 180;

/**
 * The inverse of: move `centre` to the origin, shear along x, shear along y, turn, scale, move back and translate. That is
 * torchvision's order.
 */
export function inverseAffine({ angle, translate, scale, shear, centre }: AffineParts): Affine {
  const [turn, shearX, shearY] = [radians(angle), radians(shear[0]), radians(shear[1])];
  // Turning times shearing, by the addition theorems.
  const a = Math.cos(turn - shearY) / Math.cos(shearY);
  const b = -a * Math.tan(shearX) - Math.sin(turn);
  const c = Math.sin(turn - shearY) / Math.cos(shearY);
  const d = -c * Math.tan(shearX) + Math.cos(turn);
  // Its determinant is 1.
  const [ia, ib, ic, id] = [d / scale, -b / scale, -c / scale, a / scale];
  const [x, y] = [centre[0] + translate[0], centre[1] + translate[1]];
  return [ia, ib, centre[0] - ia * x - ib * y, ic, id, centre[1] - ic * x - id * y];
}

/** Places under an affine distortion. */
export function affinePlaces(matrix: Affine, height: number, width: number, places: Places): void {
  const [a, b, tx, c, d, ty] = matrix;
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  for (let y = 0, p = 0; y < height; y++) {
    const v = y - middleY;
    for (let x = 0; x < width; x++, p++) {
      const u = x - middleX;
      places.x[p] = a * u + b * v + tx + middleX;
      places.y[p] = c * u + d * v + ty + middleY;
    }
  }
}

/** The corners of a quadrilateral in pixels: top left, top right, bottom right, bottom left. */
export type Quad = readonly [Corner, Corner, Corner, Corner];
/** A corner. */
export type Corner = readonly [x: number, y: number];

/**
 * Places under the projective map that takes the corners of the picture to those of a quadrilateral. Where a degenerate
 * quadrilateral has no such map, places are beyond the picture.
 *
 * As in torchvision, corners are pixels counted from 0, but the map is evaluated half a pixel further, and half a pixel
 * subtracted from its result.
 */
export function perspectivePlaces(to: Quad, height: number, width: number, places: Places): void {
  const [[x0, y0], [x1, y1], [x2, y2], [x3, y3]] = to;
  // From the unit square to the quadrilateral (Heckbert 1989, "Fundamentals of texture mapping and image warping", 2.2.3).
  const [dx1, dy1, dx2, dy2] = [x1 - x2, y1 - y2, x3 - x2, y3 - y2];
  const [sumX, sumY] = [x0 - x1 + x2 - x3, y0 - y1 + y2 - y3];
  const determinant = dx1 * dy2 - dx2 * dy1;
  const g = (sumX * dy2 - sumY * dx2) / determinant;
  const h = (dx1 * sumY - dy1 * sumX) / determinant;
  const [a, b] = [x1 - x0 + g * x1, x3 - x0 + h * x3];
  const [d, e] = [y1 - y0 + g * y1, y3 - y0 + h * y3];
  // And back, by the adjugate matrix.
  const [ia, ib, ic] = [e - y0 * h, x0 * h - b, b * y0 - x0 * e];
  const [id, ie, if_] = [y0 * g - d, a - x0 * g, x0 * d - a * y0];
  const [ig, ih, ii] = [d * h - e * g, b * g - a * h, a * e - b * d];
  for (let y = 0, p = 0; y < height; y++) {
    const v = y + 0.5;
    for (let x = 0; x < width; x++, p++) {
      const u = x + 0.5;
      const depth = ig * u + ih * v + ii;
      const fromX = (width - 1) * (ia * u + ib * v + ic) / depth - 0.5;
      const fromY = (height - 1) * (id * u + ie * v + if_) / depth - 0.5;
      const found = Number.isFinite(fromX) && Number.isFinite(fromY);
      places.x[p] = found ? fromX : -2;
      places.y[p] = found ? fromY : -2;
    }
  }
}

/** Makes pictures of values at places of others; what lies beyond the edges is `fill`. */
export class Warp {
  /** To be set before each picture. */
  readonly places: Places;
  private readonly interpolation: Interpolation;
  private readonly fill: number;
  private readonly source: Float32Array | Uint8Array;

  constructor({ channels, height, width, data }: Pictures, interpolation: Interpolation, fill: number) {
    const area = height * width;
    this.places = { x: new Float64Array(area), y: new Float64Array(area) };
    this.interpolation = interpolation;
    this.fill = fill;
    this.source = data instanceof Float32Array ? new Float32Array(channels * area) : new Uint8Array(channels * area);
  }

  /** Changes picture `i` in place. */
  picture(pictures: Pictures, i: number): void {
    const size = this.source.length;
    this.source.set(pictures.data.subarray(i * size, (i + 1) * size));
    if (this.interpolation === "nearest") this.nearest(pictures, i * size);
    else this.bilinear(pictures, i * size);
  }

  private nearest({ data, height, width }: Pictures, to: number): void {
    const { source, fill, places } = this;
    const area = height * width;
    for (let p = 0; p < area; p++) {
      const x = roundHalfEven(places.x[p]!);
      const y = roundHalfEven(places.y[p]!);
      const inside = x >= 0 && x < width && y >= 0 && y < height;
      const at = y * width + x;
      for (let plane = 0; plane < source.length; plane += area) {
        data[to + plane + p] = inside ? source[plane + at]! : fill;
      }
    }
  }

  private bilinear({ data, height, width }: Pictures, to: number): void {
    const { source, fill, places } = this;
    const area = height * width;
    const whole = data instanceof Uint8Array;
    for (let p = 0; p < area; p++) {
      const x = places.x[p]!, y = places.y[p]!;
      const left = Math.floor(x), top = Math.floor(y);
      const u = x - left, v = y - top;
      const at = top * width + left;
      const inside = left >= 0 && left < width - 1 && top >= 0 && top < height - 1;
      for (let plane = 0; plane < source.length; plane += area) {
        let a = fill, b = fill, c = fill, d = fill;
        const first = plane + at;
        if (inside) {
          a = source[first]!;
          b = source[first + 1]!;
          c = source[first + width]!;
          d = source[first + width + 1]!;
        } else {
          const [l, r] = [left >= 0 && left < width, left >= -1 && left < width - 1];
          if (top >= 0 && top < height) {
            if (l) a = source[first]!;
            if (r) b = source[first + 1]!;
          }
          if (top >= -1 && top < height - 1) {
            if (l) c = source[first + width]!;
            if (r) d = source[first + width + 1]!;
          }
        }
        const upper = a + u * (b - a);
        const value = upper + v * (c + u * (d - c) - upper);
        data[to + plane + p] = whole ? roundHalfEven(value) : value;
      }
    }
  }
}
