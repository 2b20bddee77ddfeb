/** Small GPTs trained on the GPU in Deno: their losses equal the CPU's, and memory is constant. */
import "@heddle/autograd";
import { gpuReport } from "@heddle/gpu";
import {
  Embedding,
  functional as F,
  LayerNorm,
  LearnedPositions,
  Linear,
  Module,
  MultiheadAttention,
  RMSNorm,
  RotaryPositions,
  SwiGLU,
  TransformerEncoder,
  TransformerEncoderLayer,
} from "@heddle/nn";
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

const gpu = await gpuFor("the tests of training transformers on the GPU");

const before = defaultDevice();
afterAll(() => setDefaultDevice(before));

const [width, heads, vocabulary] = [16, 4, 11];

/** Scores of the token after each. */
interface Model extends Module {
  forward(tokens: Tensor): Tensor;
}

/** As GPT-2 is: learned positions, norms first, GELU, dropout. */
class Plain extends Module {
  readonly tokens: Embedding = new Embedding(vocabulary, width);
  readonly positions: LearnedPositions = new LearnedPositions(width, 320);
  readonly layers: TransformerEncoder;
  readonly output: Linear = new Linear(width, vocabulary);

  constructor() {
    super();
    const options = {
      dimFeedforward: 32,
      dropout: 0.1,
      activation: "gelu",
      batchFirst: true,
      normFirst: true,
    } as const;
    this.layers = new TransformerEncoder(() => new TransformerEncoderLayer(width, heads, options), 2, {
      norm: new LayerNorm(width),
    });
  }

  forward(tokens: Tensor): Tensor {
    const x = this.positions.forward(this.tokens.forward(tokens));
    return this.output.forward(this.layers.forward(x, { isCausal: true }));
  }
}

/** As LLaMA is: rotary positions, RMSNorm, SwiGLU. */
class Later extends Module {
  readonly tokens: Embedding = new Embedding(vocabulary, width);
  readonly attention: MultiheadAttention = new MultiheadAttention(width, heads, {
    batchFirst: true,
    bias: false,
    rotary: new RotaryPositions(width / heads),
  });
  readonly feedForward: SwiGLU = new SwiGLU(width, 32);
  readonly first: RMSNorm = new RMSNorm(width);
  readonly second: RMSNorm = new RMSNorm(width);
  readonly output: Linear = new Linear(width, vocabulary, { bias: false });

  forward(tokens: Tensor): Tensor {
    const x = this.tokens.forward(tokens);
    const seen = this.first.forward(x);
    const y = x.add(this.attention.forward(seen, seen, seen, { isCausal: true })[0]);
    return this.output.forward(y.add(this.feedForward.forward(this.second.forward(y))));
  }
}

/** Losses of ten steps, and storages after each. */
function train(
  device: Device,
  make: () => Model,
  batch: number,
  length: number,
): { losses: number[]; storages: number[] } {
  setDefaultDevice(device);
  manualSeed(17);
  const network = make();
  const optimizer = new Adam(network.parameters(), { lr: 0.01 });
  const text = tensor(
    Array.from({ length: batch }, (_, i) => Array.from({ length: length + 1 }, (_, t) => (i * 3 + t * t) % vocabulary)),
    { dtype: "int32" },
  );
  const [read, next] = [text.narrow(1, 0, length), text.narrow(1, 1, length).flatten()];
  const [losses, storages]: [number[], number[]] = [[], []];
  for (let step = 0; step < 10; step++) {
    {
      using _ = scope();
      const loss = F.crossEntropy(network.forward(read).flatten(0, 1), next);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      losses.push(loss.item());
    }
    if (device === gpu) storages.push(gpuReport(device).buffers - gpuReport(device).freeBuffers);
  }
  return { losses, storages };
}

describe.skipIf(gpu === null)("transformers trained on a GPU", () => {
  test.each<[string, () => Model, number, number]>([
    ["a GPT", () => new Plain(), 4, 12],
    ["a GPT over sequences whose attention goes by blocks", () => new Plain(), 1, 300],
    ["a GPT with rotary positions, RMSNorm and SwiGLU", () => new Later(), 4, 12],
  ])("the losses of %s are the CPU's", (_, make, batch, length) => {
    const [found, wanted] = [train(gpu!, make, batch, length), train(getDevice("cpu"), make, batch, length)];
    expect(wanted.losses[9]).toBeLessThan(0.95 * wanted.losses[0]!);
    found.losses.forEach((loss, i) => expect(Math.abs(loss / wanted.losses[i]! - 1), `step ${i}`).toBeLessThan(2e-4));
    // The first step creates gradients and the optimiser's state.
    expect(new Set(found.storages.slice(1)).size, `${found.storages}`).toBe(1);
  });
});
