import { DataLoader, TensorDataset } from "@heddle/data";
import {
  AveragedModel,
  BatchNorm1d,
  Dropout,
  functional as F,
  getEmaMultiAvgFn,
  Linear,
  ReLU,
  Sequential,
} from "@heddle/nn";
import { Adam, clipGradNorm_, ReduceLROnPlateau, SGD, StepLR } from "@heddle/optim";
import { Generator, keep, manualSeed, memory, randn, scope, type Tensor, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import type { Callback, StepRecord, Training } from "../callback.ts";
import type { Metric } from "../metrics/metric.ts";
import { evaluate } from "./evaluate.ts";
import { fit } from "./fit.ts";

/** 30 points in three classes. */
const points = (() => {
  const generator = new Generator(1);
  const x = keep(randn([30, 4], { generator }));
  return new TensorDataset(x, keep(x.narrow(1, 0, 3).argmax(1)));
})();
const newLoader = (batchSize = 8) => new DataLoader(points, { batchSize, shuffle: true });
const newModel = () =>
  new Sequential(new Linear(4, 16), new BatchNorm1d(16), new ReLU(), new Dropout(0.1), new Linear(16, 3));
const weightsOf = (model: Sequential) => Object.values(model.stateDict()).map((each) => each.toArray());

/** The share of right predictions. */
class Right implements Metric<number> {
  private right = 0;
  private all = 0;
  update(output: Tensor, target: Tensor): void {
    this.right += output.argmax(1).eq(target).sum().item();
    this.all += target.numel;
  }
  compute(): number {
    return this.right / this.all;
  }
  reset(): void {
    this.right = this.all = 0;
  }
}

/** The loop that one writes by hand. */
function byHand({ epochs, accumulate = 1, clip = null, decay = null }: {
  epochs: number;
  accumulate?: number;
  clip?: number | null;
  decay?: number | null;
}) {
  manualSeed(5);
  const model = newModel(), loader = newLoader();
  const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const schedule = new StepLR(optimizer, { stepSize: 2, gamma: 0.5 });
  const averaged = decay === null
    ? null
    : new AveragedModel(model, { multiAvgFn: getEmaMultiAvgFn(decay, { warmup: true }), useBuffers: true });
  const losses: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    let inStep: number[] = [], left = loader.length;
    for (const [x, y] of loader) {
      using _ = scope();
      const loss = F.crossEntropy(model.forward(x), y);
      if (inStep.length === 0) optimizer.zeroGrad();
      loss.backward();
      inStep.push(loss.item());
      left--;
      if (inStep.length < accumulate && left > 0) continue;
      if (inStep.length > 1) { for (const { grad } of model.parameters()) grad!.div_(inStep.length); }
      if (clip !== null) clipGradNorm_(model.parameters(), clip);
      optimizer.step();
      averaged?.updateParameters(model);
      losses.push(inStep.reduce((sum, each) => sum + each, 0) / inStep.length);
      inStep = [];
    }
    schedule.step();
  }
  return { losses, model: averaged?.module ?? model };
}

describe("fit has the bits of the loop that one writes by hand", () => {
  test.each([
    ["", {}, {}],
    ["with gradients of three batches a step", { accumulate: 3 }, { accumulate: 3 }],
    ["with clipped gradients", { clip: 0.5 }, { clipGradNorm: 0.5 }],
    ["with averaged weights, with which it ends", { decay: 0.9 }, { average: 0.9 }],
  ])("%s", async (_, hand, options) => {
    const expected = byHand({ epochs: 3, ...hand });
    manualSeed(5);
    const model = newModel();
    const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
    const schedule = new StepLR(optimizer, { stepSize: 2, gamma: 0.5 });
    const history = await fit(model, newLoader(), { loss: F.crossEntropy, optimizer, schedule, epochs: 3, ...options });
    expect(history.losses).toEqual(expected.losses);
    expect(new Set(history.losses).size).toBe(history.losses.length);
    expect(weightsOf(model)).toEqual(weightsOf(expected.model));
    expect(history.ending).toBe("finished");
  });
});

/** A small training with some options changed. */
function begin(changes: object = {}) {
  manualSeed(7);
  const model = newModel();
  const optimizer = new Adam(model.parameters(), { lr: 0.02 });
  return { model, optimizer, options: { loss: F.crossEntropy, optimizer, epochs: 4, ...changes } };
}

