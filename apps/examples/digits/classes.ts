import { Subset } from "@heddle/data";
import { fromTypedArray, type Generator, randperm, type Tensor, tidy } from "@heddle/tensor";
import type { Digits } from "./digits.ts";

/**
 * The digits of some classes, labelled by their place among these; with `perClass` at most so many of each, drawn by the
 * generator.
 */
export function ofClasses(
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
    const order = tidy(() => randperm(indices.length, { generator: sample.generator }).toTypedArray() as Int32Array);
    return Array.from(order.subarray(0, sample.perClass), (place) => indices[place]!);
  });
  return new Relabelled(new Subset(digits, chosen.flat()), classes);
}

/** Digits whose labels are places in a list of classes. */
class Relabelled implements Digits {
  private readonly digits: Digits;
  private readonly classes: readonly number[];

  constructor(digits: Digits, classes: readonly number[]) {
    this.digits = digits;
    this.classes = classes;
  }

  get length(): number {
    return this.digits.length;
  }

  get(index: number): [image: Tensor, label: number] {
    const [image, label] = this.digits.get(index);
    return [image, this.classes.indexOf(label)];
  }

  getBatch(indices: readonly number[]): [images: Tensor, labels: Tensor] {
    const [images, labels] = this.digits.getBatch!(indices);
    const places = Int32Array.from(labels.toTypedArray() as Int32Array, (label) => this.classes.indexOf(label));
    return [images, fromTypedArray(places, [places.length], { device: labels.device })];
  }
}
