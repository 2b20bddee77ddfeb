import { expect, test } from "vitest";
import { type Program, wrongSizes } from "./bundle_sizes.ts";

const program: Program = { source: () => "", ceiling: 100 };
const page = "| kB | esbuild | rolldown |\n| a  | 90 | 80 |\n| b | 99      | 70       |\n";

test("sizes stay below their ceilings, and the page has about the same", () => {
  expect(wrongSizes([["a", 91, 78], ["b", 100, 73]], page, { a: program, b: program })).toEqual([]);
  expect(wrongSizes([["a", 101, 80], ["b", 99, 75], ["c", 1, 1]], page, { a: program, b: program, c: program }))
    .toEqual([
      "a: 101 kB, at most 100; see what the bundle has with esbuild's --analyze",
      "b: docs/browsers.md has other sizes; npx tsx tools/bundle_sizes.ts writes them",
      "c: docs/browsers.md has other sizes; npx tsx tools/bundle_sizes.ts writes them",
    ]);
});