test("rows have the loss, the metrics of training and validation, the learning rate and the time", async () => {
  const validation = new DataLoader(points, { batchSize: 7 });
  const { model, options } = begin({ validation, metrics: { accuracy: new Right() } });
  const history = await fit(model, newLoader(), options);
  expect(history.rows.map(({ epoch, step, lr }) => [epoch, step, lr])).toEqual(
    [1, 2, 3, 4].map((n) => [n, 4 * n, 0.02]),
  );
  expect(Object.keys(history.last!)).toEqual(
    ["epoch", "step", "loss", "accuracy", "validationLoss", "validationAccuracy", "lr", "seconds"],
  );
  expect(history.last!.loss).toBeCloseTo(history.losses.slice(-4).reduce((sum, each) => sum + each) / 4, 6);
  expect(history.values("loss")[3]).toBeLessThan(history.values("loss")[0]!);
  expect(history.last!.seconds).toBeGreaterThan(0);
  // The model as it is now, over the samples: the last batch is smaller.
  const whole = await evaluate(model, new DataLoader(points, { batchSize: 30 }), { loss: F.crossEntropy });
  expect(whole.loss).toBeCloseTo(history.last!["validationLoss"] as number, 5);
  expect(String(history).split("\n")).toHaveLength(6);
  expect(String(history)).toContain("validation accuracy");
});

test("a step of the caller's own takes batches of any shape", async () => {
  const { model, options } = begin({ loss: undefined });
  const { loss: _, ...rest } = options;
  const history = await fit(model, [{ points: points.tensors[0], labels: points.tensors[1] }], {
    ...rest,
    step(net, { points, labels }) {
      const output = net.forward(points);
      return { loss: F.crossEntropy(output, labels), output, target: labels };
    },
    metrics: { accuracy: new Right() },
  });
  expect(history.values("accuracy")).toHaveLength(4);
});

test("callbacks see every step and epoch, in order, and may end the training", async () => {
  const seen: string[] = [];
  const callback: Callback = {
    onStart: ({ steps, epochs, step }) => void seen.push(`start ${steps} ${epochs} ${step}`),
    onStep: ({ step, epoch, gradNorm }) => void seen.push(`step ${step} ${epoch} ${typeof gradNorm}`),
    onEpoch: async ({ epoch }, training) => {
      await Promise.resolve();
      seen.push(`epoch ${epoch} ${training.history.length}`);
      if (epoch === 2) training.stop();
    },
    onEnd: ({ step }) => void seen.push(`end ${step}`),
  };
  const { model, options } = begin({ callbacks: [callback], clipGradNorm: 1 });
  const history = await fit(model, newLoader(15), options);
  expect(seen).toEqual([
    ...["start 8 4 0", "step 1 1 number", "step 2 1 number", "epoch 1 1"],
    ...["step 3 2 number", "step 4 2 number", "epoch 2 2", "end 4"],
  ]);
  expect([history.ending, history.rows.length]).toEqual(["stopped", 2]);
  // In the middle of an epoch: that epoch has no row.
  const early = begin({
    callbacks: [{ onStep: ({ step }: StepRecord, training: Training) => void (step === 3 && training.stop()) }],
  });
  const part = await fit(early.model, newLoader(15), early.options);
  expect([part.ending, part.rows.length, part.losses.length]).toEqual(["stopped", 1, 3]);
});

test("early stopping ends with the best weights, also after the last epoch", async () => {
  const validation = new DataLoader(points, { batchSize: 30 });
  for (const [epochs, ending] of [[50, "stopped"], [5, "finished"]] as const) {
    // So fast that it soon gets worse.
    const { model, optimizer, options } = begin({ validation, epochs, earlyStopping: { patience: 3 } });
    const states: unknown[] = [];
    const faster: Callback = {
      onEpoch: () => void states.push(weightsOf(model)),
      onStart: () => void (optimizer.paramGroups[0]!.lr = 0.5),
    };
    const history = await fit(model, newLoader(), { ...options, callbacks: [faster] });
    expect(history.ending).toBe(ending);
    const losses = history.values("validationLoss");
    const best = losses.indexOf(Math.min(...losses));
    expect(history.bestEpoch).toBe(best + 1);
    if (ending === "stopped") expect(losses).toHaveLength(best + 4);
    const { loss } = await evaluate(model, validation, { loss: F.crossEntropy });
    expect(loss).toBe(losses[best]);
  }
});

