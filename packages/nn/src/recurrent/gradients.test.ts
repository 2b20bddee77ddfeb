/** @module-tag once */
import { enableGrad, grad, gradcheck } from "@heddle/autograd";
import { GRU, LSTM, type RecurrentForwardOptions, RNN } from "../mod.ts";
import { manualSeed, randn, Tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";

type Layer = GRU | LSTM | RNN;

/** A layer as a function of its input, the states before, and all parameters: a sum of all that it gives, weighted at random. */
function asFunction(layer: Layer, stated: number, options: RecurrentForwardOptions) {
  const names = Object.keys(layer).filter((name) =>
    (layer as unknown as Record<string, unknown>)[name] instanceof Tensor
  );
  const parameters = layer.parameters().map((parameter) => parameter.detach().clone().requiresGrad_());
  const weights: Tensor[] = [];
  const run = (...[x, ...others]: Tensor[]): Tensor => {
    const given = others.splice(0, stated);
    names.forEach((name, i) => Object.assign(layer, { [name]: others[i] }));
    const results = layer instanceof LSTM
      ? layer.forward(x!, given as [Tensor, Tensor], options).flat()
      : layer.forward(x!, given[0], options);
    return results.reduce(
      (sum, result, i) => sum.add(result.mul(weights[i] ??= randn(result.shape, float64)).sum()),
      zero,
    );
  };
  return { parameters, run };
}

const float64 = { dtype: "float64" } as const;
const zero = zeros([], float64);
const leaf = (...shape: number[]): Tensor => randn(shape, { ...float64, requiresGrad: true });

describe("gradients of recurrent layers", () => {
  const kinds: readonly (readonly [string, (options: object) => Layer, number])[] = [
    ["RNN", (options) => new RNN(2, 2, options), 1],
    ["GRU", (options) => new GRU(2, 2, options), 1],
    ["LSTM", (options) => new LSTM(2, 2, options), 2],
    ["LSTM with projections", (options) => new LSTM(2, 2, { ...options, projSize: 1 }), 2],
  ];
  const statesOf = (name: string, layers: number, batch: number): Tensor[] =>
    (name.endsWith("projections") ? [1, 2] : name === "LSTM" ? [2, 2] : [2]).map((size) => leaf(layers, batch, size));

  test.each(kinds)("%s: those of everything that goes in are the finite differences", (name, make, states) => {
    manualSeed(4);
    for (const options of [{}, { lengths: [3, 1] }]) {
      const { parameters, run } = asFunction(make({ ...float64, bidirectional: true }), states, options);
      expect(gradcheck(run, [leaf(3, 2, 2), ...statesOf(name, 2, 2), ...parameters])).toBe(true);
    }
  });

  test.each(kinds)("%s: and so are their own", (name, make, states) => {
    manualSeed(5);
    const { parameters, run } = asFunction(make(float64), states, { lengths: [2, 1] });
    const inputs = [leaf(2, 2, 2), ...statesOf(name, 1, 2), ...parameters];
    const directions = inputs.map(({ shape }) => randn(shape, float64));
    const along = (...given: Tensor[]): Tensor =>
      enableGrad(() => {
        const points = given.map((x) => x.requiresGrad ? x : x.requiresGrad_());
        const found = grad(run(...points), points, { createGraph: true });
        return found.reduce<Tensor>((sum, gradient, i) => sum.add(gradient!.mul(directions[i]!).sum()), zero);
      });
    expect(gradcheck(along, inputs)).toBe(true);
  });

  test("of what is wanted only", () => {
    const gru = new GRU(3, 4).requiresGrad_(false);
    gru.weights(0).biasHh!.requiresGrad = true;
    const [, hN] = gru.forward(randn([3, 2, 3]));
    hN.sum().backward();
    const { weightIh, weightHh, biasIh, biasHh } = gru.weights(0);
    expect([weightIh.grad, weightHh.grad, biasIh!.grad]).toEqual([null, null, null]);
    expect(biasHh!.grad!.abs().sum().item()).toBeGreaterThan(0);
  });

  test("a result that was overwritten is noticed", () => {
    const [output] = new GRU(2, 3).forward(randn([3, 2, 2]));
    output.detach().mul_(2);
    expect(() => output.sum().backward()).toThrow(/modified by an in-place operation/);
  });
});
