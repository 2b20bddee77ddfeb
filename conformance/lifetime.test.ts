// Networks, losses, loaders and optimisers leave no tensors alive if each step runs in a scope.
import { grad, noGrad } from "@heddle/autograd";
import { DataLoader, TensorDataset } from "@heddle/data";
import {
  AveragedModel,
  BatchNorm2d,
  Conv2d,
  createFeatureExtractor,
  CrossEntropyLoss,
  Dropout,
  functional as F,
  LayerNorm,
  Linear,
  LSTM,
  type Module,
  MultiheadAttention,
  ReLU,
  Sequential,
} from "@heddle/nn";
import { Adam, clipGradNorm_, SGD } from "@heddle/optim";
import { keep, memory, rand, scope, type Tensor, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";

const live = (): [number, number] => [memory().liveBytes, memory().storages];

const mlp = new Sequential(new Linear(4, 8), new LayerNorm([8]), new ReLU(), new Dropout(0.5), new Linear(8, 3));
const optimizer = new Adam(mlp.parameters());
const cnn = new Sequential(new Conv2d(1, 2, 3), new BatchNorm2d(2), new ReLU());
const lstm = new LSTM(3, 4);
const attention = new MultiheadAttention(4, 2);
const models: readonly Module[] = [mlp, cnn, lstm, attention];
const labels = keep(tensor([0, 2, 1], { dtype: "int32" }));
const batches = new DataLoader(new TensorDataset(rand([6, 4]), rand([6, 3])), { batchSize: 3 });

const usages: Record<string, () => unknown> = {
  "training": () => {
    optimizer.zeroGrad();
    new CrossEntropyLoss().forward(mlp.forward(rand([3, 4])), labels).backward();
    clipGradNorm_(mlp.parameters(), 1);
    optimizer.step();
  },
  "gradients accumulated over batches": () => {
    optimizer.zeroGrad({ setToNone: false });
    for (const [x, y] of batches) mlp.forward(x as Tensor).sub(y as Tensor).square().mean().backward();
    optimizer.step();
  },
  "evaluation": () => {
    mlp.eval();
    noGrad(() => mlp.forward(rand([3, 4])).argmax(1).toArray());
    mlp.train();
  },
  "a forward pass that is left alone": () => mlp.forward(rand([3, 4])),
  "a convolution, and its input's gradient": () => {
    const x = rand([1, 1, 5, 5]).requiresGrad_();
    cnn.forward(x).sum().backward();
    return x.grad!.abs().amax();
  },
  "a gradient penalty": () => {
    const x = rand([3, 4]).requiresGrad_();
    mlp.eval();
    const [g] = grad(mlp.forward(x).sum(), x, { createGraph: true });
    g!.norm(2, 1).sub(1).square().mean().backward();
    mlp.train();
  },
  "a recurrent layer": () => lstm.forward(rand([2, 5, 3]))[0].square().mean().backward(),
  "attention": () => attention.forward(rand([1, 3, 4]), rand([1, 3, 4]), rand([1, 3, 4])),
  "losses": () => {
    const x = rand([3, 4]).requiresGrad_();
    F.mseLoss(x, rand([3, 4])).add(F.smoothL1Loss(x, rand([3, 4]))).add(F.crossEntropy(x, labels)).backward();
  },
  "hooks and features": () => {
    const handle = mlp.registerForwardHook((_, __, y) => (y as Tensor).mul(1));
    createFeatureExtractor(mlp, { 1: "norm" }).forward(rand([3, 4]));
    handle.remove();
  },
  "inputs of wrong shapes": () => {
    expect(() => mlp.forward(rand([3, 5]))).toThrow();
    expect(() => cnn.forward(rand([1, 2, 5, 5]))).toThrow();
    expect(() => lstm.forward(rand([2, 5, 4]))).toThrow();
    expect(() => F.crossEntropy(mlp.forward(rand([3, 4])), rand([7]))).toThrow();
    expect(() => F.crossEntropy(mlp.forward(rand([3, 4])), tensor([0, 1, 9], { dtype: "int32" }))).toThrow();
  },
  "an optimiser made in the scope": () => {
    const image = rand([4, 4]).requiresGrad_();
    const own = new SGD([image], { lr: 0.1, momentum: 0.9 });
    for (let i = 0; i < 3; i++) {
      own.zeroGrad();
      image.square().sum().backward();
      own.step();
    }
  },
  "an averaged model": () => averaged.updateParameters(mlp),
  "states that are loaded": () => {
    mlp.loadStateDict(mlp.stateDict());
    optimizer.loadStateDict(optimizer.stateDict());
  },
};
const averaged = new AveragedModel(mlp);

describe.each(Object.entries(usages))("%s", (_, use) => {
  test("leaves nothing behind in a scope", () => {
    const step = (): void => {
      using _ = scope();
      use();
      for (const model of models) model.zeroGrad();
    };
    // Both: an optimiser's state exists from the first step on.
    for (let i = 0; i < 2; i++) step();
    const before = live();
    for (let i = 0; i < 20; i++) step();
    expect(live()).toEqual(before);
  });
});
