/** @module-tag once */
import { DataLoader, TensorDataset } from "@heddle/data";
import { Dropout, functional as F, Linear, ReLU, Sequential } from "@heddle/nn";
import { Adam, StepLR } from "@heddle/optim";
import { Generator, keep, manualSeed, randn } from "@heddle/tensor";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Accuracy, Mean, type Metric, Recall } from "../metrics.ts";
import type { Callback } from "../callback.ts";
import { CheckpointError } from "../checkpoint/checkpoint.ts";
import { FolderError } from "../files/folder_error.ts";
import { fit } from "./fit.ts";
import type { FitCheckpoint } from "./fit_options.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-fit-")));
afterEach(() => rmSync(folder, { recursive: true }));

const points = (() => {
  const generator = new Generator(1);
  const x = keep(randn([24, 4], { generator }));
  return new TensorDataset(x, keep(x.narrow(1, 0, 3).argmax(1)));
})();

/** A training of 4 epochs of 3 steps with everything that has a state. */
async function train(checkpoint: Partial<FitCheckpoint>, changes: object = {}, seed = 3) {
  manualSeed(seed);
  const model = new Sequential(new Linear(4, 8), new ReLU(), new Dropout(0.2), new Linear(8, 3));
  const optimizer = new Adam(model.parameters(), { lr: 0.05 });
  const history = await fit(model, new DataLoader(points, { batchSize: 8, shuffle: true }), {
    ...{ loss: F.crossEntropy, optimizer, epochs: 4, schedule: new StepLR(optimizer, { stepSize: 2, gamma: 0.5 }) },
    ...{ validation: new DataLoader(points, { batchSize: 24 }), average: 0.8, earlyStopping: { patience: 9 } },
    checkpoint: { folder, ...checkpoint },
    ...changes,
  });
  const rows = history.rows.map(({ seconds: _, ...row }) => row);
  const weights = Object.values(model.stateDict()).map((each) => each.toArray());
  return { history, result: { rows, weights, losses: history.losses, best: history.bestEpoch } };
}
/** Fails after a step. */
const failing = (at: number): Callback => ({
  onStep({ step }) {
    if (step === at) throw new Error("the power went");
  },
});

describe("a training that was interrupted has the bits of one that was not", () => {
  // In the middle of an epoch, at its last step, at the first of the next, and after an epoch.
  test.each([[2, 1], [4, 3], [5, 4], [8, 6]])(
    "by a crash in step %i, with the checkpoint of step %i",
    async (crash, saved) => {
      const whole = await train({ folder: null });
      expect(whole.result.losses).toHaveLength(12);
      const everySteps = saved === 6 ? {} : { everySteps: saved };
      await expect(train(everySteps, { callbacks: [failing(crash)] })).rejects.toThrow("the power went");
      const started: number[] = [];
      const resumed = await train(everySteps, {
        callbacks: [{ onStart: ({ step }: { step: number }) => void started.push(step) }],
      }, 99);
      expect(started).toEqual([saved]);
      expect(resumed.result).toEqual(whole.result);
      // It is over: the same call does no step more.
      const again = await train({}, { callbacks: [failing(1)] }, 98);
      expect(again.result).toEqual(whole.result);
    },
  );

  test("by a signal, after which the history has the epochs so far", async () => {
    const whole = await train({ folder: null });
    const signal = { aborted: false };
    const stop: Callback = { onStep: ({ step }) => void (signal.aborted = step === 5) };
    const part = await train({}, { signal, callbacks: [stop] });
    expect([part.history.ending, part.history.rows.length, part.history.losses.length]).toEqual(["interrupted", 1, 5]);
    const resumed = await train({}, {}, 99);
    expect([resumed.history.ending, resumed.result]).toEqual(["finished", whole.result]);
  });

  test("with the metrics of the whole epoch; one without a state has no figure of it", async () => {
    const mean = new Mean();
    const stateless: Metric<number> = {
      update: (output) => mean.update(output),
      compute: () => mean.compute(),
      reset: () => mean.reset(),
    };
    const changes = () => ({
      metrics: { accuracy: new Accuracy(), recall: new Recall({ average: "none" }), stateless },
    });
    const whole = await train({ folder: null }, changes());
    await expect(train({ everySteps: 5 }, { ...changes(), callbacks: [failing(6)] })).rejects.toThrow();
    const { rows } = (await train({}, changes(), 99)).result;
    expect(rows[1]!["stateless"]).toBe(NaN);
    expect(rows.map((row, i) => i === 1 ? { ...row, stateless: whole.result.rows[1]!["stateless"] } : row))
      .toEqual(whole.result.rows);
  });

  test("in half precision", async () => {
    const changes = { precision: "bfloat16", average: undefined };
    const { average: _, ...rest } = changes;
    const whole = await train({ folder: null }, rest);
    await expect(train({ everySteps: 4 }, { ...rest, callbacks: [failing(5)] })).rejects.toThrow();
    expect((await train({}, rest, 99)).result).toEqual(whole.result);
  });

  test("with batches that have no state: those before are skipped", async () => {
    const [x, y] = points.tensors;
    const batches = [0, 8, 16].map((at) => [keep(x.narrow(0, at, 8)), keep(y.narrow(0, at, 8))] as const);
    const run = async (callbacks: Callback[]) => {
      manualSeed(1);
      const model = new Linear(4, 3), optimizer = new Adam(model.parameters());
      const checkpoint = { folder, everySteps: 2 };
      return (await fit(model, batches, { loss: F.crossEntropy, optimizer, epochs: 2, checkpoint, callbacks })).losses;
    };
    await expect(run([failing(5)])).rejects.toThrow();
    const resumed = await run([]);
    rmSync(folder, { recursive: true });
    expect(resumed).toEqual(await run([]));
  });
});

test("a training with other options, or fewer epochs, does not go on", async () => {
  await train({}, { epochs: 2 });
  for (
    const [changes, message] of [
      [{ precision: "bfloat16" }, /precision is bfloat16 here, and float32 there; give the same/],
      [{ accumulate: 2 }, /accumulate is 2 here, and 1 there/],
      [{ average: 0.9 }, /average is 0\.9 here, and 0\.8 there/],
      [{ average: undefined }, /average is none here, and 0\.8 there/],
      [{ epochs: 1 }, /epochs is 1, but 2 are done/],
    ] as const
  ) {
    const failed = train({}, { callbacks: [{ onStart: () => expect.unreachable() }], ...changes });
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toThrow(CheckpointError);
  }
  expect((await train({ resume: false }, { epochs: 1, accumulate: 2 })).history.rows).toHaveLength(1);
});

test("the best checkpoints are kept by the monitored figure", async () => {
  const { history } = await train({ keepLast: 1, keepBest: 1 });
  const losses = history.values("validationLoss");
  const best = losses.indexOf(Math.min(...losses)) + 1;
  expect(readdirSync(folder)).toEqual([...new Set([best, 4])].map((number) => `checkpoint-00000${number}.safetensors`));
});

test("a folder that cannot be used is an error before the first step; it is free after the training", async () => {
  writeFileSync(join(folder, "file"), "");
  const callbacks = [{ onStart: () => expect.unreachable() }];
  await expect(train({ folder: join(folder, "file") }, { callbacks })).rejects.toThrow(FolderError);
  await train({ about: { width: 8 } });
  await expect(train({ about: { width: 16 } }, { callbacks: [] })).rejects.toThrow(CheckpointError);
  await expect(train({}, { precision: "float16" })).rejects.toThrow(/is of another training: width 8 there, none here/);
  await train({ about: { width: 8 } });
});
