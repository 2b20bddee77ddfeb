import { expect, test } from "vitest";
import { checkLayout } from "./check_layout.ts";

const check = (path: string, text = ""): string[] => checkLayout([{ path, text }]);

test("good names and sizes pass", () => {
  expect(check("packages/nn/src/batch_norm.ts", "x\n".repeat(600))).toEqual([]);
  expect(check("packages/nn/src/conv2d.test.ts")).toEqual([]);
});

test("vague names, other cases and long files are caught", () => {
  expect(check("packages/nn/src/utils.ts")[0]).toContain(`"utils" says nothing`);
  expect(check("packages/nn/src/batchNorm.ts")[0]).toContain("snake_case");
  expect(check("packages/nn/src/batch-norm.test.ts")[0]).toContain("snake_case");
  expect(check("packages/nn/src/all.ts", "x\n".repeat(601))[0]).toContain("has 601 lines");
});
