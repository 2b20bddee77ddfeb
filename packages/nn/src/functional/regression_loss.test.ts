import { gradcheck } from "@heddle/autograd";
import { Generator, ones, randn, type Tensor, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { gaussianNllLoss, huberLoss, klDiv, l1Loss, mseLoss, poissonNllLoss, smoothL1Loss } from "./regression_loss.ts";

const generator = new Generator(29);
const numbers = (x: Tensor): number[] => Array.from(x.toTypedArray(), Number);
const double = { dtype: "float64", generator } as const;
const a = tensor([[0.5, -1, 2], [1.5, 0.25, -0.75]], { dtype: "float64" });
const b = tensor([[1, 0, 0.5], [0, 2, 1]], { dtype: "float64" });

test("gaussianNllLoss refuses negative variances", () => {
  for (const device of ["cpu", "reference"]) {
    const of = (...values: number[]) => tensor(values, { device });
    expect(() => gaussianNllLoss(of(1, 2), of(1, 2), of(1, -2))).toThrow("gaussianNllLoss: the variance holds -2");
    expect(gaussianNllLoss(of(1, 2), of(1, 2), of(1, 1)).item()).toBe(0);
  }
});

describe("poissonNllLoss", () => {
  test("gives what PyTorch gives", () => {
    const expected = [
      1.1487212707001282,
      0.36787944117144233,
      6.38905609893065,
      4.4816890703380645,
      0.7840254166877414,
      1.2223665527410148,
    ];
    numbers(poissonNllLoss(a, b, { reduction: "none" })).forEach((value, i) =>
      expect(value).toBeCloseTo(expected[i]!, 12)
    );
    expect(poissonNllLoss(a.abs(), b.mul(3), { logInput: false, full: true }).item()).toBeCloseTo(
      4.4239899545181265,
      12,
    );
  });

  test("gradients", () => {
    const [x, y] = [randn([4], double).abs().add(0.5).requiresGrad_(), randn([4], double).abs().mul(3).requiresGrad_()];
    expect(gradcheck((p, q) => poissonNllLoss(p!, q!, { logInput: false, full: true }), [x, y])).toBe(true);
  });
});

describe("far apart", () => {
  test.each([["smoothL1Loss", smoothL1Loss], ["huberLoss", huberLoss]] as const)("%s has finite slopes", (_, loss) => {
    const x = tensor([1e30, -Infinity, 0.5]).requiresGrad_();
    const result = loss(x, tensor([0, 0, 0]), { reduction: "none" });
    result.sum().backward();
    expect(numbers(result)[1]).toBe(Infinity);
    expect(numbers(x.grad!)).toEqual([1, -1, 0.5]);
  });
});

describe("klDiv", () => {
  test("a target of 0 adds nothing, and has the slope of the input", () => {
    const target = tensor([0, 1]).requiresGrad_();
    const loss = klDiv(tensor([-1, -2]), target, { reduction: "none" });
    expect(numbers(loss)).toEqual([0, 2]);
    loss.sum().backward();
    expect(numbers(target.grad!)[1]).toBeCloseTo(3, 6);
  });

  test("batchmean divides by the batch", () => {
    expect(klDiv(ones([4, 3]).neg(), ones([4, 3]), { reduction: "batchmean" }).item()).toBeCloseTo(3, 6);
  });

  test("unknown reductions", () => {
    expect(() => klDiv(a, b, { reduction: "batch" as "sum" })).toThrow(
      'klDiv: unknown reduction "batch"; use "none", "mean", "sum", "batchmean"',
    );
  });
});

describe("gaussianNllLoss", () => {
  test("takes one variance a row, with or without its dimension", () => {
    const variance = tensor([0.5, 2], { dtype: "float64" });
    const expected = gaussianNllLoss(a, b, variance.unsqueeze(1).expand([2, 3])).item();
    expect(gaussianNllLoss(a, b, variance).item()).toBeCloseTo(expected, 12);
    expect(gaussianNllLoss(a, b, variance.unsqueeze(1)).item()).toBeCloseTo(expected, 12);
    expect(() => gaussianNllLoss(a, b, ones([3]))).toThrow(
      /gaussianNllLoss: the input has shape \[2, 3\], the variance \[3\]/,
    );
  });
});

test("shapes that would broadcast are refused", () => {
  for (const [name, loss] of Object.entries({ mseLoss, l1Loss, smoothL1Loss, huberLoss, klDiv, poissonNllLoss })) {
    expect(() => loss(ones([4, 1]), ones([4])), name).toThrow(
      `${name}: the input has shape [4, 1], the target [4]; they must be equal`,
    );
  }
});

test("bad options", () => {
  expect(() => smoothL1Loss(a, b, { beta: -1 })).toThrow(/beta -1 is negative/);
  expect(() => huberLoss(a, b, { delta: 0 })).toThrow(/delta 0 is not positive/);
  expect(() => mseLoss(a, b, { reduction: "rms" as "mean" })).toThrow(/mseLoss: unknown reduction "rms"/);
});

test("an infinite variance makes an infinite loss, not NaN", () => {
  const variance = tensor([Infinity], { requiresGrad: true });
  const loss = gaussianNllLoss(tensor([1]), tensor([3]), variance);
  loss.backward();
  expect([loss.item(), variance.grad!.item()]).toEqual([Infinity, 0]);
});
