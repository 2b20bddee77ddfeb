import { expect, test } from "vitest";
import { checkSynchronous } from "./check_synchronous.ts";

test("promises and thenables throw, and their rejection is handled", async () => {
  const thenable = { then: (_: unknown, failed: (reason: unknown) => void) => failed(new Error("on purpose")) };
  for (const result of [Promise.resolve(1), Promise.reject(new Error("on purpose")), thenable]) {
    expect(() => checkSynchronous("op", result, "do otherwise")).toThrow(
      new TypeError("op: the function is asynchronous; do otherwise"),
    );
  }
  // An unhandled rejection would fail the run by now.
  await new Promise((resolve) => setTimeout(resolve, 5));
});

test("other results pass", () => {
  for (const result of [undefined, null, 1, "then", {}, { then: 1 }, [], () => {}]) checkSynchronous("op", result, "");
});
