import "@heddle/autograd";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getDevice, memory, ones, scope } from "@heddle/tensor";
import type { Backend } from "@heddle/tensor/backend";
import { expect, test } from "vitest";
import { profile } from "./profile.ts";

const work = (): void => {
  using _ = scope();
  const x = ones([8, 4], { requiresGrad: true });
  x.matmul(ones([4, 8])).add(ones([8, 1]).expand(8, 8)).sum().backward();
};

test("a profile counts operations, their bytes and their time", async () => {
  const before = memory().liveBytes;
  const found = await profile(work);
  expect(memory().liveBytes).toBe(before);
  const row = (name: string) => found.rows.find(({ operation }) => operation === name)!;
  expect(row("matmul")).toMatchObject({ gpu: null, bytes: expect.any(Number) });
  expect(row("matmul").calls).toBeGreaterThanOrEqual(2); // forward, and the gradient of x
  expect(row("add")).toMatchObject({ calls: 1, bytes: 4 * (64 + 8 + 64) }); // the expanded operand is 8 numbers
  const share = found.rows.reduce((sum, { share }) => sum + share, 0);
  expect(share + found.outside / found.milliseconds).toBeCloseTo(1, 6);
  const lines = String(found).split("\n");
  expect(lines[0]).toMatch(/^operation +calls +host ms +µs a call +bytes +share$/);
  expect(lines.length).toBe(found.rows.length + 4);
  expect(lines.at(-1)).toMatch(/^\(all\) +\d+ +\d/);
});

test("a profile is over when its function ends, throws, or is resolved", async () => {
  await expect(profile(() => {
    ones([1]).dispose();
    throw new Error("broken");
  })).rejects.toThrow("broken");
  const found = await profile(async () => {
    ones([2]).dispose();
    await Promise.resolve();
    ones([3]).dispose();
  });
  work();
  expect(found.rows).toMatchObject([{ operation: "ones", calls: 2, bytes: 20 }]);
});

test("profiles nest", async () => {
  let inner = 0;
  const outer = await profile(async () => {
    work();
    inner = (await profile(work)).rows.length;
  });
  expect(inner).toBe(outer.rows.length);
  expect(outer.rows.find(({ operation }) => operation === "add")!.calls).toBe(2);
});

test("the trace has an event for each dispatch, in the format of Chrome's viewer", async () => {
  const folder = mkdtempSync(join(tmpdir(), "heddle-profile-"));
  try {
    const found = await profile(work);
    found.saveTrace(join(folder, "trace.json"));
    const { traceEvents, displayTimeUnit } = JSON.parse(readFileSync(join(folder, "trace.json"), "utf8"));
    expect(displayTimeUnit).toBe("ms");
    const seen = traceEvents.filter(({ ph, cat }: { ph: string; cat?: string }) => ph === "X" && cat === "cpu");
    expect(seen.length).toBe(found.rows.reduce((sum, { calls }) => sum + calls, 0));
    const add = seen.find(({ name }: { name: string }) => name === "add");
    expect(add).toMatchObject({ pid: 1, tid: 1, args: { device: "cpu", shapes: "[8, 8]", bytes: 544 } });
    for (const { ts, dur } of seen) {
      expect(ts).toBeGreaterThanOrEqual(0);
      expect((ts + dur) / 1000).toBeLessThanOrEqual(found.milliseconds);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a device with a clock of its own is asked for its time", async () => {
  const backend: Backend = getDevice("reference").backend;
  backend.measure = (run) => (run(), Promise.resolve(2));
  try {
    const found = await profile(() => {
      using _ = scope();
      const x = ones([2, 3], { device: "reference" });
      x.exp().exp();
    });
    expect(found.rows).toMatchObject([{ operation: "exp", calls: 2, gpu: 4 }, { operation: "ones", gpu: 2 }]);
    expect(found.rows[0]!.share).toBeCloseTo(2 / 3, 9);
    expect(String(found)).toMatch(/GPU ms/);
    const { traceEvents } = JSON.parse(found.trace());
    const own = traceEvents.filter(({ tid, ph }: { tid: number; ph: string }) => tid === 2 && ph === "X");
    expect(own.map(({ name, dur }: { name: string; dur: number }) => [name, dur])).toEqual([
      ["ones", 2000],
      ["exp", 2000],
      ["exp", 2000],
    ]);
    expect(own[1].ts).toBeGreaterThanOrEqual(own[0].ts + own[0].dur);
  } finally {
    delete backend.measure;
  }
});
