import { DataLoader, TensorDataset } from "@heddle/data";
import { BatchNorm1d, Dropout, functional as F, Linear, Sequential } from "@heddle/nn";
import { Adam, SGD } from "@heddle/optim";
import { defaultGenerator, Generator, keep, manualSeed, memory, randn, scope, type Tensor } from "@heddle/tensor";
import { expect, test } from "vitest";
import { findLearningRate } from "./find_learning_rate.ts";

const generator = new Generator(2);
const x = keep(randn([40, 3], { generator }));
const points = new TensorDataset(x, keep(x.sum(1, { keepdim: true })));

test("finds where the loss falls fast; what it tried leaves no trace", async () => {
  manualSeed(1);
  const model = new Sequential(new Linear(3, 8), new BatchNorm1d(8), new Linear(8, 1));
  const optimizer = new Adam(model.parameters(), { lr: 0.5 });
  const loader = new DataLoader(points, { batchSize: 10, shuffle: true });
  for (const [input, target] of loader) {
    using _ = scope();
    F.mseLoss(model.forward(input), target).backward();
    optimizer.step();
  }
  const state = () => {
    using _ = scope();
    const { state, paramGroups } = optimizer.stateDict();
    const numbers = Object.values(state).map((each) =>
      Object.values(each).map((value) => typeof value === "number" ? value : value.toArray())
    );
    const weights = Object.values(model.stateDict()).map((each) => each.toArray());
    return { numbers, paramGroups, weights, loader: loader.stateDict(), random: defaultGenerator.getState() };
  };
  const before = state();
  const { lrs, losses, suggestion } = await findLearningRate(model, loader, { loss: F.mseLoss, optimizer, steps: 60 });
  expect(state()).toEqual(before);
  expect(lrs.length).toBe(losses.length);
  expect(lrs[0]).toBe(1e-7);
  expect(lrs[1]! / lrs[0]!).toBeCloseTo(1e8 ** (1 / 59), 6);
  // With these weights, learning diverges at a rate of some tenths.
  expect(suggestion).toBeGreaterThan(1e-4);
  expect(suggestion).toBeLessThan(1);
});

test("keeps no memory, and draws nothing from the default generator", async () => {
  const model = new Sequential(new Dropout(0.1), new Linear(3, 1)), optimizer = new Adam(model.parameters());
  const batches = [[...points.tensors]] as const;
  const [{ liveBytes }, random] = [memory(), defaultGenerator.getState()];
  await findLearningRate(model, batches, { loss: F.mseLoss, optimizer, steps: 30, to: 1 });
  expect(memory().liveBytes).toBeLessThanOrEqual(liveBytes);
  expect(defaultGenerator.getState()).toEqual(random);
});

test("ends where the loss explodes", async () => {
  const model = new Linear(3, 1), optimizer = new SGD(model.parameters(), { lr: 1 });
  const loader = new DataLoader(points, { batchSize: 10 });
  const { lrs } = await findLearningRate(model, loader, {
    loss: F.mseLoss,
    optimizer,
    from: 1e-3,
    to: 1000,
    steps: 80,
  });
  expect(lrs.length).toBeLessThan(80);
  expect(lrs.at(-1)).toBeGreaterThan(0.5);
});

/** A loss that is given by the number of the step. */
const byStep = (lossAt: (step: number) => number) => {
  const model = new Linear(3, 1), optimizer = new SGD(model.parameters(), { lr: 1 });
  let step = 0;
  const loss = (output: Tensor) => output.mul(0).sum().add(lossAt(step++));
  return (changes: object) =>
    findLearningRate(model, [[...points.tensors]] as const, { loss, optimizer, from: 1e-4, to: 1, ...changes });
};

test("first losses that happen to be low suggest nothing", async () => {
  // The first batch is an easy one; learning begins late.
  const { suggestion } = await byStep((step) => step === 0 ? 0.1 : step < 30 ? 2 : step < 60 ? 1 : 8)({ steps: 80 });
  expect(suggestion).toBeGreaterThan(1e-3);
  expect(suggestion).toBeLessThan(1);
});

test("suggests no learning rate below those tried", async () => {
  const find = byStep((step) => step < 20 ? 2 - step / 20 : 9);
  expect((await find({ steps: 100 })).suggestion).toBe(1e-4);
});

test("a loss that never falls is an error", async () => {
  await expect(byStep((step) => 1 + step)({ steps: 40 })).rejects.toThrow(
    /the loss never fell between the learning rates 0\.0001 and .*give a lower `from`, a higher `to`/,
  );
});

test("refuses what makes no sense", async () => {
  const model = new Linear(3, 1), optimizer = new SGD(model.parameters(), { lr: 1 });
  const find = (changes: object, loader: unknown = []) =>
    findLearningRate(model, loader as [], { loss: F.mseLoss, optimizer, ...changes });
  await expect(find({ from: 1, to: 1 })).rejects.toThrow(
    /from 1 to 1; learning rates are positive, and the last is the highest/,
  );
  await expect(find({ steps: 2 })).rejects.toThrow(/steps is 2/);
  await expect(find({})).rejects.toThrow(/the loader has no batches/);
  await expect(find({}, [[x.mul(NaN), points.tensors[1]]])).rejects.toThrow(
    /the loss is not finite even at the learning rate 1e-7/,
  );
});
