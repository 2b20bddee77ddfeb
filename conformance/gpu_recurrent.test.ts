/** A small translator of GRUs trained on the GPU in Deno: its losses equal the CPU's, and memory is constant. */
import "@heddle/autograd";
import { gpuReport } from "@heddle/gpu";
import { Embedding, functional as F, GRU, Linear, Module } from "@heddle/nn";
import { Adam } from "@heddle/optim";
import {
  defaultDevice,
  type Device,
  getDevice,
  manualSeed,
  scope,
  setDefaultDevice,
  type Tensor,
  tensor,
} from "@heddle/tensor";
import { afterAll, describe, expect, test } from "vitest";
import { gpuFor } from "./expected.ts";

const gpu = await gpuFor("the tests of recurrent training on the GPU");

const before = defaultDevice();
afterAll(() => setDefaultDevice(before));

const [batch, words, steps] = [6, 30, 7];
const lengths = [7, 3, 5, 1, 7, 2];

/** A bidirectional encoder and a decoder that starts from the sum of both final states. */
class Translator extends Module {
  readonly source: Embedding = new Embedding(words, 12, { paddingIdx: 0 });
  readonly encoder: GRU = new GRU(12, 16, { bidirectional: true, numLayers: 2, batchFirst: true });
  readonly target: Embedding = new Embedding(words, 12);
  readonly decoder: GRU = new GRU(12, 16, { batchFirst: true });
  readonly output: Linear = new Linear(16, words);

  forward(read: Tensor, written: Tensor): Tensor {
    const [output, states] = this.encoder.forward(this.source.forward(read), null, { lengths });
    const start = states.narrow(0, 2, 2).sum(0, { keepdim: true }).add(output.mean([1]).narrow(1, 0, 16).unsqueeze(0));
    const [hidden] = this.decoder.forward(this.target.forward(written), start);
    return this.output.forward(hidden.flatten(0, 1));
  }
}

/** Losses of ten steps, and storages after each. */
function train(device: Device): { losses: number[]; storages: number[] } {
  setDefaultDevice(device);
  manualSeed(11);
  const network = new Translator();
  const optimizer = new Adam(network.parameters(), { lr: 0.02 });
  const sentences = (factor: number): Tensor =>
    tensor(
      Array.from({ length: batch }, (_, i) => Array.from({ length: steps }, (_, t) => (i * 5 + t * factor) % words)),
      { dtype: "int32" },
    );
  const [read, written, labels] = [sentences(3), sentences(4), sentences(7).flatten()];
  const [losses, storages]: [number[], number[]] = [[], []];
  for (let step = 0; step < 10; step++) {
    {
      using _ = scope();
      const loss = F.crossEntropy(network.forward(read, written), labels);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      losses.push(loss.item());
    }
    if (device === gpu) storages.push(gpuReport(device).buffers - gpuReport(device).freeBuffers);
  }
  return { losses, storages };
}

describe.skipIf(gpu === null)("recurrent training on a GPU", () => {
  test("a translator's losses are the CPU's", () => {
    const [found, wanted] = [train(gpu!), train(getDevice("cpu"))];
    expect(wanted.losses[9]).toBeLessThan(0.7 * wanted.losses[0]!);
    found.losses.forEach((loss, i) => expect(Math.abs(loss / wanted.losses[i]! - 1), `step ${i}`).toBeLessThan(1e-4));
    // The first step creates gradients and the optimiser's state.
    expect(new Set(found.storages.slice(1)).size, `${found.storages}`).toBe(1);
  });
});
