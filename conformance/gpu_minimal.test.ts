/**
 * The kernels for GPUs within the limits that every adapter has, against the recordings of PyTorch, in Deno: 8 storage buffers, 16 KiB of
 * workgroup memory, bindings of 128 MiB, no features. A few recordings always run; the others only in CI.
 */
import { webgpu } from "@heddle/gpu";
import { ones } from "@heddle/tensor";
import { NullBackend, registerDevice } from "@heddle/tensor/backend";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { skipping } from "./expected.ts";
import { gpuOptions } from "./gpu_options.ts";
import { minimalAdapter } from "./minimal_adapter.ts";
import { nnConformance } from "./nn_suite.ts";
import { conformance } from "./suite.ts";

const name = "minimal";
// Element-wise kernels depend neither on limits nor on whether the adapter is software: `gpu.test.ts` replays all of their recordings.
const sampledOnly = ["elementwise_unary", "elementwise_binary", "elementwise_ternary", "promotion"];
let found = false;
if ("deno" in process.versions) {
  try {
    ones([1], { device: await webgpu({ name, adapter: await minimalAdapter() }) }).item();
    found = true;
  } catch (error) {
    skipping("the tests of conformance on a minimal GPU", error);
  }
} else {console.warn(
    "the tests of conformance on a minimal GPU are skipped: they read values at once, as Deno alone can",
  );}
// The number of tests is the same everywhere: skipped ones need a device of that name.
if (!found) registerDevice(name, () => new NullBackend());

describe.skipIf(!found)("on a minimal GPU", () => {
  conformance(name, { ...gpuOptions, sample: 40, sampledOnly });
  nnConformance(name, { ...gpuOptions, sample: 40 });

  test("a tensor larger than a binding is refused, with the operation, the sizes and the remedy", () => {
    expect(() => ones([2 ** 25 + 1], { device: name })).toThrow(
      /^ones: 134217732 bytes in one buffer, but this adapter allows at most 134217728; split the tensor, or use/,
    );
    const column = ones([2 ** 13, 1], { device: name });
    expect(() => column.matmul(column.t())).toThrow(/^matmul: 268435456 bytes in one buffer, /);
  });
});
