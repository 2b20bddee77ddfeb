import { Generator, memory } from "@heddle/tensor";
import { expect, test } from "vitest";
import { classSubset } from "./class_subset.ts";
import { loadDigits } from "./digits.ts";

test("digits of some classes, labelled by their place", async () => {
  const { train } = await loadDigits(null, 200);
  const some = classSubset(train, [7, 3]);
  const sevens: number[] = [];
  for (let i = 0; i < 200; i++) if (train.get(i)[1] === 7) sevens.push(i);
  expect(some.get(1)[1]).toBe(0);
  expect(some.get(1)[0].equal(train.get(sevens[1]!)[0])).toBe(true);
  const [images, labels] = some.getBatch!([some.length - 1, 0]);
  expect(labels.toArray()).toEqual([1, 0]);
  expect(images.select(0, 1).equal(train.get(sevens[0]!)[0])).toBe(true);
});

test("so many of each class, others for another seed, and no memory", async () => {
  const { train } = await loadDigits(null, 300);
  const before = memory().storages;
  const draw = (seed: number) => classSubset(train, [5, 6], { perClass: 4, generator: new Generator(seed) });
  const [a, again, b] = [draw(1), draw(1), draw(2)];
  expect(memory().storages).toBe(before);
  const labels = Array.from({ length: a.length }, (_, i) => a.get(i)[1]);
  expect(labels).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  const pictures = (digits: typeof a): string => String(digits.getBatch!([0, 1, 2, 3])[0].toArray());
  expect(pictures(a)).toBe(pictures(again));
  expect(pictures(a)).not.toBe(pictures(b));
});
