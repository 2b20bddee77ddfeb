import { CRF, Embedding, functional as F, Linear, LSTM, Module } from "@heddle/nn";
import { Adam, type Optimizer, SGD } from "@heddle/optim";
import { fromTypedArray, manualSeed, ones, type Tensor } from "@heddle/tensor";
import { RECIPES } from "../../apps/examples/lenet/networks/mod.ts";
import type { Case, Family, Maker, Sizes, Work } from "../case.ts";
import { heddleGpt } from "./gpt.ts";
import { input, lossSteps } from "./heddle_work.ts";
import { heddleResnet20 } from "./resnet20.ts";

const gpt = { layers: 4, width: 128, heads: 4, context: 64, vocabulary: 65, lr: 1e-3 };
const resnet20 = { lr: 0.01, momentum: 0.9, weightDecay: 1e-4 };

/** An eager step, and the same compiled. Of three losses, each the result of the steps before it. */
function both(name: string, sizes: Sizes): Case[] {
  return [false, true].map((compiled) => ({
    family: "capture",
    name: `${name}, ${compiled ? "compiled" : "eager"}`,
    kind: "capture",
    sizes: { ...sizes, compiled },
    tolerance: 1e-4,
    device: "cpu",
  }));
}

/** Training steps, eager and compiled. */
export const capture: Family = {
  name: "capture",
  about: "training steps as ordinary code, and recorded and replayed by `compile`",
  cases: [
    ...both("network on a table, SGD", { model: "sgd" }),
    ...both("network on a table, Adam", { model: "adam" }),
    ...both("LSTM of 32 units", { model: "lstm" }),
    ...both("CRF tagger", { model: "crf" }),
    ...both("LeNet-5, batch 4", { model: "lenet5", batch: 4 }),
    ...both("convnet, batch 100", { model: "convnet", batch: 100 }),
    ...both("ResNet-20, batch 2", { model: "resnet20", batch: 2, ...resnet20 }),
    ...both("ResNet-20, batch 32", { model: "resnet20", batch: 32, ...resnet20 }),
    ...both("GPT, batch 1", { model: "gpt", batch: 1, ...gpt }),
    ...both("GPT, batch 16", { model: "gpt", batch: 16, ...gpt }),
  ],
};

class Table extends Module {
  readonly first: Linear = new Linear(16, 64);
  readonly second: Linear = new Linear(64, 64);
  readonly output: Linear = new Linear(64, 1);

  forward(x: Tensor): Tensor {
    return this.output.forward(this.second.forward(this.first.forward(x).relu()).relu());
  }
}

class Forecast extends Module {
  readonly lstm: LSTM = new LSTM(8, 32);
  readonly output: Linear = new Linear(32, 1);

  forward(x: Tensor): Tensor {
    const [y] = this.lstm.forward(x);
    return this.output.forward(y.select(0, -1));
  }
}

class Tagger extends Module {
  readonly words: Embedding = new Embedding(500, 32);
  readonly lstm: LSTM = new LSTM(32, 32, { bidirectional: true, batchFirst: true });
  readonly output: Linear = new Linear(64, 9);
  readonly crf: CRF = new CRF(9, { batchFirst: true });

  loss(words: Tensor, tags: Tensor, mask: Tensor): Tensor {
    const [y] = this.lstm.forward(this.words.forward(words));
    return this.crf.forward(this.output.forward(y), tags, { mask, reduction: "mean" }).neg();
  }
}

function table(optimizerOf: (params: Tensor[]) => Optimizer, compiled: boolean): Work {
  const model = new Table();
  const [x, y] = [input(1, [32, 16]), input(2, [32, 1])];
  const loss = (): Tensor => F.mseLoss(model.forward(x), y);
  return lossSteps(optimizerOf([...model.parameters()]), loss, [x, y, ...model.parameters()], compiled);
}

function integers(below: number, shape: readonly number[]): Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  return fromTypedArray(Int32Array.from({ length: count }, (_, i) => i * 37 % 61 % below), shape);
}

/** Heddle's code for it. */
export const heddleCapture: Readonly<Record<string, Maker>> = {
  capture(sizes) {
    manualSeed(1);
    const compiled = sizes.compiled === true;
    switch (sizes.model) {
      case "sgd":
        return table((params) => new SGD(params, { lr: 0.01 }) as unknown as Optimizer, compiled);
      case "adam":
        return table((params) => new Adam(params) as unknown as Optimizer, compiled);
      case "lstm": {
        const model = new Forecast();
        const [x, y] = [input(1, [24, 16, 8]), input(2, [16, 1])];
        const optimizer = new Adam(model.parameters()) as unknown as Optimizer;
        return lossSteps(optimizer, () => F.mseLoss(model.forward(x), y), [x, y, ...model.parameters()], compiled);
      }
      case "crf": {
        const model = new Tagger();
        const [words, tags, mask] = [integers(500, [16, 12]), integers(9, [16, 12]), ones([16, 12], { dtype: "bool" })];
        const owned = [words, tags, mask, ...model.parameters()];
        return lossSteps(
          new Adam(model.parameters()) as unknown as Optimizer,
          () => model.loss(words, tags, mask),
          owned,
          compiled,
        );
      }
      case "resnet20":
        return heddleResnet20.resnet20!(sizes);
      case "gpt":
        return heddleGpt.gpt!(sizes);
    }
    const model = RECIPES[sizes.model as "lenet5" | "convnet"].make();
    const batch = sizes.batch as number;
    const [images, labels] = [input(1, [batch, 1, 28, 28]), integers(10, [batch])];
    const optimizer = new SGD(model.parameters(), { lr: 0.05 }) as unknown as Optimizer;
    const loss = (): Tensor => F.crossEntropy(model.forward(images), labels);
    return lossSteps(optimizer, loss, [images, labels, ...model.parameters()], compiled);
  },
};
