// Holds docs/onnx_operators.md to the importer's table.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { page } from "./onnx_operators.ts";

test("the page lists the operators as they are; tools/onnx_operators.ts writes it", () => {
  expect(readFileSync(new URL("../docs/onnx_operators.md", import.meta.url), "utf8")).toBe(page());
});
