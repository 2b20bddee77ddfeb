/** A whole training run on the GPU, in Deno; the tests are skipped elsewhere and without an adapter. */
import { gpuReport } from "@heddle/gpu";
import { defaultDevice, type Device, memory, setDefaultDevice } from "@heddle/tensor";
import { GrowingTable, Progress, Screen } from "@heddle/train/text";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadDigits } from "../digits/digits.ts";
import type { Run } from "../runner/example.ts";
import { testGpu } from "../runner/test_gpu.ts";
import { OutFolder } from "../runner/out_folder.ts";
import { train, type Trained } from "./train.ts";

const cpu = defaultDevice();
const gpu = await testGpu("training LeNet-5");

const EPOCHS = 4;
const DIGITS = 1000;
const BATCH = 10;
const PER_EPOCH = DIGITS / BATCH;

/** What is held after a step. */
interface Held {
  live: number;
  buffers: number;
  bytes: number;
}

/** Calls back after every step. */
class Counted extends Progress {
  private readonly after: () => void;

  constructor(screen: Screen, steps: number | null, after: () => void) {
    super(steps, { screen });
    this.after = after;
  }

  override advance(words: string, steps = 1): void {
    this.after();
    super.advance(words, steps);
  }
}

/** The example's own training of LeNet-5 with its settings, on digits that it draws, nothing written. */
async function lenet5(device: Device, held: Held[] = []): Promise<Trained> {
  setDefaultDevice(device);
  try {
    const screen = new Screen({ write: () => {} }, false);
    const out = new OutFolder("", true);
    const hold = (): void => {
      if (device === cpu) return;
      const { buffers, bytes } = gpuReport(device);
      held.push({ live: memory().liveBytes, buffers, bytes });
    };
    const run: Run = {
      device,
      out,
      print: () => {},
      table: (titles) => new GrowingTable(titles, () => {}),
      progress: (steps) => new Counted(screen, steps, hold),
      showSoFar: () => {},
    };
    const settings = { model: "lenet5", data: "drawn", seed: 3, epochs: EPOCHS, batch: BATCH, lr: 0.05 } as const;
    const trained = await train(
      { ...settings, augment: false, resume: false, checkpointEvery: null },
      await loadDigits(null, DIGITS),
      run,
      out,
    );
    for (const parameter of trained.network.parameters()) parameter.dispose();
    return trained;
  } finally {
    setDefaultDevice(cpu);
  }
}

describe.skipIf(gpu === null)(
  "LeNet-5, four epochs of a thousand generated digits, on the GPU",
  { tags: ["long"] },
  () => {
    const held: Held[] = [];
    let wanted: Trained, found: Trained;
    beforeAll(async () => {
      wanted = await lenet5(cpu);
      found = await lenet5(gpu!, held);
    });
    afterAll(() => setDefaultDevice(cpu));

    // Weights, shuffling and batches are the CPU's to the last bits. Sums are made in another order and elementary functions are other
    // approximations, so that each step may move the weights apart by some units of rounding (6e-8), and the steps after it carry that
    // on. Lavapipe stays within 1e-6 over the whole run; the bounds leave room for other adapters, and a wrong gradient none.
    test("every step's loss is the CPU's with the same seed, to 1e-5 at first and 1e-4 in the end", () => {
      const { losses } = wanted.history;
      expect(found.history.losses).toHaveLength(EPOCHS * PER_EPOCH);
      losses.forEach((loss, step) => {
        const tolerance = 1e-5 * 10 ** (step / losses.length);
        expect(Math.abs(found.history.losses[step]! - loss), `step ${step + 1}, loss ${loss}`).toBeLessThan(tolerance);
      });
      expect(wanted.history.trainLoss.at(-1)).toBeLessThan(wanted.history.trainLoss[0]! / 4);
    });

    test("the tested digits are mistaken alike but for two in a thousand", () => {
      const errors = wanted.history.testErrorPercent;
      expect(errors).toHaveLength(EPOCHS);
      found.history.testErrorPercent.forEach((error, epoch) =>
        expect(Math.abs(error - errors[epoch]!)).toBeLessThanOrEqual(0.2)
      );
      const unlike = Array.from(found.tested.predicted).filter((digit, i) => digit !== wanted.tested.predicted[i]);
      expect(unlike.length).toBeLessThanOrEqual(2);
    });

    test("live bytes, buffers and their bytes are the same at every step after the first epoch", () => {
      expect(held).toHaveLength(EPOCHS * PER_EPOCH);
      const later = held.slice(PER_EPOCH);
      expect(later[0]!.buffers).toBeGreaterThan(0);
      expect(later.filter((now) => JSON.stringify(now) !== JSON.stringify(later[0]))).toEqual([]);
    });
  },
);
