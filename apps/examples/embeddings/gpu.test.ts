/** Ten steps on the GPU, in Deno, match the CPU's losses; the test is skipped elsewhere and without an adapter. */
import { Adam } from "@heddle/optim";
import { defaultDevice, type Device, Generator, scope, setDefaultDevice } from "@heddle/tensor";
import { expect, test } from "vitest";
import { testGpu } from "../runner/test_gpu.ts";
import { loadText } from "./corpus.ts";
import { Pairs } from "./pairs.ts";
import { SkipGram } from "./skip_gram.ts";

const cpu = defaultDevice();
const gpu = await testGpu("learning vectors");

const corpus = await loadText(null, 1, 500);
const pairs = new Pairs(corpus, { window: 3, negatives: 4, sample: 1e-2, batch: 64 });

async function losses(device: Device): Promise<number[]> {
  setDefaultDevice(device);
  try {
    const network = new SkipGram(corpus.vocabulary.size, 16, new Generator(1));
    const optimizer = new Adam(network.parameters(), { lr: 0.1 });
    const found: number[] = [];
    for (const batch of pairs.batches(0)) {
      using _ = scope();
      const loss = network.loss(batch);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      found.push(Number((await loss.detach().data())[0]));
      if (found.length === 10) break;
    }
    return found;
  } finally {
    setDefaultDevice(cpu);
  }
}

test.skipIf(gpu === null)("vectors learned on a GPU: the losses are the CPU's", async () => {
  const [here, there] = [await losses(cpu), await losses(gpu!)];
  expect(here).toHaveLength(10);
  expect(here[9]).toBeLessThan(here[0]! - 0.2);
  there.forEach((loss, step) => expect(loss, `step ${step + 1}`).toBeCloseTo(here[step]!, 4));
});
