import { getDevice } from "@heddle/tensor";
import { type Backend, registerDevice } from "@heddle/tensor/backend";
import { describe } from "vitest";
import { nnConformance } from "./nn_suite.ts";
import { conformance } from "./suite.ts";

// Addresses from 2 GiB on are negative if read as signed numbers. The memory below them is reserved, and never touched.
type WithHeap = Backend & { readonly engine: { readonly heap: { alloc(bytes: number): number } } };
registerDevice("cpu above 2 GiB", () => {
  const Cpu = getDevice("cpu").backend.constructor as new () => WithHeap;
  const backend = new Cpu();
  backend.engine.heap.alloc(2 ** 31);
  return backend;
});

describe("addresses above 2 GiB", { tags: ["long", "once"] }, () => {
  conformance("cpu above 2 GiB");
  nnConformance("cpu above 2 GiB");
});
