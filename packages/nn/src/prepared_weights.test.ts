import { isGradEnabled, noGrad } from "@heddle/autograd";
import { fused, Generator, randn, scope, type Tensor } from "@heddle/tensor";
import { expect, test } from "vitest";
import { Conv2d } from "./conv.ts";
import { Linear } from "./linear.ts";
import type { Module } from "./module.ts";
import { GRU, LSTM } from "./recurrent/mod.ts";
import { TransformerEncoderLayer } from "./transformer/mod.ts";

const generator = new Generator(8);
const descend = fused("descend", (p, g) => p.sub(g.mul(0.1)));

/** Networks with the shapes of their inputs, and what they compute. */
const networks: Readonly<Record<string, () => readonly [Module, number[], (x: Tensor) => Tensor]>> = {
  Linear() {
    const net = new Linear(20, 30);
    return [net, [7, 20], (x) => net.forward(x)];
  },
  Conv2d() {
    const net = new Conv2d(9, 16, 3, { padding: 1 });
    return [net, [2, 9, 12, 12], (x) => net.forward(x)];
  },
  GRU() {
    const net = new GRU(6, 10);
    return [net, [5, 3, 6], (x) => net.forward(x)[0]];
  },
  LSTM() {
    const net = new LSTM(6, 10, { bidirectional: true });
    return [net, [5, 3, 6], (x) => net.forward(x)[0]];
  },
  TransformerEncoderLayer() {
    const net = new TransformerEncoderLayer(16, 2, { dimFeedforward: 32, dropout: 0, batchFirst: true });
    return [net, [3, 8, 16], (x) => net.forward(x)];
  },
};

test.each(Object.keys(networks))(
  "%s without gradients: the bits are those with gradients, whatever changed before",
  (name) => {
    using _ = scope();
    const [net, shape, forward] = networks[name]!();
    net.eval();
    const x = randn(shape, { generator });
    const other = networks[name]!()[0].stateDict();
    const changes: readonly (() => unknown)[] = [
      () => undefined,
      () => net.loadStateDict(other),
      () => {
        forward(x).square().sum().backward();
        noGrad(() => {
          for (const p of net.parameters()) descend([p, p.grad!], p);
        });
        net.zeroGrad();
      },
      () => noGrad(() => net.parameters().map((p) => p.flatten().narrow(0, 1, 1).fill_(0.3))),
      () => net.to("float64").to("float32"),
    ];
    for (const change of changes) {
      noGrad(() => forward(x));
      change();
      expect(isGradEnabled()).toBe(true);
      const recorded = forward(x).toArray();
      for (let i = 0; i < 2; i++) {
        expect([change.toString(), noGrad(() => forward(x).toArray())]).toEqual([
          change.toString(),
          recorded,
        ]);
      }
    }
  },
);
