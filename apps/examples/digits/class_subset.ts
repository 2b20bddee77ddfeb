import { Subset } from "@heddle/data";
import { fromTypedArray, type Generator, randperm, type Tensor, tidy } from "@heddle/tensor";
import type { Digits } from "./digits.ts";

/**
 * The digits of some classes, relabelled by the position of their class in `classes`; with `perClass`, at most that
 * many of each, drawn by the generator.
 */
export function classSubset(
  digits: Digits,
  classes: readonly number[],
  sample?: { perClass: number; generator: Generator },
): Digits {
  const members = classes.map((): number[] => []);
  for (let index = 0; index < digits.length; index++) {
    members[classes.indexOf(tidy(() => digits.get(index)[1]))]?.push(index);
  }
  const chosen = members.map((indices) => {
    if (sample === undefined) return indices;
    const { perClass, generator } = sample;
    const order = tidy(() => randperm(indices.length, { generator, device: "cpu" }).toTypedArray("int32"));
    return Array.from(order.subarray(0, perClass), (place) => indices[place]!);
  });
  const places = chosen.flatMap((indices, place) => indices.map(() => place));
  return new Relabelled(new Subset(digits, chosen.flat()), places);
}

/** Digits with replaced labels. */
class Relabelled implements Digits {
  private readonly digits: Digits;
  private readonly labels: readonly number[];

  constructor(digits: Digits, labels: readonly number[]) {
    this.digits = digits;
    this.labels = labels;
  }

  get length(): number {
    return this.digits.length;
  }

  get(index: number, generator?: Generator): [image: Tensor, label: number] {
    return [this.digits.get(index, generator)[0], this.labels[index]!];
  }

  getBatch(indices: readonly number[], generator?: Generator): [images: Tensor, labels: Tensor] {
    const [images] = this.digits.getBatch!(indices, generator);
    return [images, fromTypedArray(Int32Array.from(indices, (index) => this.labels[index]!), [indices.length])];
  }
}
