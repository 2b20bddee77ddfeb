/** Numbers at the ends of their range on a GPU, in Deno; elsewhere the tests are skipped. */
import { describe } from "vitest";
import { gpuFor } from "./expected.ts";
import { testExtremes } from "./extremes_suite.ts";

const gpu = await gpuFor("the tests of extremes on the GPU");

describe.skipIf(gpu === null)("on a GPU", () => testExtremes("gpu"));
