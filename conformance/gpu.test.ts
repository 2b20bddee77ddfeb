/** The GPU against the recordings of PyTorch, in Deno; elsewhere, and where there is no adapter, the tests are skipped. */
import { webgpu } from "@heddle/gpu";
import { ones } from "@heddle/tensor";
import { NullBackend, registerDevice } from "@heddle/tensor/backend";
import process from "node:process";
import { describe } from "vitest";
import { skipping } from "./expected.ts";
import { gpuOptions } from "./gpu_options.ts";
import { nnConformance } from "./nn_suite.ts";
import { conformance, edgeConformance } from "./suite.ts";

let found = false;
if ("deno" in process.versions) {
  try {
    ones([1], { device: await webgpu() }).item();
    found = true;
  } catch (error) {
    skipping("the tests of conformance on the GPU", error);
  }
} else {console.warn(
    "the tests of conformance on the GPU are skipped: they read values at once, which Deno alone can do",
  );}
// The number of tests is the same everywhere: skipped ones need a device of that name.
if (!found) registerDevice("gpu", () => new NullBackend());

describe.skipIf(!found)("on a GPU", () => {
  conformance("gpu", gpuOptions);
  edgeConformance("gpu", { ...gpuOptions, excused: {}, sample: 40 });
  nnConformance("gpu", gpuOptions);
});
