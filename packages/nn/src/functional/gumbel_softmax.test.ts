import { grad, gradcheck } from "@heddle/autograd";
import { Generator, randn, tensor, zeros } from "@heddle/tensor";
import { expect, test } from "vitest";
import { gumbelSoftmax } from "./gumbel_softmax.ts";

test("hard draws are one-hot, with the frequencies of softmax", () => {
  const logits = tensor([0.5, -1, 2, 0]);
  const count = 20_000;
  const draws = gumbelSoftmax(logits.expand([count, 4]), { hard: true, tau: 0.7, generator: new Generator(1) });
  expect(draws.sum(1).sub(1).abs().amax().item()).toBeLessThan(1e-6);
  const wanted = logits.softmax(0).toTypedArray();
  const found = draws.mean(0).toTypedArray();
  for (const [i, p] of wanted.entries()) {
    // Five standard errors.
    expect(Math.abs(Number(found[i]) - Number(p))).toBeLessThan(5 * Math.sqrt(Number(p) * (1 - Number(p)) / count));
  }
});

test("soft draws sum to 1 along the dimension, and tau sharpens them", () => {
  const logits = randn([3, 5], { generator: new Generator(2) });
  const draw = (tau: number) => gumbelSoftmax(logits, { tau, dim: 0, generator: new Generator(3) });
  expect(draw(1).sum(0).sub(1).abs().amax().item()).toBeLessThan(1e-6);
  expect(draw(0.1).amax(0).mean().item()).toBeGreaterThan(draw(5).amax(0).mean().item());
  expect(gumbelSoftmax(logits.half()).dtype).toBe("float16");
  expect(gumbelSoftmax(zeros([0, 3])).shape).toEqual([0, 3]);
});

test("a hard draw has the gradient of the soft one", () => {
  const logits = randn([4, 3], { dtype: "float64", generator: new Generator(4) }).requiresGrad_();
  const weight = randn([4, 3], { dtype: "float64", generator: new Generator(5) });
  const gradient = (hard: boolean) =>
    grad(gumbelSoftmax(logits, { hard, generator: new Generator(6) }).mul(weight).sum(), [logits])[0]!;
  expect(gradient(true).equal(gradient(false))).toBe(true);
  expect(gradcheck((x) => gumbelSoftmax(x, { tau: 0.8, generator: new Generator(7) }), [logits])).toBe(true);
});

test("errors", () => {
  expect(() => gumbelSoftmax(zeros([3]), { tau: 0 })).toThrow("the temperature tau is 0; expected a number above 0");
  expect(() => gumbelSoftmax(zeros([3]), { tau: { tau: 1 } as never })).toThrow('tau is {"tau":1}; expected a number');
  expect(() => gumbelSoftmax(zeros([3]), { dim: 1 })).toThrow(RangeError);
  expect(() => gumbelSoftmax(zeros([3]).int())).toThrow("gumbelSoftmax: the logits are int32; cast");
});
