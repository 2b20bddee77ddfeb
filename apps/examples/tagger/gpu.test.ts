/** Ten steps on the GPU, in Deno, give the CPU's losses and tags; elsewhere, and where there is no adapter, the tests are skipped. */
import { defaultDevice, type Device, ones, setDefaultDevice } from "@heddle/tensor";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { openDevice } from "../runner/device.ts";
import { Progress } from "../runner/progress.ts";
import { Screen } from "../runner/screen.ts";
import { loadCorpus, tagsOf, Words } from "./corpus.ts";
import { type Trained, trainTagger } from "./train.ts";

const cpu = defaultDevice();
let gpu: Device | null = null;
try {
  if (!("deno" in process.versions)) throw new Error("Bun and Node have no WebGPU of their own");
  gpu = await openDevice("gpu");
  ones([1]).item();
} catch (error) {
  // Where `.ci/run` has installed an adapter, skipping would hide that it does not work.
  if (process.env["EXPECT_GPU"] === "1" && "deno" in process.versions) throw error;
  console.warn(`training taggers on the GPU is skipped: ${error instanceof Error ? error.message : error}`);
} finally {
  setDefaultDevice(cpu);
}

const corpus = await loadCorpus(null, 160);

async function train(device: Device, withCrf: boolean): Promise<Trained> {
  setDefaultDevice(device);
  try {
    const settings = { seed: 1, epochs: 1, batch: 16, lr: 0.01, most: 10, withCrf };
    return await trainTagger(corpus, Words.of(corpus.train), tagsOf(corpus.train), {
      ...settings,
      sizes: { embedding: 16, hidden: 12, dropout: 0.2 },
    }, new Progress(new Screen({ write: () => {} }, false), 10));
  } finally {
    setDefaultDevice(cpu);
  }
}

describe.skipIf(gpu === null)("a tagger trained on a GPU", () => {
  test.each([["with", true], ["without", false]] as const)(
    "%s a CRF: losses and tags are the CPU's",
    async (_, withCrf) => {
      const [here, there] = [await train(cpu, withCrf), await train(gpu!, withCrf)];
      expect(here.losses).toHaveLength(10);
      there.losses.forEach((loss, step) => expect(loss, `step ${step + 1}`).toBeCloseTo(here.losses[step]!, 4));
      const unlike = there.found.flat().filter((tag, i) => tag !== here.found.flat()[i]).length;
      expect(unlike / here.found.flat().length).toBeLessThan(0.005);
    },
    120_000,
  );
});
