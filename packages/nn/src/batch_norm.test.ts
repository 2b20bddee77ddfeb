import { grad, gradcheck, gradgradcheck } from "@heddle/autograd";
import {
  type DType,
  Generator,
  manualSeed,
  memory,
  ones,
  randn,
  scope,
  type Tensor,
  tensor,
  tidy,
} from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { BatchNorm1d, BatchNorm2d, BatchNorm3d, InstanceNorm1d, InstanceNorm2d } from "./batch_norm.ts";
import { deepCopy } from "./deep_copy.ts";
import type { Layer } from "./module.ts";
import { batchNorm, instanceNorm } from "./functional/normalization.ts";

const generator = new Generator(11);
const values = (x: { toTypedArray(): ArrayLike<number | bigint> }): number[] => Array.from(x.toTypedArray(), Number);
const expectClose = (found: number[], expected: number[]): void => {
  expect(found.length).toBe(expected.length);
  found.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 10));
};

/** Checks the gradients of a layer in its input and its own parameters. */
function checkGradients(layer: Layer, x: Tensor): void {
  const own = layer.ownParameters();
  const names = own.map(([name]) => name);
  const forward = (input: Tensor, ...values: Tensor[]): Tensor => {
    names.forEach((name, i) => Object.assign(layer, { [name]: values[i] }));
    return layer.forward(input).pow(3);
  };
  expect(gradcheck(forward, [x, ...layer.parameters()])).toBe(true);
  Object.assign(layer, Object.fromEntries(own));
}

describe("batch normalisation", () => {
  test("gradients, through the statistics", () => {
    const layer = new BatchNorm3d(2, { dtype: "float64" });
    const x = randn([2, 2, 1, 2, 2], { dtype: "float64", generator }).requiresGrad_();
    checkGradients(layer, x);
    layer.eval();
    checkGradients(layer, x);
  });

  test("the statistics need no gradient and survive scopes; a step leaves nothing behind", () => {
    const layer = new BatchNorm1d(2);
    const x = randn([5, 2]).requiresGrad_();
    const before = memory().storages;
    tidy(() => void layer.forward(x));
    expect(memory().storages).toBe(before);
    expect(layer.runningMean!.requiresGrad).toBe(false);
    expect(layer.numBatchesTracked!.item()).toBe(1);
  });

  test("without momentum the statistics are the mean over all batches", () => {
    const layer = new BatchNorm1d(1, { momentum: null });
    layer.forward(tensor([[1], [3]]));
    layer.forward(tensor([[5], [7]]));
    expect(layer.runningMean!.item()).toBeCloseTo(4, 6);
    layer.resetRunningStats();
    expect([layer.runningMean!.item(), layer.runningVar!.item(), layer.numBatchesTracked!.item()]).toEqual([0, 1, 0]);
  });

  test("bad input", () => {
    expect(() => new BatchNorm1d(4).forward(ones([1, 4]))).toThrow(
      /batchNorm: an input of shape \[1, 4\] has one value for each channel/,
    );
    expect(new BatchNorm1d(4).eval().forward(ones([1, 4])).shape).toEqual([1, 4]);
    expect(() => new BatchNorm2d(4).forward(ones([2, 3, 5, 5]))).toThrow(
      "BatchNorm2d: got an input of shape [2, 3, 5, 5]; expected [N, 4, H, W]",
    );
    expect(() => new BatchNorm1d(4).forward(ones([2, 4, 5, 5]))).toThrow(/expected \[N, 4\] or \[N, 4, L\]/);
    expect(() => batchNorm(ones([2, 3]), null, null)).toThrow(
      /batchNorm: without training there must be a running mean/,
    );
    expect(() => batchNorm(ones([2, 3]), ones([2]), ones([3]))).toThrow(
      "batchNorm: runningMean has shape [2]; expected [3]",
    );
    expect(() => batchNorm(ones([3]), null, null, { training: true })).toThrow(/expected an input \[N, C, …\]/);
  });
});

