/** @module-tag once */
import {
  cat,
  conv2d,
  convTranspose2d,
  einsum,
  fft,
  irfft,
  istft,
  maxPool2d,
  randn,
  rfft,
  stack,
  stft,
  type Tensor,
  tensor,
  where,
} from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { type Checked, customFunction, gradcheck, gradgradcheck, hessian, jacobian } from "./mod.ts";

const double = (...shape: number[]): Tensor => randn(shape, { dtype: "float64", requiresGrad: true });
const positive = (...shape: number[]): Tensor => double(...shape).detach().abs().add(0.5).requiresGrad_();

/** Smooth near their inputs: checked to the second derivative. */
const smooth: Record<string, [Checked, () => Tensor[]]> = {
  "mul, broadcast": [(a, b) => a!.mul(b!), () => [double(2, 3), double(3)]],
  div: [(a, b) => a!.div(b!), () => [double(2, 2), positive(2, 1)]],
  pow: [(a, b) => a!.pow(b!), () => [positive(3), double(3)]],
  "pow of a number": [(a) => a!.pow(3), () => [double(3)]],
  atan2: [(a, b) => a!.atan2(b!), () => [positive(2), positive(2)]],
  "exp log sqrt": [(a) => a!.exp().add(a!.log()).mul(a!.sqrt()), () => [positive(4)]],
  "sin cos tan": [(a) => a!.sin().mul(a!.cos()).add(a!.mul(0.3).tan()), () => [double(4)]],
  "sinh cosh tanh sigmoid": [(a) => a!.sinh().div(a!.cosh()).add(a!.tanh()).mul(a!.sigmoid()), () => [double(4)]],
  "erf erfc erfinv": [(a) => a!.erf().mul(0.9).erfinv().add(a!.erfc()), () => [double(4)]],
  softmax: [(a) => a!.softmax(1).mul(a!.logSoftmax(0)), () => [double(2, 3)]],
  logsumexp: [(a) => a!.logsumexp(1), () => [double(2, 3)]],
  "var mean norm": [(a) => a!.var(1).add(a!.mean()).mul(a!.norm(3)), () => [double(2, 3)]],
  prod: [(a) => a!.prod(1), () => [double(2, 4)]],
  cumprod: [(a) => a!.cumprod(1), () => [positive(2, 3)]],
  cumsum: [(a) => a!.cumsum(0).square(), () => [double(3, 2)]],
  "matmul, batched": [(a, b) => a!.matmul(b!), () => [double(2, 1, 2, 3), double(2, 3, 2)]],
  einsum: [(a, b) => einsum("bij,kj->bik", a!, b!), () => [double(2, 2, 3), double(2, 3)]],
  conv2d: [(x, w) => conv2d(x!, w!, { stride: 2, padding: 1 }), () => [double(1, 2, 4, 4), double(2, 2, 3, 3)]],
  "conv2d, groups and dilation": [
    (x, w) => conv2d(x!, w!, { dilation: 2, groups: 2 }),
    () => [double(1, 2, 5, 5), double(4, 1, 2, 2)],
  ],
  convTranspose2d: [
    (x, w) => convTranspose2d(x!, w!, { stride: 2, padding: 1, outputPadding: 1 }),
    () => [double(1, 2, 3, 3), double(2, 1, 3, 3)],
  ],
  "fft, one product": [(a) => fft(a!).pow(3), () => [double(2, 5, 2)]],
  "fft, two passes": [(a) => fft(a!, { n: 66 }).narrow(0, 3, 4).pow(3), () => [double(7, 2)]],
  "fft, Bluestein": [(a) => fft(a!, { n: 211 }).narrow(0, 9, 3).pow(3), () => [double(6, 2)]],
  "rfft and irfft": [(a) => irfft(rfft(a!, { norm: "ortho" }).square(), { n: 7 }), () => [double(2, 6)]],
  "stft and istft": [
    (x, w) => istft(stft(x!, 6, { window: w!, hopLength: 2 }), 6, { window: w!, hopLength: 2 }).square(),
    () => [double(12), positive(6)],
  ],
  "views and joins": [
    (a, b) => cat([a!.t().narrow(0, 0, 2), b!.diagonal().unsqueeze(1).expand(2, 2)], 1).square(),
    () => [double(2, 3), double(2, 2)],
  ],
  unfold: [(a) => a!.unfold(0, 3, 2).prod(1), () => [double(7)]],
  "median quantile kthvalue": [
    (a) => a!.median(1).values.mul(a!.kthvalue(2, 1).values).add(a!.quantile(0.3, 1).square()).mul(a!.median()),
    () => [double(3, 5)],
  ],
  "nansum nanmean nanToNum": [
    (a) => {
      const holes = a!.square().maskedFill(tensor([false, true, false]), NaN);
      return holes.nansum(1).mul(holes.nanmean(0, { keepdim: true }).nanToNum().sum());
    },
    () => [double(2, 3)],
  ],
  "cummax cummin": [(a) => a!.cummax(1).values.mul(a!.cummin(0).values), () => [double(3, 5)]],
  logcumsumexp: [(a) => a!.logcumsumexp(0), () => [double(5, 2)]],
  "addmm addmv addr": [
    (x, a, b, v) => x!.addmm(a!, b!, { alpha: 2, beta: 0.5 }).addr(v!, v!).add(v!.addmv(a!, b!.select(1, 0))),
    () => [double(3, 3), double(3, 2), double(2, 3), double(3)],
  ],
  "addbmm baddbmm": [
    (x, a, b) => x!.addbmm(a!, b!, { alpha: 2 }).mul(x!.baddbmm(a!, b!, { beta: 3 })),
    () => [double(3, 3), double(2, 3, 2), double(2, 2, 3)],
  ],
  "addcmul addcdiv": [
    (x, a, b) => x!.addcmul(a!, b!, { value: 2 }).mul(x!.addcdiv(a!, b!)),
    () => [double(3), double(2, 3), positive(3)],
  ],
  "dist cdist cross": [
    (a, b) => a!.cdist(b!).add(a!.cdist(b!, 3)).mul(a!.dist(b!)).add(a!.cross(b!).sum()),
    () => [double(2, 3), double(2, 3)],
  ],
  "diag diagEmbed trace": [
    (a) => a!.mul(a!).diagEmbed({ offset: 1 }).sum(0).trace().mul(a!.t().diag().square().diag(-1)),
    () => [double(2, 3)],
  ],
  repeatInterleave: [(a) => a!.square().repeatInterleave([2, 0, 1], 1).repeatInterleave(2), () => [double(2, 3)]],
  "rsub rdiv rpow logit": [
    (a) => a!.rsub(2, { alpha: 3 }).mul(a!.rdiv(2)).add(a!.rpow(2)).mul(a!.mul(0.1).logit()),
    () => [positive(4)],
  ],
  "scatter, means and without itself": [
    (a, b) => {
      const index = tensor([[0, 0, 1], [1, 1, 1]], { dtype: "int32" });
      return a!.scatter(0, index, b!, { reduce: "mean" })
        .mul(a!.scatter(0, index, b!, { reduce: "prod", includeSelf: false }))
        .add(a!.scatter(0, index, b!, { reduce: "amax", includeSelf: false }).square());
    },
    () => [double(3, 3), double(2, 3)],
  ],
  takeAlongDim: [
    (a) => a!.takeAlongDim(tensor([[2], [0]], { dtype: "int32" }), 1).square(),
    () => [double(2, 3)],
  ],
  "tensordot inner kron": [
    (a, b) => a!.tensordot(b!, [[0], [0]]).add(a!.t().inner(b!.t())).sum().mul(a!.kron(b!)),
    () => [double(2, 3), double(2, 3)],
  ],
  "diff rot90 tensorSplit": [
    (a) => a!.square().diff(2).mul(a!.rot90(2).tensorSplit([2], 1)[0]!),
    () => [double(2, 4)],
  ],
  "cov corrcoef stdMean": [
    (a) => {
      const { std, mean } = a!.stdMean(1);
      return a!.cov().mul(a!.corrcoef()).add(std.mul(mean));
    },
    () => [double(3, 5)],
  ],
  "lgamma digamma": [(a) => a!.lgamma().mul(a!.digamma()), () => [double(5)]],
  "lgamma digamma, large": [(a) => a!.mul(9).lgamma().add(a!.mul(7).digamma()), () => [positive(4)]],
  "xlogy hypot": [
    (a, b) => a!.xlogy(b!).mul(a!.hypot(b!)),
    () => [double(4), positive(4)],
  ],
  "stack flip roll": [(a) => stack([a!, a!.flip(0), a!.roll(1)]).square(), () => [double(3)]],
};

