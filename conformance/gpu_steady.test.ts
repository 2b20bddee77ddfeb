/**
 * Steady training steps create nothing on the GPU, in Deno: no bind group, buffer or pipeline, each of which takes longer
 * than to record a kernel. Counted at WebGPU's methods.
 */
import "@heddle/autograd";
import {
  BatchNorm2d,
  Conv2d,
  Embedding,
  Flatten,
  functional as F,
  GRU,
  LayerNorm,
  LearnedPositions,
  Linear,
  LSTM,
  MaxPool2d,
  Module,
  ModuleList,
  ReLU,
  Sequential,
  TransformerEncoder,
  TransformerEncoderLayer,
} from "@heddle/nn";
import { Adam, type Optimizer, SGD } from "@heddle/optim";
import { fromTypedArray, pad, scope, type Tensor, tidy } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { gpuFor } from "./expected.ts";

const gpu = await gpuFor("the tests of steady training steps on the GPU");

type Network = Module & { forward(x: Tensor): Tensor };

class Block extends Module {
  readonly conv1: Conv2d;
  readonly norm1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly norm2: BatchNorm2d;
  readonly added: number;

  constructor(inputs: number, outputs: number) {
    super();
    this.added = outputs - inputs;
    this.conv1 = new Conv2d(inputs, outputs, 3, { stride: this.added > 0 ? 2 : 1, padding: 1, bias: false });
    this.norm1 = new BatchNorm2d(outputs);
    this.conv2 = new Conv2d(outputs, outputs, 3, { padding: 1, bias: false });
    this.norm2 = new BatchNorm2d(outputs);
  }

  forward(x: Tensor): Tensor {
    return tidy(() => {
      const y = this.norm1.after(this.conv1, x, { activation: "relu" });
      const [before, after] = [Math.floor(this.added / 2), Math.ceil(this.added / 2)];
      const residual = this.added === 0 ? x : pad(x.at(":", ":", "::2", "::2"), [0, 0, 0, 0, before, after]);
      return this.norm2.after(this.conv2, y, { residual, activation: "relu" });
    });
  }
}

/** ResNet-20 with a quarter of the channels. */
class ResNet20 extends Module {
  readonly conv: Conv2d = new Conv2d(3, 4, 3, { padding: 1, bias: false });
  readonly norm: BatchNorm2d = new BatchNorm2d(4);
  readonly blocks: ModuleList<Block> = new ModuleList(
    [4, 4, 4, 4, 8, 8, 8, 16, 16].map((inputs, i) => new Block(inputs, 4 << i / 3)),
  );
  readonly linear: Linear = new Linear(16, 10);

  forward(x: Tensor): Tensor {
    let y = this.norm.after(this.conv, x, { activation: "relu" });
    for (const block of this.blocks) y = block.forward(y);
    return this.linear.forward(y.mean([2, 3]));
  }
}

class Gpt extends Module {
  readonly tokens: Embedding = new Embedding(10, 16);
  readonly positions: LearnedPositions = new LearnedPositions(16, 8);
  readonly layers: TransformerEncoder = new TransformerEncoder(
    () => new TransformerEncoderLayer(16, 2, { dimFeedforward: 32, dropout: 0.1, batchFirst: true, normFirst: true }),
    2,
    { norm: new LayerNorm(16) },
  );
  readonly output: Linear = new Linear(16, 10);

  forward(x: Tensor): Tensor {
    const tokens = this.positions.forward(this.tokens.forward(x));
    return this.output.forward(this.layers.forward(tokens, { isCausal: true })).flatten(0, 1);
  }
}

class Recurrent extends Module {
  readonly tokens: Embedding = new Embedding(10, 8);
  readonly layer: LSTM | GRU;
  readonly output: Linear = new Linear(8, 10);

  constructor(layer: LSTM | GRU) {
    super();
    this.layer = layer;
  }

