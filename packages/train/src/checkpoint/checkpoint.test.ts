import { DataLoader } from "@heddle/data";
import { functional as F, Linear } from "@heddle/nn";
import { Adam, StepLR } from "@heddle/optim";
import { load, save } from "@heddle/store";
import { Generator, manualSeed, rand, scope } from "@heddle/tensor";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FolderError } from "../files/folder_error.ts";
import { Checkpoint, CheckpointError, type CheckpointOptions, plainState } from "./checkpoint.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-checkpoint-")));
afterEach(() => rmSync(folder, { recursive: true }));

const name = (number: number): string => `checkpoint-${String(number).padStart(6, "0")}.safetensors`;
const path = (number = 2): string => join(folder, name(number));
const numbers = Array.from({ length: 10 }, (_, i) => i / 10);

/** A run that draws its weights, the order of its data and noise from the default generator. */
function begin(
  about: Record<string, string | number> = { example: "line", model: "linear" },
  inputs = 1,
  options: CheckpointOptions = {},
) {
  manualSeed(1);
  const model = new Linear(inputs, 1);
  const optimizer = new Adam(model.parameters(), { lr: 0.1 });
  const schedule = new StepLR(optimizer, { stepSize: 3, gamma: 0.5 });
  const loader = new DataLoader(numbers, { batchSize: 3, shuffle: true });
  const tally = { losses: [] as number[], best: Infinity };
  // The names of parts cannot collide with the checkpoint's own entries.
  const parts = { model, optimizer, schedule, loader, tally: plainState(tally), random: plainState({ drawn: 1 }) };
  return { ...parts, tally, checkpoint: new Checkpoint(folder, parts, { about, lock: false, ...options }) };
}

/** Two epochs of four steps; saves after each of some steps, and stops after one. */
async function train(run: ReturnType<typeof begin>, saveAt: number[] = [], stopAt = Infinity): Promise<number[]> {
  const { model, optimizer, schedule, loader, tally, checkpoint } = run;
  while (loader.epoch < 2) {
    for (const x of loader) {
      {
        using _ = scope();
        const noisy = x.add(rand(x.shape));
        const loss = F.mseLoss(model.forward(noisy.unsqueeze(1)), x.mul(2).unsqueeze(1));
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        schedule.step();
        tally.losses.push(loss.item());
        tally.best = Math.min(tally.best, loss.item());
      }
      if (saveAt.includes(tally.losses.length)) await checkpoint.save();
      if (tally.losses.length === stopAt) return tally.losses;
    }
  }
  return tally.losses;
}

/** The error of `load` for a bad checkpoint; checks that no file changed. */
async function complaint(run = begin()): Promise<string> {
  const before = readdirSync(folder).map((name) => readFileSync(join(folder, name), "latin1"));
  let message = "";
  try {
    await run.checkpoint.load();
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError);
    message = (error as Error).message;
  }
  expect(readdirSync(folder).map((name) => readFileSync(join(folder, name), "latin1"))).toEqual(before);
  return message;
}

describe("a resumed run", () => {
  // In an epoch's middle, at its last step, and at the first of the next.
  test.each([1, 3, 4, 5])("has the bits of one that was never interrupted, from step %d", async (step) => {
    const whole = begin();
    const expected = await train(whole);
    expect(expected).toHaveLength(8);
    await train(begin(), [step], step + 1);
    const resumed = begin();
    manualSeed(99);
    expect(await resumed.checkpoint.load()).toBe(path(1));
    expect(resumed.tally.losses).toEqual(expected.slice(0, step));
    expect(await train(resumed)).toEqual(expected);
    expect(resumed.tally.best).toBe(whole.tally.best);
    expect(resumed.model.weight.toArray()).toEqual(whole.model.weight.toArray());
    expect(resumed.optimizer.paramGroups[0]!.lr).toBe(whole.optimizer.paramGroups[0]!.lr);
  });

  test("starts from the beginning without a checkpoint", async () => {
    expect(await begin().checkpoint.load()).toBeNull();
  });
});

