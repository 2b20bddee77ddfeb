/** Whole trainings against PyTorch's: gradient accumulation, clipping, smoothed labels, averages of the weights. */
import {
  AveragedModel,
  BatchNorm1d,
  functional as F,
  getEmaMultiAvgFn,
  getSwaMultiAvgFn,
  Linear,
  type MultiAvgFn,
  Sequential,
  Tanh,
} from "@heddle/nn";
import { AdamW, clipGradNorm_, type Optimizer, SGD } from "@heddle/optim";
import { memory, tidy } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { type FixtureTensor, loadFixtures } from "./load.ts";
import { expectTensor, fromFixture } from "./recorded_tensors.ts";

interface Batch {
  inputs: FixtureTensor;
  labels: FixtureTensor;
  loss: FixtureTensor;
}

interface Training {
  name: string;
  optimizer: "SGD" | "AdamW";
  options: Record<string, number>;
  accumulate: number;
  labelSmoothing: number;
  maxNorm: number;
  average: "swa" | "ema" | "emaWarmup";
  useBuffers: boolean;
  state: Record<string, FixtureTensor>;
  steps: {
    batches: Batch[];
    norm: FixtureTensor;
    parameters: Record<string, FixtureTensor>;
    averaged: Record<string, FixtureTensor>;
  }[];
}

const averages: { readonly [A in Training["average"]]: MultiAvgFn } = {
  swa: getSwaMultiAvgFn(),
  ema: getEmaMultiAvgFn(0.9),
  emaWarmup: getEmaMultiAvgFn(0.9, { warmup: true }),
};

function start(each: Training): { net: Sequential; optimizer: Optimizer; averaged: AveragedModel<Sequential> } {
  const net: Sequential = new Sequential(
    new Linear(4, 6, { bias: false }),
    new BatchNorm1d(6),
    new Tanh(),
    new Linear(6, 3),
  );
  net.to("float64");
  net.loadStateDict(Object.fromEntries(Object.entries(each.state).map(([key, value]) => [key, fromFixture(value)])));
  const Make = each.optimizer === "SGD" ? SGD : AdamW;
  const averaged = new AveragedModel(net, { multiAvgFn: averages[each.average], useBuffers: each.useBuffers });
  return { net, optimizer: new Make(net.parameters(), each.options), averaged };
}

describe("trainings", () => {
  test.each(loadFixtures<Training>("training").cases)("$name", (each) => {
    const { net, optimizer, averaged } = start(each);
    let live = 0;
    for (const [i, step] of each.steps.entries()) {
      optimizer.zeroGrad();
      tidy(() => {
        expect(step.batches.length).toBe(each.accumulate);
        for (const batch of step.batches) {
          // The accumulated gradient is the mean over all batches.
          const scores = net.forward(fromFixture(batch.inputs));
          const loss = F.crossEntropy(scores, fromFixture(batch.labels), { labelSmoothing: each.labelSmoothing })
            .div(each.accumulate);
          loss.backward();
          expectTensor(loss, batch.loss, `step ${i}: loss`);
        }
        expectTensor(clipGradNorm_(net.parameters(), each.maxNorm), step.norm, `step ${i}: norm of the gradients`);
      });
      optimizer.step();
      averaged.updateParameters(net);
      for (const [name, parameter] of net.namedParameters()) {
        expectTensor(parameter, step.parameters[name]!, `step ${i}: ${name}`);
      }
      const state = averaged.module.stateDict();
      for (const [name, recorded] of Object.entries(step.averaged)) {
        expectTensor(state[name]!, recorded, `step ${i}: average of ${name}`);
      }
      if (i === 1) live = memory().storages;
      if (i > 1) expect(memory().storages, `step ${i}: storages`).toBeLessThanOrEqual(live);
    }
    expect(averaged.nAveraged.item()).toBe(each.steps.length);
  });
});
