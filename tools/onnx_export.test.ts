// Holds docs/onnx_export.md to the exporter's tables.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { page } from "./onnx_export.ts";

test("the page lists what operations become; tools/onnx_export.ts writes it", () => {
  expect(readFileSync(new URL("../docs/onnx_export.md", import.meta.url), "utf8")).toBe(page());
});
