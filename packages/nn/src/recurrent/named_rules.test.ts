import { Generator, randn, type Tensor, tensor, zeros } from "@heddle/tensor";
import { expect, test } from "vitest";
import { GRU, LSTM, type RecurrentKind, recurrentRule, recurrentSequence, RNN } from "../mod.ts";

test.each<[RecurrentKind, LSTM | GRU | RNN, number[]]>([
  ["LSTM", new LSTM(3, 4, { bidirectional: true }), [0, 3, 1, 2]],
  ["GRU", new GRU(3, 4, { bidirectional: true }), [1, 2, 0]],
  ["RNN", new RNN(3, 4, { bidirectional: true }), [0]],
  ["RNN with ReLU", new RNN(3, 4, { bidirectional: true, nonlinearity: "relu" }), [0]],
])("%s: weights with their gates in another order give the same, gradients included", (kind, layer, order) => {
  const rule = recurrentRule(kind, order);
  expect(recurrentRule(kind, [...order])).toBe(rule);
  const input = randn([5, 2, 3], { generator: new Generator(3) });
  const blocks = (x: Tensor) => x.chunk(order.length, 0);
  const reordered = (x: Tensor): Tensor =>
    x.detach().unflatten(0, [order.length, -1]).indexSelect(0, tensor(order, { dtype: "int32" })).flatten(0, 1)
      .requiresGrad_();
  for (const reverse of [false, true]) {
    const own = layer.weights(0, reverse);
    const weights = {
      weightIh: reordered(own.weightIh),
      weightHh: reordered(own.weightHh),
      biasIh: reordered(own.biasIh!),
      biasHh: reordered(own.biasHh!),
      weightHr: null,
    };
    const states = Array.from({ length: rule.states }, () => zeros([2, 4]));
    const { output } = recurrentSequence(rule, { input, states, weights, mask: null, reverse });
    const wanted = layer.forward(input)[0].narrow(-1, reverse ? 4 : 0, 4);
    expect(output.sub(wanted).abs().amax().item()).toBeLessThan(1e-6);
    layer.zeroGrad();
    for (const y of [output, wanted]) y.mul(randn(y.shape, { generator: new Generator(4) })).sum().backward();
    for (const name of ["weightIh", "weightHh", "biasIh", "biasHh"] as const) {
      const [found, parts] = [blocks(weights[name].grad!), blocks(own[name]!.grad!)];
      order.forEach((gate, i) => expect(found[i]!.sub(parts[gate]!).abs().amax().item(), name).toBeLessThan(1e-5));
    }
  }
});

test("an order has every gate once", () => {
  for (const order of [[0, 1], [0, 1, 1], [1, 2, 3], [0, 1, 2, 3], [0.5, 1, 2]]) {
    expect(() => recurrentRule("GRU", order)).toThrow(/the order is .*; expected each gate from 0 to 2 once/);
  }
});
