import "../mod.ts";
import { type Tensor, tensor } from "@heddle/tensor";
import { expect, test } from "vitest";
import { grad, gradcheck, gradgradcheck } from "../mod.ts";

const points = [-3.3, -1, -0.2, -0.1, 1e-3, 0, 0.1, 0.2466, 0.2467, 0.5, 2, 7.7];

/** The derivative of a function of a tensor, element by element. */
const slope = (f: (x: Tensor) => Tensor) => (x: Tensor): Tensor => grad([f(x).sum()], [x], { createGraph: true })[0]!;

test("sinc: first and second derivatives against differences", () => {
  const x = tensor(points, { dtype: "float64", requiresGrad: true });
  expect(gradcheck((x) => x.sinc(), [x])).toBe(true);
  expect(gradgradcheck((x) => x.sinc(), [x])).toBe(true);
});

test("sinc at zero and near it, where its derivatives are those of 1 − (πx)²/6", () => {
  for (const dtype of ["float32", "float64"] as const) {
    const x = tensor([0, -0, 1e-4], { dtype, requiresGrad: true });
    const first = slope((x) => x.sinc())(x);
    expect([first.at(0).item(), first.at(1).item()].every((value) => value === 0)).toBe(true);
    const near = (found: Tensor, wanted: number): void =>
      expect(Math.abs(Number(found.item()) / wanted - 1), dtype).toBeLessThan(3e-7);
    near(first.at(2), -(Math.PI ** 2) * 1e-4 / 3);
    const second = slope(slope((x) => x.sinc()))(x);
    for (const i of [0, 1, 2]) near(second.at(i), -(Math.PI ** 2) / 3);
  }
  // Without a graph the rule is one kernel.
  const x = tensor([0, 0.5, -1], { requiresGrad: true });
  x.sinc().sum().backward();
  const [zero, half, one] = x.grad!.toArray<number[]>();
  expect(zero === 0 && one === 1, `${zero} ${one}`).toBe(true);
  expect(half).toBeCloseTo(-4 / Math.PI, 6);
});

test("logaddexp: first and second derivatives against differences, broadcast", () => {
  const a = tensor([[-30], [0], [0.7]], { dtype: "float64", requiresGrad: true });
  const b = tensor([0, 0.7, 25], { dtype: "float64", requiresGrad: true });
  expect(gradcheck((a, b) => a.logaddexp(b), [a, b])).toBe(true);
  expect(gradgradcheck((a, b) => a.logaddexp(b), [a, b])).toBe(true);
});

test("logaddexp: gradients at infinities are PyTorch's", () => {
  const a = tensor([Infinity, -Infinity, 1, 1000], { requiresGrad: true });
  const b = tensor([-Infinity, 2, 1, 1000], { requiresGrad: true });
  a.logaddexp(b).sum().backward();
  expect(a.grad!.toArray()).toEqual([1, 0, 0.5, 0.5]);
  expect(b.grad!.toArray()).toEqual([0, 1, 0.5, 0.5]);
  const same = tensor([Infinity], { requiresGrad: true });
  same.logaddexp(tensor([Infinity])).sum().backward();
  expect(same.grad!.toArray()).toEqual([NaN]);
});