/** With kinks, or linear: the first derivative. */
const kinked: Record<string, [Checked, () => Tensor[]]> = {
  "abs relu clamp": [(a) => a!.abs().add(a!.relu()).add(a!.clamp({ min: -0.5, max: 0.5 })), () => [double(6)]],
  "maximum minimum": [(a, b) => a!.maximum(b!).mul(a!.minimum(b!)), () => [double(4), double(4)]],
  "fmax fmin copysign": [
    (a, b) => a!.fmax(b!).mul(a!.fmin(b!)).mul(a!.copysign(b!)),
    () => [double(4), double(4)],
  ],
  where: [(a, b) => where(a!.detach().gt(0), a!, b!), () => [double(4), double(4)]],
  "max pool": [(a) => maxPool2d(a!, 2), () => [double(1, 1, 4, 4)]],
  "max and sort": [(a) => a!.max(1).values.mul(a!.sort(1).values.select(1, 0)), () => [double(2, 4)]],
  "cumprod with zeros": [
    (a) => a!.cumprod(0),
    () => [tensor([1, 0, 2, 0, 3], { dtype: "float64", requiresGrad: true })],
  ],
  "prod with a zero": [(a) => a!.prod(), () => [tensor([1, 0, 2], { dtype: "float64", requiresGrad: true })]],
  "remainder fmod": [(a, b) => a!.remainder(b!).add(a!.fmod(b!)), () => [positive(3), positive(3)]],
  "writes through views": [
    (a) => {
      const y = a!.clone();
      y.at("1:3").mul_(2);
      y.at(0).copy_(y.at(3));
      return y.square();
    },
    () => [double(5)],
  ],
};

