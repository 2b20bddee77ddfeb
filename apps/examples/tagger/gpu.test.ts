/** Ten steps on the GPU, in Deno, match the CPU's losses and tags; the tests are skipped elsewhere and without an adapter. */
import { defaultDevice, type Device, setDefaultDevice } from "@heddle/tensor";
import { Progress, Screen } from "@heddle/train/text";
import { describe, expect, test } from "vitest";
import { testGpu } from "../runner/test_gpu.ts";
import { loadCorpus, tagsOf, Words } from "./corpus.ts";
import { type Trained, trainTagger } from "./train.ts";

const cpu = defaultDevice();
const gpu = await testGpu("training taggers");

const corpus = await loadCorpus(null, 160);

async function train(device: Device, withCrf: boolean): Promise<Trained> {
  setDefaultDevice(device);
  try {
    const settings = { seed: 1, epochs: 1, batch: 16, lr: 0.01, most: 10, withCrf };
    return await trainTagger(corpus, Words.of(corpus.train), tagsOf(corpus.train), {
      ...settings,
      sizes: { embedding: 16, hidden: 12, dropout: 0.2 },
    }, new Progress(10, { screen: new Screen({ write: () => {} }, false) }));
  } finally {
    setDefaultDevice(cpu);
  }
}

describe.skipIf(gpu === null)("a tagger trained on a GPU", { tags: ["long"] }, () => {
  test.each([["with", true], ["without", false]] as const)(
    "%s a CRF: losses and tags are the CPU's",
    async (_, withCrf) => {
      const [here, there] = [await train(cpu, withCrf), await train(gpu!, withCrf)];
      expect(here.losses).toHaveLength(10);
      there.losses.forEach((loss, step) => expect(loss, `step ${step + 1}`).toBeCloseTo(here.losses[step]!, 4));
      const unlike = there.found.flat().filter((tag, i) => tag !== here.found.flat()[i]).length;
      expect(unlike / here.found.flat().length).toBeLessThan(0.005);
    },
  );
});
