import { eye, tensor, zeros } from "@heddle/tensor";
import { expect, test } from "vitest";
import { inceptionScore } from "./inception_score.ts";

test("certain pictures of every digit score ten", async () => {
  const { shares, confidence, score } = await inceptionScore(eye(10).mul(100));
  expect(shares).toEqual(new Array(10).fill(0.1));
  expect(confidence).toBeCloseTo(1);
  expect(score).toBeCloseTo(10, 4);
});

test("pictures that are all alike score one, be they certain or unreadable", async () => {
  const certain = zeros([7, 10]);
  certain.select(1, 3).fill_(100);
  expect((await inceptionScore(certain)).score).toBeCloseTo(1, 5);
  expect((await inceptionScore(certain)).shares[3]).toBeCloseTo(1);
  const unreadable = await inceptionScore(zeros([7, 10]));
  expect(unreadable.score).toBeCloseTo(1, 5);
  expect(unreadable.confidence).toBeCloseTo(0.1);
});

test("two digits, sure of each, score two", async () => {
  expect((await inceptionScore(tensor([[100, 0, 0], [0, 100, 0]]))).score).toBeCloseTo(2, 4);
});