test("a signal that was aborted before lets no step happen", async () => {
  const { model, options } = begin({ signal: { aborted: true } });
  const history = await fit(model, newLoader(), options);
  expect([history.ending, history.losses, history.rows]).toEqual(["interrupted", [], []]);
});

test("a plateau lowers the learning rate; a schedule by step moves every step", async () => {
  const { model, optimizer, options } = begin();
  const schedule = new ReduceLROnPlateau(optimizer, { patience: 0, threshold: 10, factor: 0.5 });
  const history = await fit(model, newLoader(), { ...options, schedule });
  expect(history.values("lr")).toEqual([0.02, 0.02, 0.01, 0.005]);
  const other = begin();
  const lrs: number[] = [];
  await fit(other.model, newLoader(), {
    ...other.options,
    epochs: 1,
    schedule: new StepLR(other.optimizer, { stepSize: 2, gamma: 0.1 }),
    scheduleBy: "step",
    callbacks: [{ onStep: ({ lr }) => void lrs.push(lr) }],
  });
  expect(lrs).toEqual([0.02, 0.02, 0.002, 0.002].map((lr) => expect.closeTo(lr, 9)));
});

describe("half precision", () => {
  test.each(["float16", "bfloat16"] as const)("%s learns, and the weights stay float32", async (precision) => {
    const { model, options } = begin({ precision, epochs: 8, validation: new DataLoader(points, { batchSize: 30 }) });
    const history = await fit(model, newLoader(), options);
    expect(model.parameters().every(({ dtype }) => dtype === "float32")).toBe(true);
    const losses = history.values("validationLoss");
    expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]!);
  });
});

test("nothing is left behind by steps, epochs and fit itself", async () => {
  const model = newModel();
  const optimizer = new SGD(model.parameters(), { lr: 0.01 });
  const live: number[] = [];
  const watch: Callback = { onEpoch: () => void live.push(memory().liveBytes) };
  const options = {
    ...{ loss: F.crossEntropy, optimizer, epochs: 4, metrics: { accuracy: new Right() }, average: 0.9, accumulate: 2 },
    ...{ validation: newLoader(), earlyStopping: { patience: 9 }, precision: "bfloat16", clipGradNorm: 1 } as const,
  };
  const loader = newLoader();
  await fit(model, loader, { ...options, callbacks: [watch] });
  // What other tests left may be collected meanwhile.
  expect(Math.max(...live.slice(1))).toBe(live[1]);
  const before = memory().liveBytes;
  await fit(model, loader, options);
  expect(memory().liveBytes).toBeLessThanOrEqual(before);
});

