import { describe, expect, test } from "vitest";
import { arange, avgPool1d, avgPool2d, maxPool2d, type Tensor } from "@heddle/tensor";
import { type RoutinePrim } from "@heddle/tensor/engine";
import { ReferenceBackend, registerDevice } from "@heddle/tensor/backend";
import { type Checked, grad, gradcheck, gradgradcheck } from "./mod.ts";

/** A backend without the routines of pooling's gradients and sums. */
class Plain extends ReferenceBackend {
  override hasRoutine(name: RoutinePrim): boolean {
    return name !== "maxPoolGrad" && name !== "sumPool" && name !== "sumPoolGrad";
  }
}
registerDevice("plain", () => new Plain());

const values = (shape: number[], device: string): Tensor =>
  arange(shape.reduce((a, b) => a * b, 1), { dtype: "float64", device }).mul(0.7).sin().reshape(shape);

const pools: Record<string, [number[], (x: Tensor) => Tensor]> = {
  "averages that tile": [[2, 2, 4, 6], (x) => avgPool2d(x, [2, 3])],
  "averages that overlap": [[1, 2, 5, 6], (x) => avgPool2d(x, 3, { stride: 2, padding: 1 })],
  "averages without padding counted": [
    [1, 2, 5, 6],
    (x) => avgPool2d(x, 3, { stride: 2, padding: 1, countIncludePad: false, ceilMode: true }),
  ],
  "averages of lines": [[2, 2, 7], (x) => avgPool1d(x, 3, { stride: 1, padding: 1 })],
  "averages of whole planes": [[2, 2, 3, 4], (x) => avgPool2d(x, [3, 4])],
  "maxima that tile": [[2, 2, 4, 6], (x) => maxPool2d(x, 2)],
  "maxima that overlap": [[1, 2, 6, 6], (x) => maxPool2d(x, 3, { stride: 1, padding: 1 })],
};

describe.each(Object.entries(pools))("%s", (_, [shape, pool]) => {
  test("are the same with routines and without", () => {
    const [wanted, found] = ["plain", "cpu"].map((device) => {
      const x = values(shape, device).detach().requiresGrad_();
      const y = pool(x);
      const weights = values([...y.shape], device).add(0.3);
      const [g] = grad([y.mul(y).mul(weights).sum()], [x]);
      return [y, g!].map((t) => Array.from(t.detach().toTypedArray("float64")));
    });
    for (const i of [0, 1]) {
      expect(found![i]!.length).toBe(wanted![i]!.length);
      found![i]!.forEach((value, at) => expect(value).toBeCloseTo(wanted![i]![at]!, 12));
    }
  });

  test("have the gradients that differences give, of both orders", () => {
    const x = values(shape, "cpu").detach().requiresGrad_();
    const squared: Checked = (x) => pool(x!).square();
    expect(gradcheck(squared, [x])).toBe(true);
    expect(gradgradcheck(squared, [x])).toBe(true);
  });
});
