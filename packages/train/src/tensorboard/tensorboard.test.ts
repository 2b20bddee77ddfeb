/** Events against those that Google's library encodes (tools/oracle/tensorboard.py), and files as a run leaves them. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeImage } from "@heddle/data";
import { Linear } from "@heddle/nn";
import { SGD } from "@heddle/optim";
import { memory, scope, tensor } from "@heddle/tensor";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Training } from "../callback.ts";
import {
  histogramValue,
  hparamValues,
  type Hyperparameter,
  imageValue,
  purgeEvent,
  scalarValue,
  summaryEvent,
  textValue,
  versionEvent,
} from "./events.ts";
import { histogramOf } from "./histogram.ts";
import { TensorBoard } from "./tensorboard.ts";
import { crc32c, record } from "./tfrecord.ts";

interface Case {
  readonly kind: string;
  readonly step: number;
  readonly value: number | string;
  readonly values: number[];
  readonly text: string;
  readonly hparams: Record<string, Hyperparameter>;
  readonly metrics: string[];
  readonly record: string;
}

const { cases } = JSON.parse(
  readFileSync(new URL("../../../../conformance/fixtures/train/tensorboard.json", import.meta.url), "utf8"),
) as { cases: Case[] };

const made: Record<string, (of: Case) => Uint8Array> = {
  version: () => versionEvent(1.5),
  purge: () => purgeEvent(2.5, 300),
  scalar: ({ step, value }) =>
    summaryEvent(3.25, step, [scalarValue("train/loss", value === "inf" ? Infinity : Number(value))]),
  histogram: ({ step, values }) => summaryEvent(4, step, [histogramValue("weights", histogramOf(values)!)]),
  text: ({ step, text }) => summaryEvent(5, step, [textValue("notes", text)]),
  image: ({ step }) =>
    summaryEvent(6, step, [imageValue("picture", 2, 300, 3, Uint8Array.from({ length: 256 }, (_, i) => i))]),
  hparams: ({ hparams, metrics }) => summaryEvent(7, 0, hparamValues(hparams, metrics)),
};

test.each(cases)("the event $kind $step has the bytes of Google's library", (of) => {
  expect(Buffer.from(record(made[of.kind]!(of))).toString("base64")).toBe(of.record);
});

test("CRC-32C of the check value", () => {
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
});

/** The whole records of a file; a reader of TensorFlow's stops at the first that is cut off or damaged. */
function recordsOf(path: string): Uint8Array[] {
  const data = readFileSync(path);
  const found: Uint8Array[] = [];
  for (let at = 0; at + 12 <= data.length;) {
    const length = Number(data.readBigUInt64LE(at));
    const body = data.subarray(at + 12, at + 12 + length);
    if (body.length < length || !Buffer.from(record(body)).equals(data.subarray(at, at + 16 + length))) break;
    found.push(body);
    at += 16 + length;
  }
  return found;
}

/** The tags of a file's events, in order. */
const tagsOf = (path: string): string[] =>
  recordsOf(path).flatMap((body) => {
    const bytes = Buffer.from(body).toString("latin1");
    return Array.from(bytes.matchAll(/\n([\x01-\x40])([a-zA-Z_][\w./]*)/g))
      .filter(([, length, tag]) => length!.charCodeAt(0) <= tag!.length)
      .map(([, length, tag]) => tag!.slice(0, length!.charCodeAt(0)));
  });

