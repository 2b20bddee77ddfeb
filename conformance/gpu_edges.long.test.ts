/** Corners and ends of functions on the GPU, against the recordings of PyTorch. */
import { NullBackend, registerDevice } from "@heddle/tensor";
import { describe } from "vitest";
import { gpuFor } from "./expected.ts";
import { edgeConformance } from "./suite.ts";

const gpu = await gpuFor("the tests of corners and ends on the GPU");
// As many tests everywhere: those that are skipped need a device of the name.
if (gpu === null) registerDevice("gpu", () => new NullBackend());

describe.skipIf(gpu === null)("on a GPU", () => {
  edgeConformance("gpu", {
    tolerances: { float32: { rtol: 1e-4, atol: 1e-5 } },
    replayAs: { float64: "float32", int64: "int32" },
  });
});