describe("instance normalisation", () => {
  test("with running statistics gives what PyTorch gives, and counts no batches", () => {
    const layer = new InstanceNorm1d(2, { affine: true, trackRunningStats: true, dtype: "float64" });
    const x = tensor([[[1, 2, 4], [0, 0, 3]], [[5, 5, 6], [1, -1, 2]]], { dtype: "float64" });
    const y = layer.forward(x);
    expectClose(values(y.select(0, 0)), [
      -1.0690415314502977,
      -0.2672603828625746,
      1.3363019143128716,
      -0.7071050134262237,
      -0.7071050134262237,
      1.4142100268524473,
    ]);
    expectClose(values(layer.runningMean!), [0.38333333333333336, 0.08333333333333334]);
    expectClose(values(layer.runningVar!), [1.0333333333333332, 1.1666666666666667]);
    expect(layer.numBatchesTracked!.item()).toBe(0);
    expectClose(values(layer.eval().forward(x).select(0, 1)), [
      4.541571937508955,
      4.541571937508955,
      5.525305931193206,
      0.848664787664495,
      -1.002967476330767,
      1.774480919662126,
    ]);
  });

  test("a sample without a batch", () => {
    const x = randn([3, 4, 4]);
    const layer = new InstanceNorm2d(3);
    expect(layer.forward(x).toArray()).toEqual(layer.forward(x.unsqueeze(0)).squeeze(0).toArray());
    expect(Object.keys(layer.stateDict())).toEqual([]);
  });

  test("bad input", () => {
    expect(() => new InstanceNorm2d(3).forward(ones([2, 3, 1, 1]))).toThrow(
      /has one value for each channel of a sample/,
    );
    expect(() => new InstanceNorm2d(3).forward(ones([2, 4, 3, 3]))).toThrow(
      /InstanceNorm2d: got an input of shape \[2, 4, 3, 3\]; expected \[N, 3, H, W\]/,
    );
    expect(() => instanceNorm(ones([2, 3]))).toThrow(/expected an input \[N, C, L, …\]/);
  });
});

describe("freezing", () => {
  const body = (): BatchNorm2d => new BatchNorm2d(2).requiresGrad_(false);

  test("without gradients alone the statistics go on moving", () => {
    const norm = body();
    norm.forward(randn([4, 2, 3, 3]).add(5));
    expect(values(norm.runningMean!).every((mean) => mean > 0.2)).toBe(true);
    expect(norm.numBatchesTracked!.item()).toBe(1);
  });

  test("in evaluation mode as well nothing moves, and gradients pass through to what stands before", () => {
    const norm = body().eval();
    const before = values(norm.stateDict().running_mean!);
    const x = randn([4, 2, 3, 3]).add(5).requiresGrad_();
    norm.forward(x).square().sum().backward();
    expect(values(norm.runningMean!)).toEqual(before);
    expect([norm.numBatchesTracked!.item(), norm.weight!.grad, norm.bias!.grad]).toEqual([0, null, null]);
    expect(x.grad!.abs().sum().item()).toBeGreaterThan(0);
  });

  test("with frozen statistics training mode is as evaluation, and train() changes nothing", () => {
    const images = randn([4, 2, 3, 3]).add(5);
    const norms = [new BatchNorm2d(2), new InstanceNorm2d(2, { trackRunningStats: true })];
    for (const norm of norms) {
      norm.runningMean!.fill_(2);
      const expected = norm.eval().forward(images);
      norm.frozenStatistics = true;
      const frozen = norm.train().forward(images);
      expect(frozen.equal(expected)).toBe(true);
      expect([values(norm.runningMean!), norm.numBatchesTracked!.item()]).toEqual([[2, 2], 0]);
      expect(deepCopy(norm).forward(images).equal(expected)).toBe(true);
      norm.frozenStatistics = false;
      expect(norm.forward(images).allclose(expected)).toBe(false);
    }
    norms[0]!.frozenStatistics = true;
    norms[0]!.train().forward(images).square().sum().backward();
    expect(norms[0]!.weight!.grad!.abs().sum().item()).toBeGreaterThan(0);
  });
});

