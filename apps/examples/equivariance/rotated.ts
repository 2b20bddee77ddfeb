/** Digits upright, rotated by any angle, and rotated by multiples of 90°. */
import { LabelledImages, RandomRotation } from "@heddle/data";
import { Generator, type Tensor } from "@heddle/tensor";
import type { Digits } from "../digits/digits.ts";

/** How digits are rotated, each by its own angle. */
export type Rotation = "upright" | "any angle" | "quarter turns";

const SIDE = 28, AREA = SIDE * SIDE;
const DIGITS = Array.from("0123456789");
const anyAngle = new RandomRotation([0, 360], { interpolation: "bilinear" });
/** By 90°, 180° and 270°: pixels move to places of other pixels, without interpolation. */
const quarters = [90, 180, 270].map((degrees) => new RandomRotation([degrees, degrees]));

/** The first `count` digits, rotated once: every read gives the same images, as from a stored dataset. */
export async function rotated(digits: Digits, turning: Rotation, count: number, seed: number): Promise<LabelledImages> {
  const indices = Array.from({ length: Math.min(count, digits.length) }, (_, i) => i);
  const [images, labels] = digits.getBatch!(indices);
  const data = await images.data("float32");
  const classOf = await labels.data("int32");
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

/** Images or maps [..., height, width], rotated counter-clockwise by multiples of 90°. */
export function rotatedByQuarters(images: Tensor, quarters: number): Tensor {
  let result = images;
  for (let i = 0; i < quarters; i++) result = result.transpose(-1, -2).flip([-2]);
  return result;
}

/**
 * The feature maps [n, channels, order, height, width] that equivariance predicts if the digits are rotated by 90°:
 * each map is rotated, and moves from the filter in one orientation to the next. The elements of p4m are four rotations
 * and four mirrored rotations.
 */
export function rotatedMaps(maps: Tensor): Tensor {
  const order = maps.shape[2]!;
  const moved = order === 1 ? maps : maps.unflatten(2, [order / 4, 4]).roll(1, 3).flatten(2, 3);
  return rotatedByQuarters(moved, 1);
}
