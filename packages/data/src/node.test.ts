import { expect, test, vi } from "vitest";
import { readIdx } from "./images/idx_file.ts";
import { node } from "./node.ts";

test("the modules are the runtime's", async () => {
  expect(node.path.join("a", "b")).toBe((await import("node:path")).join("a", "b"));
  expect(node.process.pid).toBe((await import("node:process")).default.pid);
});

test("without them reading says what to do instead", async () => {
  vi.stubGlobal("process", undefined);
  try {
    const reading = readIdx("nowhere").catch((error: Error) => error.message);
    vi.unstubAllGlobals();
    expect(await reading).toMatch(/"node:fs\/promises" is not available here.*parseIdx/s);
  } finally {
    vi.unstubAllGlobals();
  }
});