describe("what follows batch normalisation", () => {
  const shape = [4, 3, 5, 6];
  const inputs = (dtype: DType): Tensor[] =>
    [shape, [3], [3], shape].map((size) => randn(size, { dtype }).requiresGrad_());
  type Form = (
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    residual: Tensor,
  ) => Tensor;
  const options = (weight: Tensor, bias: Tensor) => ({
    weight,
    bias,
    training: true,
  });
  const forms: readonly (readonly [name: string, together: Form, apart: Form])[] = [
    [
      "a rectifier",
      (x, w, b) => batchNorm(x, null, null, { ...options(w, b), activation: "relu" }),
      (x, w, b) => batchNorm(x, null, null, options(w, b)).relu(),
    ],
    [
      "a residual",
      (x, w, b, residual) => batchNorm(x, null, null, { ...options(w, b), residual }),
      (x, w, b, residual) => batchNorm(x, null, null, options(w, b)).add(residual),
    ],
    [
      "both",
      (x, w, b, residual) =>
        batchNorm(x, null, null, {
          ...options(w, b),
          residual,
          activation: "relu",
        }),
      (x, w, b, residual) => batchNorm(x, null, null, options(w, b)).add(residual).relu(),
    ],
    [
      "both, of a residual that lies elsewhere",
      (x, w, b, residual) =>
        batchNorm(x, null, null, {
          ...options(w, b),
          residual: residual.flip([0]),
          activation: "relu",
        }),
      (x, w, b, residual) =>
        batchNorm(x, null, null, options(w, b)).add(residual.flip([0]))
          .relu(),
    ],
    [
      "both, without scale and shift",
      (x, _, __, residual) =>
        batchNorm(x, null, null, {
          training: true,
          residual,
          activation: "relu",
        }),
      (x, _, __, residual) => batchNorm(x, null, null, { training: true }).add(residual).relu(),
    ],
  ];

  for (const [name, together, apart] of forms) {
    test(`${name}: results and gradients as of the operations apart`, () => {
      using _ = scope();
      manualSeed(1);
      const [x, w, b, r] = inputs("float32") as [
        Tensor,
        Tensor,
        Tensor,
        Tensor,
      ];
      const g = randn(shape);
      const of = (form: Form) => {
        const y = form(x, w, b, r);
        return [
          y,
          ...grad([y], [x, w, b, r], { gradOutputs: [g], allowUnused: true }),
        ];
      };
      const wanted = of(apart);
      of(together).forEach((tensor, i) => {
        expect(tensor === null).toBe(wanted[i] === null);
        if (tensor) {
          expect(tensor.allclose(wanted[i]!, { rtol: 1e-5, atol: 1e-5 })).toBe(
            true,
          );
        }
      });
    });
  }

  test("second derivatives", () => {
    using _ = scope();
    manualSeed(2);
    const form = forms[2]![1];
    const small = [[3, 2, 2, 2], [2], [2], [3, 2, 2, 2]].map((size) =>
      randn(size, { dtype: "float64" }).requiresGrad_()
    );
    expect(gradcheck((...t: Tensor[]) => form(...t as Parameters<Form>), small))
      .toBe(true);
    expect(
      gradgradcheck((...t: Tensor[]) => form(...t as Parameters<Form>), small),
    ).toBe(true);
  });

  test("layers, training and not", () => {
    using _ = scope();
    manualSeed(3);
    const norm = new BatchNorm2d(3);
    const [x, residual] = [randn(shape), randn(shape)];
    for (const training of [true, false]) {
      norm.train(training);
      const together = norm.forward(x, { residual, activation: "relu" });
      expect(
        together.allclose(norm.forward(x).add(residual).relu(), { atol: 1e-5 }),
      ).toBe(true);
      expect(norm.forward(x, { activation: "relu" }).amin().item()).toBe(0);
    }
  });

  test("a residual of another shape", () => {
    expect(() =>
      batchNorm(ones([2, 3]), null, null, {
        training: true,
        residual: ones([2, 1]),
      })
    ).toThrow(
      "batchNorm: the residual has shape [2, 1]; expected the input's, [2, 3]",
    );
  });
});
