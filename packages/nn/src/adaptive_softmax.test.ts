import { grad } from "@heddle/autograd";
import { randn, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { AdaptiveLogSoftmaxWithLoss } from "./adaptive_softmax.ts";

describe("AdaptiveLogSoftmaxWithLoss", () => {
  const layer = new AdaptiveLogSoftmaxWithLoss(16, 10, [3, 6], { divValue: 2, headBias: true, dtype: "float64" });
  const x = randn([5, 16], { dtype: "float64", requiresGrad: true });
  const labels = tensor([0, 9, 4, 2, 7], { dtype: "int32" });

  test("the log-probabilities of labels are among those of all classes", () => {
    const all = layer.logProb(x);
    expect(all.exp().sum(1).toArray()).toEqual([1, 1, 1, 1, 1].map((value) => expect.closeTo(value)));
    for (const target of [labels, labels.long(), labels.mul(0).add(5)]) {
      const { output, loss } = layer.forward(x, target);
      const expected = all.gather(1, target.to("int32").unsqueeze(1)).squeeze(1);
      expect(output.allclose(expected)).toBe(true);
      expect(loss.item()).toBeCloseTo(-expected.mean().item());
      const inputs = [x, layer.head.weight, layer.tail.at(0).parameters()[0]!];
      const ours = grad([loss], inputs, { retainGraph: true, allowUnused: true });
      const theirs = grad([expected.mean().neg()], inputs, { retainGraph: true, allowUnused: true });
      ours.forEach((each, i) => expect((each ?? inputs[i]!.mul(0)).allclose(theirs[i]!)).toBe(true));
    }
  });

  test("without a batch; predictions", () => {
    const { output } = layer.forward(x.select(0, 1), labels.select(0, 1));
    expect(output.shape).toEqual([]);
    expect(output.item()).toBeCloseTo(layer.forward(x, labels).output.at(1).item());
    expect(layer.predict(x).shape).toEqual([5]);
    const clear = layer.predict(x.detach().mul(100));
    expect(clear.equal(layer.logProb(x.detach().mul(100)).argmax(1))).toBe(true);
  });

  test("names in state dicts, sizes and errors", () => {
    const state = Object.entries(layer.stateDict()).map(([name, { shape }]) => [name, ...shape]);
    expect(state).toEqual([
      ["head.weight", 5, 16],
      ["head.bias", 5],
      ["tail.0.0.weight", 8, 16],
      ["tail.0.1.weight", 3, 8],
      ["tail.1.0.weight", 4, 16],
      ["tail.1.1.weight", 4, 4],
    ]);
    expect(() => layer.forward(x, labels.add(1))).toThrow(/label 10 is out of range for 10 classes/);
    expect(() => layer.forward(x, labels.narrow(0, 0, 2))).toThrow(/labels of shape \[5\], got int32 of shape \[2\]/);
    expect(() => new AdaptiveLogSoftmaxWithLoss(4, 10, [6, 3])).toThrow(/cutoffs are \[6,3\]/);
    expect(() => layer.logProb(randn([2, 3]))).toThrow(/\[N, 16\]/);
  });
});
