import { functional as F, Linear } from "@heddle/nn";
import { SGD } from "@heddle/optim";
import { keep, manualSeed, randn } from "@heddle/tensor";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Callback } from "../callback.ts";
import { FolderError } from "../files/folder_error.ts";
import { fit } from "../loop/fit.ts";
import { CsvLog } from "./csv_log.ts";
import { JsonLines } from "./json_lines.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-logs-")));
afterEach(() => rmSync(folder, { recursive: true }));

const batches = [0, 1].map(() => [keep(randn([4, 3])), keep(randn([4, 1]))] as const);

/** Three epochs of two steps, with checkpoints. */
async function train(callbacks: Callback[]): Promise<void> {
  manualSeed(1);
  const model = new Linear(3, 1), optimizer = new SGD(model.parameters(), { lr: 0.01 });
  const checkpoint = join(folder, "run");
  await fit(model, batches, { loss: F.mseLoss, optimizer, epochs: 3, checkpoint, callbacks });
}
const crash: Callback = {
  onStep({ step }) {
    if (step === 4) throw new Error("the power went");
  },
};

describe("JsonLines", () => {
  const path = (): string => join(folder, "logs", "log.jsonl");
  const lines = (): Record<string, unknown>[] =>
    readFileSync(path(), "utf8").trim().split("\n").map((line) => JSON.parse(line));

  test("has a line a record, and replaces the file of an earlier run", () => {
    for (const loss of [1, NaN]) {
      const log = new JsonLines(path());
      log.write({ step: 1, loss });
      log.write({ step: 2, words: "a\nb" });
    }
    expect(readFileSync(path(), "utf8")).toBe('{"step":1,"loss":null}\n{"step":2,"words":"a\\nb"}\n');
  });

  test("has every step and epoch once, also after an interruption", async () => {
    const make = () => new JsonLines(path(), { everySteps: 1 });
    await expect(train([make(), crash])).rejects.toThrow("the power went");
    expect(lines().map(({ step }) => step)).toEqual([1, 2, 2, 3, 4]);
    appendFileSync(path(), '{"step":5,"lo');
    await train([make()]);
    const found = lines();
    expect(found.map(({ step }) => step)).toEqual([1, 2, 2, 3, 4, 4, 5, 6, 6]);
    rmSync(join(folder, "run"), { recursive: true });
    await train([make()]);
    const whole = lines();
    const timeless = (records: object[]) => records.map((record) => ({ ...record, seconds: 0 }));
    expect(timeless(found)).toEqual(timeless(whole));
    await train([new JsonLines(join(folder, "epochs.jsonl"))]);
    expect(() => new JsonLines(path(), { everySteps: 0 })).toThrow(RangeError);
  });

  test("a file that cannot be written is an error before the first step", async () => {
    writeFileSync(join(folder, "logs"), "");
    await expect(train([new JsonLines(path())])).rejects.toThrow(FolderError);
  });
});

describe("CsvLog", () => {
  test("has the columns of all records, and quotes what needs it", () => {
    const path = join(folder, "new", "log.csv"), log = new CsvLog(path);
    log.write({ epoch: 1, loss: 0.5 });
    log.write({ epoch: 2, loss: NaN, "top, 5": [1, 2], words: 'a "b"' });
    expect(readFileSync(path, "utf8")).toBe(
      'epoch,loss,"top, 5",words\r\n1,0.5,,\r\n2,,"[1,2]","a ""b"""\r\n',
    );
  });

  test("has the epochs before an interruption too", async () => {
    const path = join(folder, "log.csv");
    await expect(train([new CsvLog(path), crash])).rejects.toThrow();
    await train([new CsvLog(path)]);
    const rows = readFileSync(path, "utf8").trim().split("\r\n");
    expect(rows[0]).toBe("epoch,step,loss,lr,seconds");
    expect(rows.slice(1).map((row) => row.split(",")[0])).toEqual(["1", "2", "3"]);
  });
});
