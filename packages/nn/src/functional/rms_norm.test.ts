import { gradcheck, gradgradcheck } from "@heddle/autograd";
import { Generator, randn, tensor } from "@heddle/tensor";
import { expect, test } from "vitest";
import { rmsNorm } from "./rms_norm.ts";

const generator = new Generator(6);
const draw = (...shape: number[]) => randn(shape, { dtype: "float64", requiresGrad: true, generator });

test("gradients of RMSNorm are those that differences give, of both orders", () => {
  const norm = (x: ReturnType<typeof draw>, weight?: ReturnType<typeof draw>) =>
    rmsNorm(x, [3], { weight: weight ?? null, eps: 0.05 });
  for (const inputs of [[draw(2, 3)], [draw(2, 2, 3), draw(3)]]) {
    gradcheck((x, weight) => norm(x!, weight), inputs);
    gradgradcheck((x, weight) => norm(x!, weight), inputs);
  }
  gradcheck((x, weight) => rmsNorm(x!, [2, 3], { weight: weight! }), [draw(4, 2, 3), draw(2, 3)]);
});

test("a row of zeros stays one", () => {
  expect(rmsNorm(tensor([[0, 0]]), [2]).toArray()).toEqual([[0, 0]]);
});

test("shapes that do not fit are named", () => {
  expect(() => rmsNorm(draw(2, 3), [4])).toThrow(/\[2, 3\].*end in the normalised shape \[4\]/);
  expect(() => rmsNorm(draw(2, 3), [3], { weight: draw(2) })).toThrow(/weight has shape \[2\]; expected \[3\]/);
});
