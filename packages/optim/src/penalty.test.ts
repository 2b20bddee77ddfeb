import "@heddle/autograd";
import { tensor } from "@heddle/tensor";
import { expect, test } from "vitest";
import { l1Penalty, l2Penalty } from "./penalty.ts";
import { SGD } from "./sgd.ts";

test("values and gradients", () => {
  const [a, b] = [tensor([[3, -4]], { requiresGrad: true }), tensor([0, 2], { requiresGrad: true })];
  l1Penalty([a, b]).backward();
  expect(l1Penalty([a, b]).item()).toBe(9);
  expect([a.grad!.toArray(), b.grad!.toArray()]).toEqual([[[1, -1]], [0, 1]]);
  a.grad = b.grad = null;
  l2Penalty([a, b]).backward();
  expect(l2Penalty([a, b]).item()).toBe(29);
  expect([a.grad!.toArray(), b.grad!.toArray()]).toEqual([[[6, -8]], [0, 4]]);
});

test("of nothing, and of one tensor", () => {
  expect(l1Penalty([]).item()).toBe(0);
  expect(l2Penalty(tensor([3])).item()).toBe(9);
});

test("half the L2 penalty is SGD's weight decay", () => {
  const [a, b] = [tensor([1, -2], { requiresGrad: true }), tensor([1, -2], { requiresGrad: true })];
  a.exp().sum().backward();
  new SGD([a], { lr: 0.1, weightDecay: 0.25 }).step();
  b.exp().sum().add(l2Penalty([b]).mul(0.125)).backward();
  new SGD([b], { lr: 0.1 }).step();
  expect(a.allclose(b)).toBe(true);
});
