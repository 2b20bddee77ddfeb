import { noGrad } from "@heddle/autograd";
import { Generator, memory, rand, randn, scope, type Tensor, tidy } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { BatchNorm, BatchNorm1d, BatchNorm2d, BatchNorm3d } from "./batch_norm.ts";
import { Conv1d, Conv2d, Conv3d } from "./conv.ts";
import { Sequential } from "./container.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { ReLU } from "./rectifier.ts";
import { weightNorm } from "./weight_norm.ts";

const generator = new Generator(5);
const normal = (...shape: number[]): Tensor => randn(shape, { generator });

/** A norm in evaluation, with statistics and parameters unlike the initial ones. */
function lived<N extends BatchNorm>(norm: N): N {
  noGrad(() => {
    using _ = scope();
    const { runningMean, runningVar, weight, bias, numFeatures: n } = norm;
    runningMean!.copy_(normal(n));
    runningVar!.copy_(rand([n], { generator }).add(0.1));
    weight?.copy_(normal(n));
    bias?.copy_(normal(n));
  });
  norm.eval();
  return norm;
}

function distance(a: Tensor, b: Tensor): number {
  expect(a.shape).toEqual(b.shape);
  return a.sub(b).abs().amax().item() / b.abs().amax().item();
}

class Pair extends Module {
  readonly conv = new Conv2d(3, 8, 3, { padding: 1 });
  readonly norm = lived(new BatchNorm2d(8));
  forward(x: Tensor): Tensor {
    return this.norm.after(this.conv, x);
  }
  apart(x: Tensor): Tensor {
    return this.norm.forward(this.conv.forward(x));
  }
}

