import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Metrics } from "./metrics.ts";
import { OutFolder } from "./out_folder.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-metrics-")));
afterEach(() => rmSync(folder, { recursive: true }));

const written = (): string => readFileSync(join(folder, "metrics.jsonl"), "utf8");

test("a record is a line at once, and figures are curves", () => {
  const metrics = new Metrics(new OutFolder(folder, false));
  metrics.add({ step: 10, loss: 0.5 });
  metrics.add({ step: 20, loss: NaN });
  metrics.add({ step: 20, epoch: 1, error: 3 });
  expect(written()).toBe('{"step":10,"loss":0.5}\n{"step":20,"loss":null}\n{"step":20,"epoch":1,"error":3}\n');
  expect(metrics.curve("loss")).toEqual({ x: [10, 20], y: [0.5, NaN] });
  expect(metrics.curve("error", "epoch")).toEqual({ x: [1], y: [3] });
  expect(metrics.values("accuracy")).toEqual([]);
});

test("a resumed run drops the records after its checkpoint", () => {
  const first = new Metrics(new OutFolder(folder, false));
  first.add({ step: 1 });
  const state = structuredClone(first.stateDict());
  first.add({ step: 2 });
  const second = new Metrics(new OutFolder(folder, false));
  expect(written()).toBe('{"step":1}\n{"step":2}\n');
  second.loadStateDict(state);
  second.add({ step: 3 });
  expect(written()).toBe('{"step":1}\n{"step":3}\n');
});

test("a new run replaces the file of the one before, a dry one does not", () => {
  writeFileSync(join(folder, "metrics.jsonl"), "old\n");
  new Metrics(new OutFolder(folder, true)).add({ step: 1 });
  expect(written()).toBe("old\n");
  new Metrics(new OutFolder(folder, false)).add({ step: 1 });
  expect(written()).toBe('{"step":1}\n');
});
