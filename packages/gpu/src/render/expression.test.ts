import type { Kernel } from "@heddle/tensor/backend";
import { expect, test } from "vitest";
import { renderElementwise } from "./elementwise.ts";
import { renderReduction } from "./reduce.ts";

function kernel(op: "igamma" | "atan2", reduce: Kernel["reduce"] = null): Kernel {
  const input = { dtype: "float32", strides: [1] } as const;
  const args = [0, 1].map((index) => ({ op: "input", index, dtype: "float32" }) as const);
  return {
    kind: "kernel",
    shape: [64],
    inputs: [input, input],
    expr: { op, args, dtype: "float32" },
    reduce,
    output: reduce === null ? input : { dtype: "float32", strides: [] },
  };
}

/** How often a shader calls the function of an element. */
const calls = (source: string): number => source.split(/(?<!fn )\belement\(/).length - 1;

test("a kernel contains the code of a long operation once, and that of others once for each of four elements", () => {
  const map = (op: "igamma" | "atan2") =>
    renderElementwise(kernel(op), { offsets: [0, 0, 0], inPlace: [false, false] });
  expect(calls(map("igamma").source())).toBe(1);
  expect(calls(map("atan2").source())).toBe(4);
  const sum = (op: "igamma" | "atan2") =>
    renderReduction(kernel(op, { op: "sum", dims: 1 }), true, { software: false, subgroup: 1 }).source();
  expect(calls(sum("igamma"))).toBe(1);
  expect(calls(sum("atan2"))).toBe(5);
});
