import { registerDevice } from "@heddle/tensor";
import { describe } from "vitest";
import { CpuBackend } from "../packages/tensor/src/backends/cpu/mod.ts";
import { nnConformance } from "./nn_suite.ts";
import { conformance } from "./suite.ts";

// Addresses from 2 GiB on are negative numbers to whoever takes them for signed. The memory before them is reserved, and never touched.
registerDevice("cpu above 2 GiB", () => {
  const backend = new CpuBackend();
  backend.engine.heap.alloc(2 ** 31);
  return backend;
});

describe("addresses above 2 GiB", { tags: ["long"] }, () => {
  conformance("cpu above 2 GiB");
  nnConformance("cpu above 2 GiB");
});