describe("TensorBoard", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "heddle-board-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const files = (path = folder): string[] =>
    readdirSync(path).filter((name) => name.startsWith("events.out.tfevents.")).sort().map((name) => join(path, name));

  test("has every event in the file at once, and a record that is cut off hides none before it", () => {
    const board = new TensorBoard(folder);
    for (let step = 0; step < 5; step++) board.addScalar("loss", 1 / (step + 1), step);
    board.flush();
    const [path] = files();
    expect(recordsOf(path!).length).toBe(6);
    board.close();
    truncateSync(path!, readFileSync(path!).length - 3);
    expect(recordsOf(path!).length).toBe(5);
    const again = new TensorBoard(folder);
    again.addScalar("loss", 2, 6);
    again.close();
    expect(files().length).toBe(2);
    expect(readFileSync(path!).length).toBeGreaterThan(0);
    expect(() => again.addScalar("loss", 1, 7)).toThrow(/is closed/);
    again.close();
  });

  test("writes images as PNG, on whatever device and in whatever order", async () => {
    using _ = scope();
    const board = new TensorBoard(folder);
    const pixels = tensor([[[0, 1, 0.5]], [[1, 0, 0.5]], [[0, 0, 1]]]);
    await board.addImage("chw", pixels);
    await board.addImage("hwc", pixels.movedim(0, 2), 1, { dataformats: "HWC" });
    await board.addImage("hw", pixels.mul(255).to("uint8").select(0, 0), 2, { dataformats: "HW" });
    await expect(board.addImage("bad", pixels.select(0, 0))).rejects.toThrow(/not CHW; dataformats/);
    board.close();
    const images = recordsOf(files()[0]!).slice(1).map((body) => {
      const start = Buffer.from(body).indexOf("\x89PNG", 0, "latin1");
      return decodeImage(body.subarray(start)).toArray();
    });
    const colours = [[[0, 255, 128]], [[255, 0, 128]], [[0, 0, 255]]];
    expect(images).toEqual([colours, colours, [[[0, 255, 127]]]]);
  });

  test("leaves out of histograms what is not finite", async () => {
    expect(histogramOf([NaN, Infinity])).toBe(null);
    expect(histogramOf([NaN, 2])).toMatchObject({ min: 2, max: 2, count: 1 });
    expect(histogramOf([1e30])).toMatchObject({ limits: [1e30], counts: [1] });
    const board = new TensorBoard(folder);
    await board.addHistogram("broken", [NaN]);
    await board.addHistogram("labels", tensor([1n, 2n]));
    board.close();
    expect(tagsOf(files()[0]!)).toEqual(["labels"]);
  });

  test("makes a run of each line of a chart, and a row of a table", () => {
    const board = new TensorBoard(folder);
    board.addScalars("loss", { train: 1, validation: 2 }, 1);
    board.addScalars("loss", { train: 0.5, validation: 2 }, 2);
    board.addHparams({ lr: 0.1, name: "adam" }, { accuracy: 0.9 });
    board.close();
    expect(readdirSync(folder).filter((name) => name.startsWith("loss_")).sort()).toEqual([
      "loss_train",
      "loss_validation",
    ]);
    expect(recordsOf(files(join(folder, "loss_train"))[0]!).length).toBe(3);
    expect(tagsOf(files()[0]!)).toContain("_hparams_/session_start_info");
  });

  test("is a callback", async () => {
    const model = new Linear(2, 1);
    const before = memory().liveBytes;
    const training: Training = {
      model,
      optimizer: new SGD(model.parameters(), { lr: 0.1 }),
      epochs: 1,
      steps: 4,
      step: 2,
      history: [],
      losses: [],
      stop() {},
    };
    const board = new TensorBoard(folder, { every: 2, histograms: true });
    board.onStart(training);
    board.onStep({ step: 3, epoch: 1, loss: 1, lr: 0.1 });
    board.onStep({ step: 4, epoch: 1, loss: 1, lr: 0.1, gradNorm: 2 });
    const figures = { loss: 1, accuracy: 0.5, recall: [0.5, 0.25], validationLoss: 2, validationTopFive: 1 };
    await board.onEpoch({ epoch: 1, step: 4, seconds: 1, lr: 0.1, ...figures }, training);
    board.onEnd();
    expect(tagsOf(files()[0]!)).toEqual([
      ...["step/loss", "step/lr", "step/gradNorm", "train/seconds", "train/lr", "train/loss", "train/accuracy"],
      ...["train/recall/0", "train/recall/1", "validation/loss", "validation/topFive", "weight", "bias"],
    ]);
    expect(Buffer.from(recordsOf(files()[0]!)[1]!).subarray(-6).toString("hex")).toBe("10033a020801"); // step 3, START
    expect(memory().liveBytes).toBe(before);
    for (const parameter of model.parameters()) parameter.dispose();
  });

  test("refuses a folder that cannot be written, and steps that are none", () => {
    const path = join(folder, "file");
    writeFileSync(path, "");
    expect(() => new TensorBoard(path)).toThrow(/cannot write to the folder .*file/);
    expect(() => new TensorBoard(folder, { every: 0 })).toThrow(/every is 0/);
    const board = new TensorBoard(folder);
    expect(() => board.addScalar("loss", 1, 1.5)).toThrow(/step is 1.5/);
    expect(() => board.addScalar("loss", 1, -1)).toThrow(/step is -1/);
    board.close();
  });
});

test.skipIf(process.platform !== "linux")("a folder that cannot be made is an error", () => {
  expect(() => new TensorBoard("/proc/nope")).toThrow(/TensorBoard: cannot write to the folder \/proc\/nope: /);
});