describe("what a crash leaves", () => {
  test("while it writes, the last one; the half one is replaced later", async () => {
    await train(begin(), [2], 2);
    writeFileSync(`${path()}.${2 ** 22 + 1}-00000000.part`, "half");
    const resumed = begin();
    expect(await resumed.checkpoint.load()).toBe(path(1));
    await train(resumed, [3], 3);
    expect(readdirSync(folder).sort()).toEqual([name(1), name(2)]);
  });

  test("before it deletes, one more, which the next one deletes", async () => {
    await train(begin(), [1, 2], 2);
    const first = readFileSync(path(1));
    await train(begin(), [3], 3);
    writeFileSync(path(1), first);
    const resumed = begin();
    expect(await resumed.checkpoint.load()).toBe(path(3));
    await train(resumed, [4], 4);
    expect(readdirSync(folder).sort()).toEqual([name(3), name(4)]);
  });

  test("when the system refuses it, an error that says why", async () => {
    const run = begin();
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "");
    await expect(run.checkpoint.save()).rejects.toThrow(FolderError);
    await expect(run.checkpoint.save()).rejects.toThrow(/cannot be written: .*file/);
    rmSync(folder);
    mkdirSync(folder);
  });
});

describe("what is kept", () => {
  const kept = (): string[] => readdirSync(folder).sort();

  test("the last ones, two by default", async () => {
    const run = begin();
    for (let i = 0; i < 5; i++) await run.checkpoint.save();
    expect(kept()).toEqual([name(4), name(5)]);
    const one = begin(undefined, 1, { keepLast: 1 });
    await one.checkpoint.save();
    expect(kept()).toEqual([name(6)]);
  });

  test.each(
    [["min", [0.5, NaN, 0.2, 0.3, 0.2, 0.9], [3, 5, 6], 3], [
      "max",
      [0.5, 0.9, 0.2, 0.7, 0.1, 0],
      [2, 4, 6],
      2,
    ]] as const,
  )(
    "the best ones besides, by %s, also over an interruption",
    async (mode, metrics, numbers, best) => {
      let run = begin(undefined, 1, { keepLast: 1, keepBest: 2, mode });
      expect(run.checkpoint.best).toBeNull();
      for (const [i, metric] of metrics.entries()) {
        if (i === 4) {
          run = begin(undefined, 1, { keepLast: 1, keepBest: 2, mode });
          await run.checkpoint.load();
        }
        run.tally.best = metric;
        expect(await run.checkpoint.save({ metric })).toBe(path(i + 1));
      }
      expect(kept()).toEqual(numbers.map(name));
      expect(run.checkpoint.best).toBe(path(best));
      expect(run.checkpoint.last).toBe(path(6));
      expect(await run.checkpoint.load(run.checkpoint.best!)).toBe(path(best));
      expect(run.tally.best).toBe(metrics[best - 1]);
    },
  );

  test("without a folder, nothing", async () => {
    const { model } = begin();
    const checkpoint = new Checkpoint(null, { model });
    expect(await checkpoint.save()).toBeNull();
    expect([await checkpoint.load(), checkpoint.last, checkpoint.best]).toEqual([null, null, null]);
  });
});

describe("the folder", () => {
  test("is made and locked at once; a place that cannot be written to is refused before the first step", () => {
    const { model } = begin();
    const place = join(folder, "runs", "digits");
    {
      using checkpoint = new Checkpoint(place, { model });
      expect(existsSync(place)).toBe(true);
      expect(() => new Checkpoint(place, { model })).toThrow(/digits is in use by this process/);
      expect(checkpoint.folder).toBe(place);
    }
    new Checkpoint(pathToFileURL(place), { model }).close();
    expect(readdirSync(place)).toEqual([]);
    writeFileSync(join(folder, "file"), "");
    expect(() => new Checkpoint(join(folder, "file"), { model })).toThrow(FolderError);
    expect(() => new Checkpoint(join(folder, "file", "below"), { model })).toThrow(
      /below cannot be written: a part of its path is a file/,
    );
  });

  test("a part without a state, and options that make no sense, are refused", () => {
    const { model } = begin();
    const make = (parts: object, options: object = {}) => () => new Checkpoint(folder, parts as never, options);
    expect(make({ model, losses: [1, 2] })).toThrow(/the part "losses" has no stateDict and loadStateDict.*plainState/);
    expect(make({ model }, { keepLast: 0 })).toThrow(
      "Checkpoint: keepLast is 0; it must be a whole number of at least 1",
    );
    expect(make({ model }, { keepBest: 1.5 })).toThrow(/keepBest is 1.5/);
    expect(make({ model }, { mode: "low" })).toThrow(/mode is "low"; it must be "min" or "max"/);
    expect(make({ model }, { keepall: true })).toThrow(/keepall/);
    expect(readdirSync(folder)).toEqual([]);
  });
});

