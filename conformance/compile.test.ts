import { expect, test } from "vitest";
import { compile } from "@heddle/compile";
import { type Module, Linear, ReLU, Sequential, functional as F } from "@heddle/nn";
import { Adam, type Optimizer, SGD } from "@heddle/optim";
import { manualSeed, randn, scope, type Tensor } from "@heddle/tensor";

interface Training {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly step: (...args: Tensor[]) => Tensor;
  readonly batch: () => Tensor[];
}

function tabular(optimizerOf: (params: Iterable<Tensor>) => Optimizer): () => Training {
  return () => {
    const model = new Sequential(new Linear(16, 64), new ReLU(), new Linear(64, 64), new ReLU(), new Linear(64, 1));
    const optimizer = optimizerOf(model.parameters()) as Optimizer;
    return {
      model,
      optimizer,
      step: (x, y) => {
        const loss = F.mseLoss(model.forward(x!), y!);
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        return loss;
      },
      batch: () => [randn([32, 16]), randn([32, 1])],
    };
  };
}

const models: Record<string, () => Training> = {
  "tabular, SGD": tabular((params) => new SGD(params, { lr: 0.05 })),
  "tabular, SGD with momentum": tabular((params) => new SGD(params, { lr: 0.05, momentum: 0.9, weightDecay: 1e-4 })),
  "tabular, Adam": tabular((params) => new Adam(params, { lr: 0.01 })),
};

/** The losses of some steps, then parameters and gradients, as bits. */
function train(make: () => Training, steps: number, compiled: boolean): { bits: number[][]; replays: number } {
  manualSeed(3);
  const { model, step, batch } = make();
  const run = compiled ? compile(step) : step;
  const bits: number[][] = [];
  const put = (x: Tensor): void => void bits.push([...x.detach().toTypedArray()].map(Number));
  for (let i = 0; i < steps; i++) {
    using _ = scope();
    put(run(...batch()));
  }
  for (const parameter of model.parameters()) {
    put(parameter);
    put(parameter.grad!);
  }
  const replays = compiled ? (run as ReturnType<typeof compile>).report().replays : 0;
  if (compiled) (run as ReturnType<typeof compile>).dispose();
  return { bits, replays };
}

test.each(Object.keys(models))("a compiled step equals the eager one to the bit: %s", (name) => {
  const eager = train(models[name]!, 9, false);
  const compiled = train(models[name]!, 9, true);
  expect(compiled.replays).toBe(6);
  expect(compiled.bits).toEqual(eager.bits);
});
