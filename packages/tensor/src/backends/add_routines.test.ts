import { expect, test } from "vitest";
import "../mod.ts";
import { routineRules } from "../prims/routines.ts";
import { routines as cpu } from "./cpu/routines/mod.ts";
import { routines as reference } from "./reference/routines.ts";

test("the operations bring every routine that the backends on the host have", () => {
  const expected = Object.keys(routineRules).filter((name) => !name.startsWith("attention")).sort();
  expect(expected).toContain("convWeightGrad");
  expect(Object.keys(cpu).sort()).toEqual(expected);
  expect(Object.keys(reference).sort()).toEqual(expected);
});