  forward(x: Tensor): Tensor {
    const [hidden] = this.layer.forward(this.tokens.forward(x)) as readonly [Tensor, unknown];
    return this.output.forward(hidden.flatten(0, 1));
  }
}

const convnet = (): Network =>
  new Sequential(
    new Conv2d(1, 4, 5),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(4, 8, 3),
    new ReLU(),
    new MaxPool2d(2),
    new Flatten(),
    new Linear(32, 10),
  );

const sgd = (network: Module): Optimizer => new SGD(network.parameters(), { lr: 0.01, momentum: 0.9 });
const adam = (network: Module): Optimizer => new Adam(network.parameters(), { lr: 1e-3 });

/** Network, optimizer, shape of the inputs, number of labels. Inputs of two dimensions are tokens. */
const models: { readonly [name: string]: readonly [() => Network, typeof sgd, readonly number[], number] } = {
  "a convnet": [convnet, sgd, [4, 1, 16, 16], 4],
  "ResNet-20": [() => new ResNet20(), sgd, [4, 3, 16, 16], 4],
  "a GPT": [() => new Gpt(), adam, [2, 8], 16],
  "an LSTM": [() => new Recurrent(new LSTM(8, 8)), adam, [6, 2], 12],
  "a GRU": [() => new Recurrent(new GRU(8, 8)), adam, [6, 2], 12],
};

/** Calls that create something, by method, while `run` runs. */
function created(run: () => void): Record<string, number> {
  const device = (globalThis as unknown as { GPUDevice: { prototype: Record<string, (given: unknown) => unknown> } })
    .GPUDevice.prototype;
  const counts: Record<string, number> = {};
  const methods = ["createBindGroup", "createBuffer", "createComputePipeline", "createShaderModule"];
  const originals = methods.map((method) => device[method]!);
  methods.forEach((method, i) => {
    counts[method] = 0;
    device[method] = function (given) {
      counts[method]!++;
      return originals[i]!.call(this, given);
    };
  });
  try {
    run();
  } finally {
    methods.forEach((method, i) => device[method] = originals[i]!);
  }
  return counts;
}

describe.skipIf(gpu === null)("steady training steps on a GPU", () => {
  // Gradients that are held during the forward pass move some of its results to other buffers, which takes some steps to settle.
  const orders = [["before the forward pass", 3], ["after it", 7]] as const;
  const cases = Object.keys(models).flatMap((name) => orders.map((order) => [name, ...order] as const));

  test.each(cases)("%s, whose gradients are dropped %s, creates nothing after %i steps", (name, order, settled) => {
    const early = order === orders[0][0];
    const [make, optimizerOf, shape, count] = models[name]!;
    const network = make();
    network.to(gpu!);
    const optimizer = optimizerOf(network);
    const size = shape.reduce((a, b) => a * b, 1);
    let steps = 0;
    // As in a training loop, each step uploads its batch and reads its loss.
    const step = (): number => {
      using _ = scope();
      steps++;
      const values = Array.from({ length: size }, (_, i) => i * steps * 7 % 10);
      const typed = shape.length === 2 ? Int32Array.from(values) : Float32Array.from(values, (value) => value / 10);
      const labels = Int32Array.from({ length: count }, (_, i) => i * steps * 3 % 10);
      const x = fromTypedArray(typed, shape, { device: gpu! });
      const y = fromTypedArray(labels, [count], { device: gpu! });
      if (early) optimizer.zeroGrad();
      const loss = F.crossEntropy(network.forward(x), y);
      if (!early) optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      return loss.item();
    };
    const first = created(() => step());
    expect(first.createBindGroup).toBeGreaterThan(0);
    for (let i = 1; i < settled; i++) step();
    const later = Array.from({ length: 10 }, () => created(() => expect(step()).toBeGreaterThan(0)));
    const nothing = { createBindGroup: 0, createBuffer: 0, createComputePipeline: 0, createShaderModule: 0 };
    expect(later).toEqual(later.map(() => nothing));
  });
});