describe("gradients agree with finite differences", () => {
  for (const [name, [fn, inputs]] of Object.entries(smooth)) {
    test(`${name}, twice`, () => {
      expect(gradcheck(fn, inputs())).toBe(true);
      expect(gradgradcheck(fn, inputs())).toBe(true);
    });
  }
  for (const [name, [fn, inputs]] of Object.entries(kinked)) {
    test(name, () => {
      expect(gradcheck(fn, inputs())).toBe(true);
    });
  }
});

describe("gradcheck", () => {
  test("finds a wrong gradient and says where", () => {
    const wrong = customFunction({ forward: (_, x: Tensor) => x.square(), backward: (_, g) => g });
    expect(() => gradcheck((x) => wrong(x!), [double(2)])).toThrow(/d output 0\[0\] \/ d input 0\[0\]/);
  });

  test("wants float64 and something to check", () => {
    expect(() => gradcheck((x) => x!.exp(), [randn([2], { requiresGrad: true })])).toThrow(/float64/);
    expect(() => gradcheck((x) => x!.exp(), [double(2).detach()])).toThrow(/needs a gradient/);
  });
});

describe("customFunction", () => {
  const product = customFunction({
    name: "product",
    forward(context, a: Tensor, b: Tensor) {
      context.saveForBackward(a, b);
      return a.mul(b);
    },
    backward(context, g) {
      const [a, b] = context.savedTensors as [Tensor, Tensor];
      return [g.mul(b), g.mul(a)];
    },
  });

  test("has its own gradient, twice differentiable", () => {
    const inputs = [double(2, 3), double(3)];
    expect(gradcheck((a, b) => product(a!, b!.expand(2, 3)), inputs)).toBe(true);
    expect(gradgradcheck((a, b) => product(a!, b!.expand(2, 3)), inputs)).toBe(true);
    expect(product(double(2), double(2)).gradFn!.name).toBe("product");
  });

  test("with several outputs, other arguments and saved outputs", () => {
    const split = customFunction({
      forward(context, x: Tensor, factor: number): readonly Tensor[] {
        const e = x.exp();
        context.saveForBackward(e);
        context.factor = factor;
        return [e, x.mul(factor)];
      },
      backward: (context, ge, gx) => ge!.mul(context.savedTensors[0]!).add(gx!.mul(context.factor as number)),
    });
    expect(gradcheck((x) => split(x!, 3), [double(3)])).toBe(true);
    expect(gradcheck((x) => split(x!, 3)[1]!, [double(3)])).toBe(true);
  });

  test("wants one gradient for each tensor argument", () => {
    const short = customFunction({
      name: "short",
      forward: (_, a: Tensor, b: Tensor) => a.add(b),
      backward: (_, g) => [g],
    });
    expect(() => short(double(1), double(1)).backward()).toThrow(/short.*1 gradients for 2/);
  });
});

describe("jacobian and hessian", () => {
  test("have the shapes of output and input", () => {
    const x = tensor([[1, 2], [3, 4]]);
    expect(jacobian((x) => x.sum(0), x).shape).toEqual([2, 2, 2]);
    expect(jacobian((x) => x.square(), tensor([1, 2])).toArray()).toEqual([[2, 0], [0, 4]]);
    expect(hessian((x) => x.pow(3).sum(), tensor([1, 2])).toArray()).toEqual([[6, 0], [0, 12]]);
    expect(() => hessian((x) => x, tensor([1, 2]))).toThrow(/one number/);
  });
});