test("a generator is a part", async () => {
  const generator = new Generator(3);
  rand([5], { generator });
  const drawn = (): unknown => rand([2], { generator }).toArray();
  await new Checkpoint(folder, { generator }, { lock: false }).save();
  const expected = drawn();
  generator.manualSeed(9);
  await new Checkpoint(folder, { generator }, { lock: false }).load();
  expect(drawn()).toEqual(expected);
});

describe("refuses, and says why:", () => {
  beforeEach(() => train(begin(), [2, 3], 3));

  test("another run", async () => {
    const message = await complaint(begin({ example: "line", model: "mlp", seed: 3 }));
    expect(message).toContain(
      `${path()} is of another training: model linear there, mlp here; seed none there, 3 here`,
    );
    expect(message).toContain("; start from the beginning, or use another folder");
  });

  test("a model of other sizes", async () => {
    expect(await complaint(begin(undefined, 2))).toMatch(
      /does not fit this training: .*weight has shape \[1, 1\] in the state, \[1, 2\]/s,
    );
  });

  test("a file cut short", async () => {
    writeFileSync(path(), readFileSync(path()).subarray(0, -20));
    expect(await complaint()).toMatch(/is damaged \(/);
  });

  // In the last tensor, and in the state.
  test.each([["a weight", -1], ["the state", 500]])("one bit that flipped in %s", async (_, at) => {
    const bytes = readFileSync(path());
    bytes[at < 0 ? bytes.length + at : at]! ^= 1;
    writeFileSync(path(), bytes);
    expect(await complaint()).toMatch(/is damaged \(load: the (checksum|header is not JSON).*\)/);
  });

  test("any bit that flipped", async () => {
    const whole = readFileSync(path());
    const run = begin();
    for (let bit = 0; bit < 8 * whole.length; bit += bit < 8 * 24 ? 1 : 97) {
      const bytes = Uint8Array.from(whole);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      writeFileSync(path(), bytes);
      await expect(run.checkpoint.load(), `bit ${bit}`).rejects.toThrow(CheckpointError);
    }
  });

  test("a file without checksums", async () => {
    const text = readFileSync(path(), "latin1");
    writeFileSync(path(), text.replace('"heddle.crc32"', '"heddle.crc33"'), "latin1");
    expect(await complaint()).toContain(`${path()} is damaged (load: there is a state and no checksums`);
  });

  test("an empty file; deleting it works as the message says", async () => {
    writeFileSync(path(), "");
    const message = await complaint();
    expect(message).toMatch(/is damaged \(load: .* \(0 bytes\) is in none of the formats/);
    expect(message).toContain(`; to resume from the previous one, ${path(1)}, delete this one`);
    rmSync(path());
    expect(await begin().checkpoint.load()).toBe(path(1));
  });

  test("one that lacks a part", async () => {
    const { model } = begin();
    const checkpoint = new Checkpoint(folder, { model, averaged: plainState({}) }, {
      about: { example: "line", model: "linear" },
      lock: false,
    });
    await expect(checkpoint.load()).rejects.toThrow(/has no part "averaged"; it has model, optimizer, schedule/);
  });

  test("another version, and what is not a checkpoint", async () => {
    const saved = await load<Record<string, unknown>>(path());
    await save({ ...saved, version: 4 }, path());
    expect(await complaint()).toContain("is a checkpoint of version 4; this program reads version 3");
    await save({ ...saved, format: "notebook" }, path());
    expect(await complaint()).toContain("is not a checkpoint");
    await save({ weight: rand([2]) }, path());
    expect(await complaint()).toContain("is not a checkpoint");
  });
});
