// Files share a process. What one of them left to the garbage collector is gone before the next one counts what is alive.
import { afterAll } from "vitest";
import { collectGarbage, nextTurn } from "./packages/tensor/src/runtime.ts";

afterAll(async () => {
  collectGarbage();
  for (let turn = 0; turn < 3; turn++) await nextTurn();
});
