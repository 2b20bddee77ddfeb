import { DataLoader } from "@heddle/data";
import { functional as F, Linear } from "@heddle/nn";
import { Adam, StepLR } from "@heddle/optim";
import { load, save } from "@heddle/store";
import { manualSeed, rand, scope } from "@heddle/tensor";
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Checkpoint, plainState } from "./checkpoint.ts";
import { OptionError } from "./options.ts";
import { OutFolder } from "./out_folder.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-checkpoint-")));
afterEach(() => rmSync(folder, { recursive: true }));

const FILE = "checkpoint.safetensors", PREVIOUS = "checkpoint.previous.safetensors";
const path = (): string => join(folder, FILE);
const numbers = Array.from({ length: 10 }, (_, i) => i / 10);

/** A run that draws its weights, the order of its data and noise from the default generator. */
function begin(about: Record<string, string | number> = { example: "line", model: "linear" }, inputs = 1) {
  manualSeed(1);
  const model = new Linear(inputs, 1);
  const optimizer = new Adam(model.parameters(), { lr: 0.1 });
  const schedule = new StepLR(optimizer, { stepSize: 3, gamma: 0.5 });
  const loader = new DataLoader(numbers, { batchSize: 3, shuffle: true });
  const tally = { losses: [] as number[], best: Infinity };
  // The names of parts cannot collide with the checkpoint's own entries.
  const parts = { model, optimizer, schedule, loader, tally: plainState(tally), random: plainState({ drawn: 1 }) };
  return { ...parts, tally, checkpoint: new Checkpoint(new OutFolder(folder, false), about, parts) };
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
    expect(error).toBeInstanceOf(OptionError);
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
    expect(await resumed.checkpoint.load()).toBe(path());
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
  test("between two renames, the one before", async () => {
    await train(begin(), [2, 3], 3);
    rmSync(path());
    const resumed = begin();
    expect(await resumed.checkpoint.load()).toBe(join(folder, PREVIOUS));
    expect(resumed.tally.losses).toHaveLength(2);
  });

  test("while it writes, the last one; the half one is replaced later", async () => {
    await train(begin(), [2], 2);
    writeFileSync(`${path()}.${2 ** 22 + 1}-00000000.part`, "half");
    const resumed = begin();
    expect(await resumed.checkpoint.load()).toBe(path());
    await train(resumed, [3], 3);
    expect(readdirSync(folder).sort()).toEqual([PREVIOUS, FILE]);
  });

  test("a dry run writes none", async () => {
    const run = begin();
    await new Checkpoint(new OutFolder(join(folder, "dry"), true), {}, { model: run.model }).save();
    expect(existsSync(join(folder, "dry"))).toBe(false);
  });
});

describe("refuses, and says why:", () => {
  beforeEach(() => train(begin(), [2, 3], 3));

  test("another run", async () => {
    const message = await complaint(begin({ example: "line", model: "mlp", seed: 3 }));
    expect(message).toContain(
      `--resume: ${path()} is of another run: model linear there, mlp here; seed none there, 3 here`,
    );
    expect(message).toContain(`the previous one is ${PREVIOUS}`);
  });

  test("a model of other sizes", async () => {
    expect(await complaint(begin(undefined, 2))).toMatch(
      /does not fit this run: .*weight has shape \[1, 1\] in the state, \[1, 2\]/s,
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
      await expect(run.checkpoint.load(), `bit ${bit}`).rejects.toThrow(OptionError);
    }
  });

  test("a file without checksums", async () => {
    const text = readFileSync(path(), "latin1");
    writeFileSync(path(), text.replace('"heddle.crc32"', '"heddle.crc33"'), "latin1");
    expect(await complaint()).toContain(`${path()} is damaged (load: there is a state and no checksums`);
  });

  test("an empty file; renaming the previous one works as the message says", async () => {
    writeFileSync(path(), "");
    expect(await complaint()).toMatch(/is damaged \(load: .* \(0 bytes\) is in none of the formats/);
    renameSync(join(folder, PREVIOUS), path());
    expect(await begin().checkpoint.load()).toBe(path());
  });

  test("another version, and what is not a checkpoint", async () => {
    const saved = await load<Record<string, unknown>>(path());
    await save({ ...saved, version: 3 }, path());
    expect(await complaint()).toContain("is a checkpoint of version 3; this program reads version 2");
    await save({ ...saved, format: "notebook" }, path());
    expect(await complaint()).toContain("is not a checkpoint");
    await save({ weight: rand([2]) }, path());
    expect(await complaint()).toContain("is not a checkpoint");
  });
});
