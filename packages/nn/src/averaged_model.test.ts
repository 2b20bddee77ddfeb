import { noGrad } from "@heddle/autograd";
import { keep, memory, randn, scope, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { AveragedModel, getEmaMultiAvgFn, getSwaMultiAvgFn } from "./averaged_model.ts";
import { BatchNorm1d } from "./batch_norm.ts";
import { Sequential } from "./container.ts";
import { Linear } from "./linear.ts";

// Averages over trainings are recorded from PyTorch: conformance/fixtures/training.json.

const set = (layer: Linear, weight: number): Linear => {
  noGrad(() => layer.weight.fill_(weight));
  return layer;
};

test("the first weights are copied, those after averaged", () => {
  const model = set(new Linear(1, 1, { bias: false, dtype: "float64" }), 8);
  const [ema, swa] = [
    new AveragedModel(model, { multiAvgFn: getEmaMultiAvgFn(0.75) }),
    new AveragedModel(model, { multiAvgFn: getSwaMultiAvgFn() }),
  ];
  const weights: number[][] = [];
  for (const value of [4, 8, 0]) {
    set(model, value);
    for (const average of [ema, swa]) average.updateParameters(model);
    weights.push([ema.module.weight.item(), swa.module.weight.item()]);
  }
  expect(weights).toEqual([[4, 4], [5, 6], [3.75, 4]]);
  expect(ema.forward(tensor([[2]], { dtype: "float64" })).item()).toBe(7.5);
});

test("warming up lets go of the first weights sooner", () => {
  const model = set(new Linear(1, 1, { bias: false, dtype: "float64" }), 1);
  const average = new AveragedModel(model, { multiAvgFn: getEmaMultiAvgFn(0.9, { warmup: true }) });
  average.updateParameters(model);
  set(model, 0);
  average.updateParameters(model);
  expect(average.module.weight.item()).toBeCloseTo(2 / 11, 12);
  average.updateParameters(model);
  expect(average.module.weight.item()).toBeCloseTo(2 / 11 * 3 / 12, 12);
});

test("buffers are copied, or averaged where they are numbers with fractions", () => {
  const model = new Sequential(new BatchNorm1d(1));
  const [copying, averaging] = [false, true].map((useBuffers) => new AveragedModel(model, { useBuffers })) as [
    AveragedModel<typeof model>,
    AveragedModel<typeof model>,
  ];
  for (const mean of [1, 3]) {
    model.at(0).runningMean!.fill_(mean);
    model.at(0).numBatchesTracked!.fill_(mean);
    copying.updateParameters(model);
    averaging.updateParameters(model);
  }
  expect([copying, averaging].map(({ module }) => module.at(0).runningMean!.item())).toEqual([3, 2]);
  expect([copying, averaging].map(({ module }) => module.at(0).numBatchesTracked!.item())).toEqual([3, 3]);
});

test("the state dict has the count and the average, and going on from it gives the same bits", () => {
  const model = new Linear(3, 2);
  const make = (): AveragedModel<Linear> =>
    new AveragedModel(model, { multiAvgFn: getEmaMultiAvgFn(0.99, { warmup: true }) });
  const [whole, first] = [make(), make()];
  let second = make();
  expect(Object.keys(whole.stateDict())).toEqual(["n_averaged", "module.weight", "module.bias"]);
  for (let step = 0; step < 6; step++) {
    noGrad(() => model.weight.add_(randn([2, 3])));
    if (step === 3) {
      second = make();
      second.loadStateDict(first.stateDict());
    }
    for (const each of [whole, step < 3 ? first : second]) each.updateParameters(model);
  }
  expect(second.nAveraged.item()).toBe(6);
  expect(second.module.weight.equal(whole.module.weight)).toBe(true);
});

describe("devices, memory and mistakes", () => {
  test("to converts the average, in which other dtypes are taken", () => {
    const model = set(new Linear(1, 1, { bias: false }), 2);
    const average = new AveragedModel(model).to("float64");
    average.updateParameters(model);
    set(model, 3);
    average.updateParameters(model);
    expect([average.module.weight.dtype, average.module.weight.item()]).toEqual(["float64", 2.5]);
    expect(average.to("null").nAveraged.device.name).toBe("cpu");
  });

  test("an update leaves nothing behind, and is no part of a graph", () => {
    const model = new Linear(2, 2);
    const average = new AveragedModel(model);
    average.updateParameters(model);
    const x = keep(randn([3, 2]));
    const before = memory().storages;
    average.updateParameters(model);
    expect(memory().storages).toBe(before);
    const inner = scope();
    average.updateParameters(model);
    inner.end();
    expect(average.forward(x).shape).toEqual([3, 2]);
    expect(average.module.weight.isLeaf).toBe(true);
  });

  test("another model, and a decay that is none", () => {
    const average = new AveragedModel(new Linear(2, 2));
    expect(() => average.updateParameters(new Linear(3, 2))).toThrow(
      "AveragedModel.updateParameters: the model has weight [2, 3] where the averaged one has weight [2, 2]",
    );
    expect(() => average.updateParameters(new Linear(2, 2, { bias: false }))).toThrow(
      "the model has nothing where the averaged one has bias [2]",
    );
    expect(() => getEmaMultiAvgFn(1.5)).toThrow("getEmaMultiAvgFn: decay is 1.5; it must lie between 0 and 1");
  });
});