describe("batch normalisation after a layer, in evaluation without gradients", () => {
  const cases = [
    ["Conv1d", new Conv1d(4, 6, 3), lived(new BatchNorm1d(6)), normal(2, 4, 9)],
    ["Conv2d in groups", new Conv2d(4, 6, 3, { groups: 2, stride: 2 }), lived(new BatchNorm2d(6)), normal(2, 4, 9, 9)],
    ["Conv2d, no bias", new Conv2d(9, 12, 3, { bias: false }), lived(new BatchNorm2d(12)), normal(2, 9, 18, 18)],
    [
      "Conv2d, reflecting",
      new Conv2d(4, 6, 3, { padding: 1, paddingMode: "reflect" }),
      lived(new BatchNorm2d(6, { affine: false })),
      normal(2, 4, 9, 9),
    ],
    ["Conv3d", new Conv3d(2, 3, 2), lived(new BatchNorm3d(3)), normal(2, 2, 4, 4, 4)],
    ["Linear", new Linear(7, 5), lived(new BatchNorm1d(5)), normal(4, 7)],
  ] as const;

  test.each(cases)("%s: is one product, equal but for rounding", (_, layer, norm, x) => {
    using _scope = scope();
    noGrad(() => {
      const residual = normal(...norm.forward(layer.forward(x)).shape);
      for (const following of [{}, { activation: "relu" }, { residual }, { residual, activation: "relu" }] as const) {
        const apart = norm.forward(layer.forward(x), following);
        const together = norm.after(layer, x, following);
        expect(distance(together, apart)).toBeLessThan(2e-6);
        // With the same rounding they would not have been folded.
        expect(distance(together, apart)).toBeGreaterThan(0);
      }
    });
  });

  test("follows every change of parameters and statistics", () => {
    using _ = scope();
    const pair = new Pair();
    const { conv, norm } = pair;
    const x = normal(2, 3, 8, 8);
    const other = new Pair().stateDict();
    const square = rand([8, 8], { generator }).add(0.1);
    const changes: readonly (() => unknown)[] = [
      () => conv.weight.mul_(2),
      () => conv.weight.at(1).fill_(0.5),
      () => conv.weight.detach().flatten().narrow(0, 3, 5).zero_(),
      () => conv.bias!.add_(1),
      () => norm.weight!.neg_(),
      () => norm.bias!.normal_(0, 1, { generator }),
      () => norm.runningMean!.copy_(normal(8)),
      () => norm.runningVar!.add_(3),
      () => norm.runningVar = square.at(0), // a row, a column and the diagonal begin at the same element
      () => norm.runningVar = square.select(1, 0),
      () => norm.runningVar = square.diagonal(),
      () => norm.train().forward(normal(2, 8, 4, 4)) && norm.eval(),
      () => pair.loadStateDict(other),
      () => pair.to("float64").to("float32").conv.weight.neg_(),
      () => conv.weight = new Conv2d(3, 8, 3).weight,
    ];
    noGrad(() => {
      let last = pair.forward(x);
      for (const change of changes) {
        change();
        const now = pair.forward(x);
        expect([change.toString(), distance(now, pair.apart(x)) < 2e-6]).toEqual([change.toString(), true]);
        expect([change.toString(), distance(now, last) > 1e-3]).toEqual([change.toString(), true]);
        last = now;
      }
    });
  });

  test("keeps one folded weight and bias, which training frees, and the end of the statistics", () => {
    using _ = scope();
    const x = normal(2, 3, 8, 8);
    const pair = new Pair();
    const forward = (): void => noGrad(() => tidy(() => void pair.forward(x)));
    const loaded = memory().storages;
    forward();
    const kept = memory().storages;
    expect(kept).toBe(loaded + 2);
    noGrad(() => tidy(() => void pair.conv.weight.mul_(2)));
    forward();
    expect(memory().storages).toBe(kept);
    pair.norm.train();
    forward();
    expect(memory().storages).toBe(loaded);
    pair.norm.eval();
    forward();
    expect(memory().storages).toBe(kept);
    pair.norm.runningMean!.dispose();
    expect(memory().storages).toBe(loaded - 1);
  });

  test("with gradients, hooks, a computed weight or a view of one image the layers run one by one", () => {
    using _ = scope();
    const x = normal(2, 3, 8, 8);
    const pair = new Pair();
    const exact = (): void => expect(pair.forward(x).toArray()).toEqual(pair.apart(x).toArray());
    exact();
    pair.forward(x).sum().backward();
    expect(pair.conv.weight.grad).not.toBe(null);
    noGrad(() => {
      const seen: number[][] = [];
      {
        using _ = pair.conv.registerForwardHook((_module, _args, y) => void seen.push([...(y as Tensor).shape]));
        exact();
      }
      using _ = pair.norm.registerForwardHook((_module, _args, y) => void seen.push([...(y as Tensor).shape]));
      exact();
      expect(seen).toEqual(Array(4).fill([2, 8, 8, 8]));
    });
    weightNorm(pair.conv);
    noGrad(exact);
    expect(() => noGrad(() => new Pair().forward(normal(3, 8, 8)))).toThrow(
      /BatchNorm2d: got an input of shape \[8, 8, 8\]/,
    );
  });

  test("refuses what normalisation alone refuses, with the same words", () => {
    using _ = scope();
    const pair = new Pair();
    const { conv, norm } = pair;
    const x = normal(2, 3, 8, 8);
    const refusals: readonly (readonly [unknown, RegExp])[] = [
      [
        { residual: normal(1, 8, 1, 1) },
        /^batchNorm: the residual has shape \[1, 8, 1, 1\]; expected the input's, \[2, 8, 8, 8\]$/,
      ],
      [{ residual: normal(3, 2, 8, 8, 8) }, /^batchNorm: the residual has shape \[3, 2, 8, 8, 8\]/],
      [{ activation: "gelu" }, /^batchNorm: activation is "gelu"; use one of "none", "relu"$/],
      [{ activation: "gelu", residual: normal(2, 8, 8, 8) }, /^batchNorm: activation is "gelu"/],
      [{ relu: true }, /^batchNorm: unknown option "relu"/],
      [{ eps: 100 }, /^batchNorm: unknown option "eps"/],
    ];
    noGrad(() => {
      const both = (following: unknown, message: RegExp): void => {
        expect(() => norm.forward(conv.forward(x), following as object)).toThrow(message);
        expect(() => norm.after(conv, x, following as object)).toThrow(message);
      };
      for (const [following, message] of refusals) both(following, message);
      (norm as { eps: number }).eps = NaN;
      both({}, /^batchNorm: eps is NaN; expected a number$/);
    });
  });

  test("a Sequential takes the layer before and the ReLU after it along", () => {
    using _ = scope();
    const layers = [
      new Conv2d(3, 8, 3),
      lived(new BatchNorm2d(8)),
      new ReLU(),
      new Conv2d(8, 4, 3),
      new ReLU(),
    ] as const;
    const net = new Sequential(...layers).eval();
    const x = normal(2, 3, 8, 8);
    const oneByOne = (): Tensor => layers.reduce((y, layer) => layer.forward(y), x);
    expect(net.forward(x).toArray()).toEqual(oneByOne().toArray());
    noGrad(() => {
      expect(distance(net.forward(x), oneByOne())).toBeLessThan(2e-6);
      const seen: number[] = [];
      using _ = layers[2].registerForwardHook((_module, _args, y) => void seen.push((y as Tensor).ndim));
      net.forward(x);
      expect(seen).toEqual([4]);
    });
  });
});
