import * as heddle from "@heddle/tensor";
import { expect, test } from "vitest";
import { tensors } from "./tensors.ts";
import { testBasic } from "./test_harness.ts";

test("the output beside each line of code is what the line prints", async () => {
  const { figures, pictures } = await testBasic(tensors);
  // Each line is run again, in order; `x = …` is for the lines after it.
  const names: Record<string, unknown> = {};
  const evaluate = (code: string): unknown =>
    new Function("names", "heddle", `with (heddle) with (names) { return ${code} }`)(names, heddle);
  for (const { code, prints } of figures.shown as { code: string; prints: string }[]) {
    const [, name, expression] = code.match(/^(\w+) = (.*)$/) ?? [null, null, code];
    let value: unknown;
    try {
      value = evaluate(expression!);
    } catch (error) {
      value = error;
    }
    if (name !== null) names[name] = value;
    expect(Array.isArray(value) ? `[${value.join(", ")}]` : String(value), code).toBe(prints);
  }
  expect(figures.shown.length).toBeGreaterThan(20);
  expect(figures.refusal).toContain("[3, 1]");
  expect(pictures["broadcasting"]).toContain("strides [1, 0]");
});
