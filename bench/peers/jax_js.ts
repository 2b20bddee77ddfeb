/** jax-js as a contender, on WebAssembly: products, exp, tanh and the perceptron; its convolutions take minutes a step. */
import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { readFileSync } from "node:fs";
import { type Maker, size, type Sizes, type Work } from "../case.ts";
import { readBatches } from "../digit_batches.ts";
import { uniform } from "../inputs.ts";
import { serve } from "../serve.ts";
import { mlpWeights } from "./mlp_weights.ts";

type Array = ReturnType<typeof np.array>;

await init("wasm");
defaultDevice("wasm");

function input(seed: number, shape: readonly number[]): Array {
  return np.array(uniform(seed, shape.reduce((a, b) => a * b, 1))).reshape([...shape]);
}

/** Runs resolve when the result is there; what `compute` is given stays the caller's, as `.ref` says. */
function steady(compute: () => Array): Work {
  return {
    async run() {
      const result = compute();
      await blockUntilReady(result);
      result.dispose();
    },
    outputs: async () => [await compute().data() as Float32Array],
  };
}

function unary(f: (x: Array) => Array): Maker {
  return async (sizes) => {
    const x = input(1, [size(sizes, "count")]).mul(4);
    await blockUntilReady(x);
    return steady(() => f(x.ref));
  };
}

/** Products, sums and ReLUs of the perceptron; takes over the references that it is given. */
function mlpLoss(weights: Array[], images: Array, digits: Array): Array {
  let x = images;
  for (let layer = 0; layer < 3; layer++) {
    x = np.matmul(x, np.transpose(weights[2 * layer]!)).add(weights[2 * layer + 1]!);
    if (layer < 2) x = nn.relu(x);
  }
  return nn.logSoftmax(x, -1).mul(digits).sum().mul(-1 / digits.shape[0]!);
}

function training(sizes: Sizes): Work {
  if (sizes.model !== "mlp") throw new Error("its convolutions take minutes a step; see the README");
  const lr = size(sizes, "lr");
  const step = jit((weights: Array[], images: Array, digits: Array): [Array, Array[]] => {
    const normal = images.sub(0.1307).mul(1 / 0.3081);
    const [loss, gradients] = valueAndGrad(mlpLoss)(weights.map((w) => w.ref), normal, digits);
    return [loss as Array, weights.map((w, i) => w.sub((gradients as Array[])[i]!.mul(lr)))];
  });
  let weights: Array[] = mlpWeights().map(({ values, shape }) => np.array(values).reshape([...shape]));
  const batches = readBatches(sizes.digits as string, size(sizes, "batch")).map(({ images, labels }) => {
    const digits = new Float32Array(labels.length * 10);
    labels.forEach((label, i) => digits[10 * i + label] = 1);
    return [np.array(images).reshape([labels.length, 784]), np.array(digits).reshape([labels.length, 10])] as const;
  });
  let steps = 0;
  const train = async (): Promise<number> => {
    const [images, digits] = batches[steps++ % batches.length]!;
    const [loss, updated] = step(weights, images.ref, digits.ref) as [Array, Array[]];
    weights = updated;
    await blockUntilReady(weights);
    return (await loss.data())[0] as number;
  };
  return {
    run: async () => void await train(),
    outputs: async () => [Float32Array.of(await train(), await train(), await train())],
    end: () => tree.dispose(weights),
  };
}

const manifest = new URL("../node_modules/@jax-js/jax/package.json", import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };

await serve({
  about: () => `jax-js ${version}, WebAssembly`,
  kinds: {
    async matmul(sizes) {
      const [m, k, n] = ["m", "k", "n"].map((name) => size(sizes, name)) as [number, number, number];
      const a = input(1, [m, k]);
      const b = input(2, sizes.right ? [n, k] : [k, n]);
      await blockUntilReady([a, b]);
      return steady(() => np.matmul(a.ref, sizes.right ? np.transpose(b.ref) : b.ref));
    },
    exp: unary((x) => np.exp(x)),
    tanh: unary((x) => np.tanh(x)),
    training,
  },
});
