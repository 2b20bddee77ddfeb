/** Ten steps on the GPU, in Deno, match the CPU's losses; the tests are skipped elsewhere and without an adapter. */
import { Vocabulary } from "@heddle/data";
import { functional as F, type Module } from "@heddle/nn";
import { Adam } from "@heddle/optim";
import { defaultDevice, type Device, manualSeed, scope, setDefaultDevice, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { testGpu } from "../runner/test_gpu.ts";
import { type NameBatch, nameLoader } from "./batches.ts";
import { loadNames } from "./names.ts";
import { NameClassifier, type NameSizes, NameWriter, type Units } from "./networks.ts";

const cpu = defaultDevice();
const gpu = await testGpu("training networks of names");

const { train, languages } = await loadNames(null, 160, 0);
const vocabulary = Vocabulary.build(train.map(({ letters }) => letters));

/** A network and its loss. */
type Task = (sizes: NameSizes) => { network: Module; loss(batch: NameBatch): Tensor };

const classify: Task = (sizes) => {
  const network = new NameClassifier({ ...sizes, bidirectional: true });
  return {
    network,
    loss: ({ letters, lengths, languages }) => F.crossEntropy(network.forward(letters, lengths), languages),
  };
};
const write: Task = (sizes) => {
  const network = new NameWriter(sizes);
  return {
    network,
    loss: ({ letters, next, languages }) =>
      F.crossEntropy(network.forward(letters, languages).flatten(0, 1), next.flatten(), { ignoreIndex: 0 }),
  };
};

async function losses(device: Device, task: Task, units: Units): Promise<number[]> {
  setDefaultDevice(device);
  manualSeed(2);
  try {
    const { network, loss: lossOf } = task({
      units,
      bidirectional: false,
      letters: vocabulary.size,
      languages: languages.length,
      embedding: 12,
      hidden: 20,
      layers: 2,
      dropout: 0.2,
    });
    const optimizer = new Adam(network.parameters(), { lr: 0.01 });
    const found: number[] = [];
    for (const batch of nameLoader(train, vocabulary, { batch: 16, shuffle: true })) {
      using _ = scope();
      const loss = lossOf(batch);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      found.push(Number((await loss.detach().data())[0]));
    }
    return found;
  } finally {
    setDefaultDevice(cpu);
  }
}

describe.skipIf(gpu === null)("networks of names trained on a GPU", { tags: ["long"] }, () => {
  test.each(
    [
      ["classifier", "RNN", classify],
      ["classifier", "GRU", classify],
      ["classifier", "LSTM", classify],
      ["writer", "GRU", write],
      ["writer", "LSTM", write],
    ] as const,
  )("a %s of %s: the losses are the CPU's", async (_, units, task) => {
    const [here, there] = [await losses(cpu, task, units), await losses(gpu!, task, units)];
    expect(here).toHaveLength(10);
    there.forEach((loss, step) => expect(loss, `step ${step + 1}`).toBeCloseTo(here[step]!, 4));
  });
});
