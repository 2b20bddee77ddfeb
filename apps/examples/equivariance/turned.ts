/** Digits as they stand, turned by any angle, and turned by quarters. */
import { LabelledImages, RandomRotation } from "@heddle/data";
import { Generator, type Tensor } from "@heddle/tensor";
import type { Digits } from "../digits/digits.ts";

/** How digits are turned; each by an angle of its own. */
export type Turning = "upright" | "any angle" | "quarter turns";

const SIDE = 28, AREA = SIDE * SIDE;
const DIGITS = Array.from("0123456789");
const anyAngle = new RandomRotation([0, 360], { interpolation: "bilinear" });
/** By 90°, 180° and 270°: every pixel goes to the place of another one, none is interpolated. */
const quarters = [90, 180, 270].map((degrees) => new RandomRotation([degrees, degrees]));

/** The first `count` of the digits, turned once and for all: every reading gives the same pictures, as from a stored set. */
export async function turned(digits: Digits, turning: Turning, count: number, seed: number): Promise<LabelledImages> {
  const indices = Array.from({ length: Math.min(count, digits.length) }, (_, i) => i);
  const [images, labels] = digits.getBatch!(indices);
  const data = await images.data() as Float32Array;
  const classOf = await labels.data() as Int32Array;
  for (const tensor of [images, labels]) tensor.dispose();

  const one = { channels: 1, height: SIDE, width: SIDE };
  const generator = new Generator(seed);
  if (turning === "any angle") {
    data.set(anyAngle.applyToPictures({ ...one, data, count: indices.length }, generator).data);
  } else if (turning === "quarter turns") {
    const draws = generator.uniforms(indices.length);
    for (const i of indices) {
      const picture = data.slice(i * AREA, (i + 1) * AREA);
      const turn = quarters[Math.floor(draws[i]! * quarters.length)]!;
      data.set(turn.applyToPictures({ ...one, data: picture, count: 1 }, generator).data, i * AREA);
    }
  }
  const pixels = Uint8Array.from(data, (value) => Math.round(255 * value));
  return new LabelledImages({ pixels, labels: classOf, imageShape: [SIDE, SIDE], classes: DIGITS, name: turning });
}

/** Pictures or maps [..., height, width], turned counter-clockwise by so many quarters. */
export function quarterTurned(images: Tensor, quarters: number): Tensor {
  let result = images;
  for (let i = 0; i < quarters; i++) result = result.transpose(-1, -2).flip([-2]);
  return result;
}

/**
 * Feature maps [n, channels, order, height, width] as equivariance has them when the digits are turned by a quarter: each
 * turned as they are, and what the filter in one position found is now found by the filter in the next one. The elements of
 * p4m are four turns and four mirrored turns.
 */
export function mapsTurned(maps: Tensor): Tensor {
  const order = maps.shape[2]!;
  const moved = order === 1 ? maps : maps.unflatten(2, [order / 4, 4]).roll(1, 3).flatten(2, 3);
  return quarterTurned(moved, 1);
}
