/** Training in float16 on a GPU (storage of 16 bits, sums and row kernels in float32) follows training in float32. */
import { BatchNorm2d, Conv2d, Embedding, functional as F, LayerNorm, Linear, type Module } from "@heddle/nn";
import { SGD } from "@heddle/optim";
import { type Device, Generator, manualSeed, maxPool2d, randint, randn, scope, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { gpuFor } from "./expected.ts";

const gpu = await gpuFor("the tests of training in float16 on the GPU", ({ backend }) => {
  if (!backend.supports("float16")) throw new Error("the adapter has no float16");
});

type Layer = Module & { forward(x: Tensor): Tensor };

interface Recipe {
  readonly layers: () => readonly Layer[];
  readonly forward: (layers: readonly Layer[], x: Tensor) => Tensor;
  readonly inputs: (generator: Generator) => { x: Tensor; labels: Tensor };
}

const classes = 5;
const count = 40;

/** Labels, and inputs of a shape that are correlated with them. */
function labelled(generator: Generator, shape: readonly number[]): { x: Tensor; labels: Tensor } {
  const labels = randint(0, classes, [count], { generator, device: "cpu" });
  const centres = randn([classes, ...shape], { generator, device: "cpu" });
  const x = randn([count, ...shape], { generator, device: "cpu" }).add(centres.indexSelect(0, labels));
  return { x, labels };
}

const recipes: { readonly [name: string]: Recipe } = {
  "convolutions with batch normalisation": {
    layers: () => [
      new Conv2d(1, 8, 3, { padding: 1 }),
      new BatchNorm2d(8),
      new Conv2d(8, 8, 3, { stride: 2, groups: 2 }),
      new Linear(8 * 2 * 2, classes),
    ],
    forward([first, norm, second, last], x) {
      const features = maxPool2d(F.relu(norm!.forward(first!.forward(x))), 2);
      return last!.forward(F.relu(second!.forward(features)).flatten(1));
    },
    inputs: (generator) => labelled(generator, [1, 12, 12]),
  },
  "embedding, attention and layer normalisation": {
    layers: () => [new Embedding(20, 16), new LayerNorm(16), new Linear(16, 48), new Linear(16, classes)],
    forward([embedding, norm, mixed, last], x) {
      const tokens = norm!.forward(embedding!.forward(x));
      const [q, k, v] = mixed!.forward(tokens).chunk(3, -1) as [Tensor, Tensor, Tensor];
      const attention = q.matmul(k.transpose(1, 2)).mul(0.25).softmax(-1);
      return last!.forward(F.gelu(tokens.add(attention.matmul(v))).mean(1));
    },
    inputs(generator) {
      const labels = randint(0, classes, [count], { generator, device: "cpu" });
      const x = randint(0, 20, [count, 8], { generator, device: "cpu" });
      x.narrow(1, 0, 2).copy_(labels.reshape(-1, 1).expand(count, 2));
      return { x, labels };
    },
  },
};

function losses({ layers, forward, inputs }: Recipe, device: Device | string, half: boolean): number[] {
  manualSeed(7);
  const made = layers();
  for (const layer of made) layer.to(device, ...half ? ["float16" as const] : []);
  const optimizer = new SGD(made.flatMap((layer) => [...layer.parameters()]), { lr: 0.1, momentum: 0.9 });
  const { x: given, labels: right } = inputs(new Generator(3));
  const [x, labels] = [given.to(device), right.to(device)];
  const images = half && x.dtype === "float32" ? x.half() : x;
  return Array.from({ length: 25 }, () => {
    using _ = scope();
    const loss = F.crossEntropy(forward(made, images), labels);
    expect(loss.dtype).toBe(half ? "float16" : "float32");
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss.item();
  });
}

describe.skipIf(gpu === null)("training in float16 on a GPU", () => {
  test.each(Object.keys(recipes))("%s: losses within 1% (and 0.01) of those of float32", (name) => {
    const wanted = losses(recipes[name]!, "cpu", false);
    const found = losses(recipes[name]!, gpu!, true);
    expect(wanted.at(-1)).toBeLessThan(wanted[0]! / 4);
    found.forEach((loss, step) => expect(Math.abs(loss - wanted[step]!)).toBeLessThan(0.01 * wanted[step]! + 0.01));
  });
});
