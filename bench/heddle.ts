/** Heddle as a contender. */
import { memory } from "@heddle/tensor";
import process from "node:process";
import { heddleConv } from "./families/conv.ts";
import { heddleEager } from "./families/eager.ts";
import { heddleElementwise } from "./families/elementwise.ts";
import { heddleMatmul } from "./families/matmul.ts";
import { heddleReduction } from "./families/reduction.ts";
import { heddleTraining } from "./families/training.ts";
import { copyRates, multiplyAddRates } from "./reference.ts";
import { serve } from "./serve.ts";

const { deno, bun, node } = process.versions as Record<
  string,
  string | undefined
>;

await serve({
  about: () => `Heddle on ${deno ? `Deno ${deno}` : bun ? `Bun ${bun}` : `Node ${node}`}`,
  kinds: {
    ...heddleMatmul,
    ...heddleConv,
    ...heddleElementwise,
    ...heddleReduction,
    ...heddleEager,
    ...heddleTraining,
  },
  reference: (unit) => unit === "GB/s" ? copyRates() : multiplyAddRates(),
  live: () => memory().liveBytes,
});
