/** Ten steps on the GPU, in Deno, match the CPU's losses; the tests are skipped elsewhere and without an adapter. */
import { Adam, clipGradNorm_ } from "@heddle/optim";
import { defaultDevice, type Device, manualSeed, scope, setDefaultDevice } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { testGpu } from "../runner/test_gpu.ts";
import { pairLoader, vocabulariesOf } from "../translation/batches.ts";
import { translateAll, wordLoss } from "../translation/evaluate.ts";
import { loadPairs } from "../translation/pairs.ts";
import type { AttentionKind } from "./sizes.ts";
import { Translator } from "./translator.ts";

const cpu = defaultDevice();
const gpu = await testGpu("training a translator");

const { train, validation } = await loadPairs(null, "fr-en", 160);
const vocabularies = vocabulariesOf(train, 1);

/** Losses of ten steps, the last ones with its own words as input; and its translations afterwards. */
async function run(device: Device, attention: AttentionKind): Promise<{ losses: number[]; said: string[][] }> {
  setDefaultDevice(device);
  manualSeed(5);
  try {
    const words = { source: vocabularies.source.size, target: vocabularies.target.size };
    const sizes = { attention, bidirectional: true, embedding: 16, hidden: 24, layers: 2, dropout: 0.2 };
    const model = new Translator(words, sizes);
    model.to(device);
    const optimizer = new Adam(model.parameters(), { lr: 0.01 });
    const losses: number[] = [];
    for (const batch of pairLoader(train, vocabularies, { batchSize: 16, shuffle: true })) {
      using _ = scope();
      const own = losses.length >= 8;
      const loss = wordLoss(model.forward(batch.source, batch.lengths, batch.previous, own), batch.next);
      optimizer.zeroGrad();
      loss.backward();
      clipGradNorm_(model.parameters(), 1);
      optimizer.step();
      losses.push(Number((await loss.detach().data())[0]));
    }
    const said = await translateAll(model, validation.slice(0, 4).map(([source]) => source), vocabularies, {
      beams: 2,
    });
    return { losses, said };
  } finally {
    setDefaultDevice(cpu);
  }
}

describe.skipIf(gpu === null)("a translator trained on a GPU", { tags: ["long"] }, () => {
  test.each(["none", "dot", "additive"] as const)("attention %s: the losses are the CPU's", async (attention) => {
    const [here, there] = [await run(cpu, attention), await run(gpu!, attention)];
    expect(here.losses).toHaveLength(10);
    expect(here.losses[9]).toBeLessThan(here.losses[0]! - 0.5);
    there.losses.forEach((loss, step) => expect(loss, `step ${step + 1}`).toBeCloseTo(here.losses[step]!, 4));
    expect(there.said).toEqual(here.said);
  });
});
