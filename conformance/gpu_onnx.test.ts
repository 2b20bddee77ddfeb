/** Imported networks on the GPU: outputs and gradients as on the CPU. */
import {
  BatchNorm2d,
  Conv2d,
  Flatten,
  type Layer,
  LayerNorm,
  Linear,
  LSTM,
  MaxPool2d,
  Module,
  ReLU,
  Sequential,
  TransformerEncoderLayer,
} from "@heddle/nn";
import { exportOnnx, importOnnx } from "@heddle/onnx";
import { type Device, Generator, randn, scope, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { gpuFor } from "./expected.ts";

const gpu = await gpuFor("imported networks on the GPU");
const generator = new Generator(7);

/** An LSTM without its states. */
class Recurrent extends Module {
  readonly lstm: LSTM = new LSTM(3, 5, { bidirectional: true, generator });

  forward(x: Tensor): Tensor {
    return this.lstm.forward(x)[0];
  }
}

const networks: readonly (readonly [name: string, network: Layer, input: Tensor])[] = [
  [
    "convolutional network",
    new Sequential(
      new Conv2d(3, 8, 3, { padding: 1, generator }),
      new BatchNorm2d(8),
      new ReLU(),
      new MaxPool2d(2),
      new Conv2d(8, 4, 3, { stride: 2, groups: 2, generator }),
      new Flatten(),
      new Linear(36, 5, { generator }),
    ),
    randn([2, 3, 14, 14], { generator }),
  ],
  [
    "transformer",
    new Sequential(
      new TransformerEncoderLayer(8, 2, { dimFeedforward: 16, dropout: 0, batchFirst: true, generator }),
      new LayerNorm(8),
      new Linear(8, 3, { generator }),
    ),
    randn([2, 5, 8], { generator }),
  ],
  ["recurrent network", new Recurrent(), randn([4, 2, 3], { generator })],
];

/** The output and the gradients of the parameters, as numbers. */
async function resultsOn(device: Device | string, file: Uint8Array, input: Tensor): Promise<number[][]> {
  const model = await importOnnx(file, { device });
  using _ = scope();
  const y = model.forward(input.to(device));
  y.square().mean().backward();
  const gradients = model.parameters().map(({ grad }) => grad!);
  const all: number[][] = [];
  for (const x of [y, ...gradients]) all.push(Array.from(await x.data(), Number));
  return all;
}

describe.skipIf(gpu === null)("imported networks on the GPU", () => {
  test.each(networks)("a %s", async (_name, network, input) => {
    (network as Module).eval();
    const file = await exportOnnx(network, [input]);
    const [wanted, found] = [await resultsOn("cpu", file, input), await resultsOn(gpu!, file, input)];
    expect(found.length).toBeGreaterThan(4);
    wanted.forEach((values, k) => {
      values.forEach((value, i) => expect(found[k]![i], `${k}, ${i}`).toBeCloseTo(value, 4));
    });
  });
});
