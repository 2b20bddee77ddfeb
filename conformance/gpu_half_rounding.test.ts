/** float16 and bfloat16 on a GPU are float32 rounded once, in Deno; elsewhere, and where the adapter has no float16, the tests are skipped. */
import "@heddle/autograd";
import { describe } from "vitest";
import { gpuFor } from "./expected.ts";
import { halfConformance } from "./half_suite.ts";

const gpu = await gpuFor("the tests of what float16 on the GPU rounds", ({ backend }) => {
  if (!backend.supports("float16")) throw new Error("the adapter has no float16");
});

describe.skipIf(gpu === null)("on a GPU", { tags: ["long"] }, () => halfConformance("gpu", "some"));
