import { DataLoader, TensorDataset } from "@heddle/data";
import { functional as F, Linear } from "@heddle/nn";
import { SGD } from "@heddle/optim";
import { Generator, keep, manualSeed, memory, randn, type Tensor, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import type { StepRecord } from "../callback.ts";
import { evaluate } from "./evaluate.ts";
import { fit } from "./fit.ts";

const generator = new Generator(1);
const x = keep(randn([10, 3], { generator }));
const points = new TensorDataset(x, keep(x.sum(1, { keepdim: true })));
const loader = () => new DataLoader(points, { batchSize: 4 });

function newModel() {
  manualSeed(2);
  const model = new Linear(3, 1);
  return { model, optimizer: new SGD(model.parameters(), { lr: 0.1 }) };
}

type Batch = readonly [Tensor, Tensor];

/** The loss with its two terms, and with the size of the batch as its weight. */
function weighed(model: Linear, [input, target]: Batch) {
  const error = F.mseLoss(model.forward(input), target), size = model.weight.square().sum();
  return { loss: error.add(size), weight: input.shape[0]!, figures: { error, size } };
}

test("figures of a step are reported by step, and their means by epoch and of the validation", async () => {
  const { model, optimizer } = newModel();
  const steps: StepRecord[] = [];
  const { rows: [row], losses } = await fit(model, loader(), {
    step: weighed,
    ...{ optimizer, epochs: 1, validation: loader() },
    callbacks: [{ onStep: (record) => void steps.push(record) }],
  });
  expect(steps.map(({ error, size }) => error! + size!)).toEqual(losses.map((loss) => expect.closeTo(loss, 5)));
  // Batches of 4, 4 and 2.
  const mean = ([a, b, c]: readonly number[]) => (4 * a! + 4 * b! + 2 * c!) / 10;
  expect(row!.loss).toBeCloseTo(mean(losses), 10);
  expect(row!["error"]).toBeCloseTo(mean(steps.map(({ error }) => error!)), 10);
  expect(row!["validationError"]).toBeCloseTo(F.mseLoss(model.forward(x), points.tensors[1]).item(), 5);
  expect(row!["validationLoss"]).toBeCloseTo(
    (row!["validationError"] as number) + (row!["validationSize"] as number),
    5,
  );
});

test("the validation weighs batches by their samples, or as the step says", async () => {
  const { model } = newModel();
  const lossOf = async (weight?: number) =>
    (await evaluate(model, loader(), {
      step: (_, [input]) => ({ loss: tensor(input.shape[0]!), ...(weight === undefined ? {} : { weight }) }),
    })).loss;
  expect(await lossOf()).toBeCloseTo((4 * 4 + 4 * 4 + 2 * 2) / 10, 10);
  expect(await lossOf(7)).toBeCloseTo((4 + 4 + 2) / 3, 10);
});

test("evaluate measures the model in evaluation mode after each epoch; its figures can be watched", async () => {
  const { model, optimizer } = newModel();
  const seen: unknown[] = [];
  const { rows, bestEpoch } = await fit(model, loader(), {
    ...{ loss: F.mseLoss, optimizer, epochs: 4, monitor: "bleu", earlyStopping: { patience: 1, mode: "max" } },
    async evaluate(judged, epoch) {
      await Promise.resolve();
      seen.push([judged === model, judged.training, epoch]);
      return { bleu: 10 - epoch };
    },
  });
  expect(seen).toEqual([[true, false, 1], [true, false, 2]]);
  expect([rows.map(({ bleu }) => bleu), bestEpoch, model.training]).toEqual([[9, 8], 1, true]);
});

test("maxSteps ends training in the middle of an epoch, which is evaluated like a whole one", async () => {
  const { model, optimizer } = newModel();
  let planned: number | null = null;
  const history = await fit(model, loader(), {
    ...{ loss: F.mseLoss, optimizer, epochs: 9, maxSteps: 5, validation: loader() },
    callbacks: [{ onStart: ({ steps }) => void (planned = steps) }],
  });
  expect([planned, history.ending, history.losses.length]).toEqual([5, "finished", 5]);
  expect(history.rows.map(({ step }) => step)).toEqual([3, 5]);
  expect(history.last!.loss).toBeCloseTo((history.losses[3]! + history.losses[4]!) / 2, 10);
  expect(history.last!["validationLoss"]).toBeGreaterThan(0);
});

test("accumulated gradients are weighed: the step is that of one large batch", async () => {
  const whole = newModel(), parts = newModel();
  await fit(whole.model, [points.tensors], { loss: F.mseLoss, optimizer: whole.optimizer, epochs: 2 });
  const { losses } = await fit(parts.model, loader(), {
    step: (model, [input, target]: Batch) => ({
      loss: F.mseLoss(model.forward(input), target),
      weight: input.shape[0]!,
    }),
    ...{ optimizer: parts.optimizer, epochs: 2, accumulate: 3 },
  });
  expect(losses).toHaveLength(2);
  expect(parts.model.weight.allclose(whole.model.weight, { rtol: 1e-5 })).toBe(true);
});

test("a curve has the rows with both figures", async () => {
  const { model, optimizer } = newModel();
  const history = await fit(model, loader(), {
    ...{ loss: F.mseLoss, optimizer, epochs: 4 },
    evaluate: (_, epoch): Record<string, number> => epoch % 2 === 0 ? { test: epoch * 10 } : {},
  });
  expect(history.curve("test")).toEqual({ x: [2, 4], y: [20, 40] });
  expect(history.curve("test", "step")).toEqual({ x: [6, 12], y: [20, 40] });
});

test("figures and weights leave nothing behind", async () => {
  const { model, optimizer } = newModel();
  const train = () => fit(model, loader(), { step: weighed, optimizer, epochs: 1, validation: loader() });
  await train();
  const { liveBytes } = memory();
  // What earlier tests left may be collected meanwhile. One number left in each run would be more.
  for (let run = 0; run < 100; run++) await train();
  expect(memory().liveBytes).toBeLessThanOrEqual(liveBytes);
});

describe("says what is wrong with", () => {
  const attempt = (options: object, step: object = {}) => {
    const { model, optimizer } = newModel();
    return fit(model, loader(), {
      step: (m: Linear, batch: Batch) => ({ ...weighed(m, batch), ...step }),
      ...{ optimizer, epochs: 1 },
      ...options,
    });
  };
  test.each([
    ["maxSteps", { maxSteps: 0 }, {}, "fit: maxSteps is 0; it must be a whole number of at least 1"],
    ["evaluate", { evaluate: 3 }, {}, "fit: evaluate is a number; it must be a function"],
    ["a weight", {}, { weight: 0 }, "fit: the weight of a batch is 0; it must be a number above 0"],
    ["a name of a step", {}, { figures: { lr: tensor(1) } }, '`step` returns a figure named "lr", which another'],
    ["a name of evaluate", { evaluate: () => ({ loss: 1 }) }, {}, '`evaluate` returns a figure named "loss", which'],
    ["a figure", {}, { figures: { error: tensor([1, 2]) } }, 'the figure "error" has the shape [2]; it must be one'],
  ])("%s", async (_, options, step, message) => {
    await expect(attempt(options, step)).rejects.toThrow(message);
  });

  test("figures that are not those of the batches before", async () => {
    const { model, optimizer } = newModel();
    let batch = 0;
    const step = (m: Linear, [input]: Batch) => {
      const loss = m.forward(input).square().mean();
      return { loss, figures: { [batch++ === 0 ? "a" : "b"]: loss } };
    };
    await expect(fit(model, loader(), { step, optimizer, epochs: 1 })).rejects.toThrow(
      "the figures of a batch are loss, b, those of the batches before loss, a; every batch must have the same",
    );
  });
});
