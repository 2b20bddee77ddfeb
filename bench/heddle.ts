/** Heddle as a contender, on the CPU or, with the argument `gpu`, on WebGPU. */
import { gpuReport, webgpu } from "@heddle/gpu";
import { nativeReport } from "@heddle/native";
import { defaultDevice, memory, setDefaultDevice } from "@heddle/tensor";
import process from "node:process";
import { heddleAttention } from "./families/attention.ts";
import { heddleAugment } from "./families/augment.ts";
import { heddleCapture } from "./families/capture.ts";
import { heddleConv } from "./families/conv.ts";
import { heddleConvBlock } from "./families/conv_block.ts";
import { heddleEager } from "./families/eager.ts";
import { heddleElementwise } from "./families/elementwise.ts";
import { heddleFourier } from "./families/fft.ts";
import { heddleGpt } from "./families/gpt.ts";
import { heddleGru } from "./families/gru.ts";
import { heddleImported } from "./families/imported.ts";
import { heddleInference } from "./families/inference.ts";
import { heddleMatmul } from "./families/matmul.ts";
import { heddleReduction } from "./families/reduction.ts";
import { heddleResnet20 } from "./families/resnet20.ts";
import { heddleTraining } from "./families/training.ts";
import { copyRates, multiplyAddRates } from "./reference.ts";
import { serve } from "./serve.ts";

const { deno, bun, node } = process.versions as Record<
  string,
  string | undefined
>;

const about = `Heddle on ${deno ? `Deno ${deno}` : bun ? `Bun ${bun}` : `Node ${node}`}`;
const gpu = process.argv[2] === "gpu";

/** What the kernels are compiled for. A forced target that the machine lacks is no measurement. */
function kernels(): string {
  const { target, reason } = nativeReport();
  const forced = process.env.HEDDLE_NATIVE;
  if (target === null && forced && forced !== "0") throw new Error(`no ${forced}: ${reason}`);
  return target ?? `WebAssembly (${reason})`;
}

await serve({
  async about() {
    if (!gpu) return { about: `${about}, ${kernels()}` };
    const device = await webgpu();
    setDefaultDevice(device);
    const { adapter } = gpuReport(device);
    return { about: `${about}, WebGPU on ${adapter}`, adapter };
  },
  kinds: {
    ...heddleCapture,
    ...heddleMatmul,
    ...heddleConv,
    ...heddleConvBlock,
    ...heddleElementwise,
    ...heddleReduction,
    ...heddleFourier,
    ...heddleEager,
    ...heddleTraining,
    ...heddleInference,
    ...heddleImported,
    ...heddleResnet20,
    ...heddleGru,
    ...heddleGpt,
    ...heddleAttention,
    ...heddleAugment,
  },
  // The loops are the CPU's.
  reference: (unit) => gpu ? [] : unit === "GB/s" ? copyRates() : multiplyAddRates(),
  held() {
    const live = memory().liveBytes;
    if (!gpu) return { live };
    const { buffers, bytes } = gpuReport(defaultDevice());
    return { live, buffers, bytes };
  },
  peak: () => memory().peakBytes,
});
