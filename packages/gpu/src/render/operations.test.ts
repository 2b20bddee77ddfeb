import { expect, test } from "vitest";
import { functions } from "./math/functions.ts";
import { operations } from "./operations.ts";

test("every function that an operation calls is written down", () => {
  for (const [prim, render] of Object.entries(operations)) {
    for (const dtype of ["float32", "int32", "bool"] as const) {
      for (const [, name] of render("a", "b", "c", dtype).matchAll(/\b(\w+_[fi])\(/g)) {
        expect(Object.keys(functions), `${prim} of ${dtype}`).toContain(name);
      }
    }
  }
});
