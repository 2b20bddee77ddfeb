/**
 * float16 and bfloat16 on a GPU are float32 rounded once, in Deno; elsewhere the tests are skipped, and those of float16 where the
 * adapter lacks it.
 */
import "@heddle/autograd";
import { describe } from "vitest";
import { gpuFor } from "./expected.ts";
import { halfConformance } from "./half_suite.ts";

const gpu = await gpuFor("the tests of what float16 and bfloat16 on the GPU round");

for (const half of ["float16", "bfloat16"] as const) {
  const supported = gpu?.backend.supports(half) === true;
  describe.skipIf(!supported)(`${half} on a GPU`, { tags: ["long"] }, () => halfConformance("gpu", half, "some"));
}
