/** @module-tag once */
import process from "node:process";
import { expect, test, vi } from "vitest";

test("the short program learns", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  const error = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  try {
    await import("./short.ts");
    const [line] = log.mock.calls.at(-1)!;
    expect(line).toMatch(/^[\d.]+% of the test digits are misclassified$/);
    // Chance is 90%.
    expect(parseFloat(line)).toBeLessThan(15);
    expect(error.mock.calls.join("")).toContain("validation error percent");
  } finally {
    log.mockRestore();
    error.mockRestore();
  }
});
