import process from "node:process";
import { expect, test, vi } from "vitest";
import { startWorker } from "./runtime.ts";

// To copy the environment, Deno would ask the user for the permission.
test.skipIf("bun" in process.versions)("a worker gets no environment variables", async () => {
  const words = new Int32Array(new SharedArrayBuffer(8));
  const body = "data[1] = Object.keys(require('node:process').env).length; Atomics.store(data, 0, 1);";
  const failed = vi.fn();
  const worker = startWorker(body, words, failed);
  await vi.waitFor(() => expect(Atomics.load(words, 0)).toBe(1), 300_000);
  expect([worker, words[1], failed.mock.calls]).toEqual([worker, 0, []]);
});
