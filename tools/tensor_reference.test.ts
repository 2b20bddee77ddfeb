// Holds docs/tensor.md: every public member of Tensor and every value that @heddle/tensor exports has its place in one of the
// tables, once, and nothing else has.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as tensor from "../packages/tensor/src/mod.ts";

/** The names in the first column of the tables: `x.add(other)` is "x.add", `zeros(shape)` "zeros". */
function entries(page: string): string[] {
  const cells = page.split("\n").filter((line) => line.startsWith("| `")).map((line) => line.split(" | ")[0]!);
  return cells.flatMap((cell) => [...cell.matchAll(/`((?:x\.)?\w+)[^`]*`/g)].map((match) => match[1]!));
}

/** What the page has to name. */
function publicNames(): string[] {
  const { prototype } = tensor.Tensor;
  const members = [...Object.getOwnPropertyNames(prototype), "dtype", "shape", "strides", "offset", "numel", "device"];
  return [...members.filter((name) => name !== "constructor").map((name) => `x.${name}`), ...Object.keys(tensor)];
}

function compared(page: string, names: string[]): { missing: string[]; unknown: string[]; twice: string[] } {
  const found = entries(page);
  return {
    missing: names.filter((name) => !found.includes(name)),
    unknown: found.filter((name) => !names.includes(name)),
    twice: found.filter((name, i) => found.indexOf(name) !== i),
  };
}

test("the reference of tensor operations lists every operation, and each once", () => {
  const page = readFileSync(new URL("../docs/tensor.md", import.meta.url), "utf8");
  expect(compared(page, publicNames())).toEqual({ missing: [], unknown: [], twice: [] });
});

test("what is missing, unknown or listed twice is named", () => {
  const page =
    "`zeros`\n| Heddle | what |\n| --- | --- |\n| `x.add(other, { alpha }?)`, `x.abs()` | a | `b` |\n| `x.abs()` | c |\n";
  expect(compared(page, ["x.add", "zeros"])).toEqual({
    missing: ["zeros"],
    unknown: ["x.abs", "x.abs"],
    twice: ["x.abs"],
  });
});