describe("errors say what to do", () => {
  const failing = async (changes: object, loader: unknown = newLoader(), prepare = (_: Sequential) => {}) => {
    const { model, options } = begin(changes);
    prepare(model);
    return await fit(model, loader as DataLoader<[Tensor, Tensor]>, options).then(
      () => "",
      (error: Error) => error.message,
    );
  };

  test("a loss that is NaN; the weights are those before the step", async () => {
    const { model, options } = begin();
    const bad: [Tensor, Tensor][] = [[...points.tensors], [points.tensors[0].mul(NaN), points.tensors[1]]];
    let before: unknown;
    const callbacks = [{ onStep: () => void (before = model.at(0).weight.toArray()) }];
    await expect(fit(model, bad, { ...options, callbacks })).rejects.toThrow(
      /^fit: the loss is NaN in step 2 \(epoch 1, learning rate 0.02\)\. The weights are those before this step/,
    );
    expect(model.at(0).weight.toArray()).toEqual(before);
  });

  test("no batches, or an iterator that is used up", async () => {
    expect(await failing({}, [])).toMatch(/no batches in epoch 1; is its data set empty\?/);
    expect(await failing({}, [[...points.tensors]].values())).toMatch(
      /no batches in epoch 2; an iterator can be used once/,
    );
    expect(await failing({ validation: [] })).toMatch(/evaluate: the loader has no batches/);
    expect(await failing({}, points)).toMatch(/the loader is .*does not iterate; new DataLoader/);
  });

  test("a model in evaluation mode, or an optimiser of another one", async () => {
    expect(await failing({}, newLoader(), (model) => void model.eval())).toMatch(
      /the model is in evaluation mode; call model.train/,
    );
    expect(await failing({ optimizer: new SGD(newModel().parameters(), { lr: 1 }) })).toMatch(
      /the optimiser has none of the model's parameters; make it of this model/,
    );
  });

  test("a batch or a loss of the wrong shape", async () => {
    expect(await failing({}, [points.tensors[0]])).toMatch(
      /a batch is \[input, target\], two tensors; this one is a tensor of shape \[30, 4\]\. For other batches give `step/,
    );
    expect(await failing({}, [{ x: 1 }])).toMatch(/this one is an object with x/);
    expect(await failing({ loss: (output: Tensor) => output })).toMatch(
      /the loss has the shape \[8, 3\]; it must be one number/,
    );
    expect(await failing({ loss: () => 3 })).toMatch(/the loss is a number; it must be a tensor/);
  });

  test("options that make no sense", async () => {
    const cases: [object, RegExp][] = [
      [{ epochs: 1.5 }, /epochs is 1.5; it must be a whole number/],
      [{ loss: undefined }, /give either `loss/],
      [{ step: () => tensor(0) }, /not both/],
      [{ optimizer: 3 }, /optimizer is a number; give new SGD/],
      [{ precision: "half" }, /precision is "half"/],
      [{ average: true }, /average is a boolean/],
      [{ average: 2 }, /^fit: average is 2; a decay is from 0 to 1/],
      [{ checkpoint: "" }, /^fit: the folder of checkpoint is ""; name a folder/],
      [{ checkpoint: { folder: "" } }, /^fit: the folder of checkpoint is ""/],
      [{ checkpoint: 3 }, /^fit: checkpoint is a number/],
      [{ clipGradNorm: 0 }, /clipGradNorm is 0/],
      [{ scheduleBy: "batch" }, /scheduleBy is "batch"/],
      [
        { monitor: "acuracy", earlyStopping: {} },
        /monitor is "acuracy", which is no figure of an epoch; choose one of epoch, step, loss/,
      ],
      [{ optimiser: 3 }, /optimiser/],
    ];
    for (const [changes, message] of cases) expect(await failing(changes)).toMatch(message);
  });

  test("a schedule of another optimiser, or none", async () => {
    const other = new SGD(newModel().parameters(), { lr: 1 });
    for (const schedule of [new StepLR(other, { stepSize: 1 }), new ReduceLROnPlateau(other)]) {
      expect(await failing({ schedule })).toMatch(/the schedule sets the learning rates of another optimiser/);
    }
    expect(await failing({ scheduleBy: "step" })).toMatch(/scheduleBy is "step", but there is no schedule/);
  });

  test("callbacks that are never called", async () => {
    const Wrong = class {
      onBatchEnd(): void {}
    };
    const cases: [unknown, RegExp][] = [
      [{ onEpoch: () => {} }, /callbacks is an object with onEpoch; it must be an array/],
      [[() => {}], /a callback is a function; it must be an object/],
      [[{ onEpochEnd: () => {} }], /a callback has onEpochEnd, which is never called; callbacks have onStart, onStep/],
      [[new Wrong()], /a callback is an object of class Wrong, which has none of onStart/],
      [[{}], /which has none of onStart/],
      [[{ onStep: 3 }], /onStep of a callback is a number/],
    ];
    for (const [callbacks, message] of cases) expect(await failing({ callbacks })).toMatch(message);
    const Late = class {
      onEpoch?: () => void;
      onStart(): void {}
    };
    expect(await failing({ callbacks: [new Late(), { step: 3, onEnd: undefined, onEpoch() {} }] })).toBe("");
  });

  test("a metric that has the name of another figure", async () => {
    for (const name of ["loss", "epoch", "step", "lr", "seconds"]) {
      expect(await failing({ metrics: { [name]: new Right() } })).toBe(
        `fit: a metric is named "${name}"; a row has a figure of this name already; choose another name`,
      );
    }
    const validation = newLoader();
    const metrics = { validationLoss: new Right() };
    expect(await failing({ validation, metrics })).toMatch(/named "validationLoss"/);
    expect(await failing({ metrics })).toBe("");
    await expect(evaluate(newModel(), newLoader(), { loss: F.crossEntropy, metrics: { loss: new Right() } })).rejects
      .toThrow(/a metric is named "loss"/);
  });

  test("metrics without what they compare", async () => {
    const { model, optimizer } = begin();
    const step = (net: Sequential, [x, y]: [Tensor, Tensor]) => F.crossEntropy(net.forward(x), y);
    const metrics = { accuracy: new Right() };
    await expect(fit(model, newLoader(), { step, optimizer, epochs: 1, metrics })).rejects.toThrow(
      /the metrics \(accuracy\) need the output and the target; return \{ loss, output, target \} from `step`/,
    );
  });
});
