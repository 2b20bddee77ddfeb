/**
 * jax-js as a contender: products, exp, tanh and training steps, on WebAssembly or, with the argument `webgpu`, on WebGPU. Its
 * convolutions take minutes a step on WebAssembly.
 */
import {
  blockUntilReady,
  defaultDevice,
  getWebGPUDevice,
  init,
  jit,
  lax,
  nn,
  numpy as np,
  tree,
  valueAndGrad,
} from "@jax-js/jax";
import { readFileSync } from "node:fs";
import process from "node:process";
import { type Maker, numbers, size, type Sizes, type Work } from "../case.ts";
import { readBatches } from "../digit_batches.ts";
import { uniform } from "../inputs.ts";
import { serve } from "../serve.ts";
import { networkWeights } from "./network_weights.ts";

type Array = ReturnType<typeof np.array>;

const device = process.argv[2] === "webgpu" ? "webgpu" : "wasm";

function input(seed: number, shape: readonly number[]): Array {
  return np.array(uniform(seed, shape.reduce((a, b) => a * b, 1))).reshape([
    ...shape,
  ]);
}

/** Runs resolve when the result is computed; the caller keeps its arguments to `compute`, through `.ref`. */
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

function linear(x: Array, weight: Array, bias: Array): Array {
  return np.matmul(x, np.transpose(weight)).add(bias);
}

/** Convolution, max-pooling without overlap, ReLU. */
function convolution(
  x: Array,
  weight: Array,
  bias: Array,
  pool: number,
): Array {
  const y = lax.convGeneralDilated(x, weight, [1, 1], "VALID").add(
    bias.reshape([1, bias.shape[0]!, 1, 1]),
  );
  return nn.relu(
    lax.reduceWindow(y, (window) => np.max(window), [pool, pool], [pool, pool]),
  );
}

/** From normalised images [n, 784] to logits; consumes the references passed to it. */
const networks: Readonly<
  Record<string, (weights: Array[], images: Array) => Array>
> = {
  mlp([w1, b1, w2, b2, w3, b3], images) {
    const x = nn.relu(linear(images, w1!, b1!));
    return linear(nn.relu(linear(x, w2!, b2!)), w3!, b3!);
  },
  convnet([w1, b1, w2, b2, w3, b3, w4, b4], images) {
    const n = images.shape[0]!;
    const x = convolution(images.reshape([n, 1, 28, 28]), w1!, b1!, 3);
    const features = convolution(x, w2!, b2!, 2).reshape([n, 256]);
    return linear(nn.relu(linear(features, w3!, b3!)), w4!, b4!);
  },
};

function training(sizes: Sizes): Work {
  const model = sizes.model as "mlp" | "convnet";
  const network = networks[model];
  if (network === undefined) throw new Error(`has no ${model}`);
  if (model === "convnet" && device === "wasm") {
    throw new Error("its convolutions take minutes a step; see the README");
  }
  const lr = size(sizes, "lr");
  const loss = (weights: Array[], images: Array, digits: Array): Array =>
    nn.logSoftmax(network(weights, images), -1).mul(digits).sum().mul(
      -1 / digits.shape[0]!,
    );
  const step = jit(
    (weights: Array[], images: Array, digits: Array): [Array, Array[]] => {
      const normal = images.sub(0.1307).mul(1 / 0.3081);
      const [value, gradients] = valueAndGrad(loss)(
        weights.map((w) => w.ref),
        normal,
        digits,
      );
      return [
        value as Array,
        weights.map((w, i) => w.sub((gradients as Array[])[i]!.mul(lr))),
      ];
    },
  );
  let weights: Array[] = networkWeights(model).map(({ values, shape }) => np.array(values).reshape([...shape]));
  const batches = readBatches(sizes.digits as string, size(sizes, "batch")).map(
    ({ images, labels }) => {
      const digits = new Float32Array(labels.length * 10);
      labels.forEach((label, i) => digits[10 * i + label] = 1);
      return [
        np.array(images).reshape([labels.length, 784]),
        np.array(digits).reshape([labels.length, 10]),
      ] as const;
    },
  );
  let steps = 0;
  const train = (): Array => {
    const [images, digits] = batches[steps++ % batches.length]!;
    const [value, updated] = step(weights, images.ref, digits.ref) as [
      Array,
      Array[],
    ];
    weights = updated;
    return value;
  };
  // The loss comes last on a GPU's queue; on WebAssembly the weights are awaited separately.
  const read = async (value: Array): Promise<number> => {
    if (device === "wasm") await blockUntilReady(weights);
    return (await value.data())[0] as number;
  };
  const each = size(sizes, "steps");
  return {
    async run() {
      for (let i = 1; i < each; i++) train().dispose();
      await read(train());
    },
    outputs: async () => [
      Float32Array.of(
        await read(train()),
        await read(train()),
        await read(train()),
      ),
    ],
    end: () => tree.dispose([weights, batches.flat()]),
  };
}

const manifest = new URL(
  "../node_modules/@jax-js/jax/package.json",
  import.meta.url,
);
const { version } = JSON.parse(readFileSync(manifest, "utf8")) as {
  version: string;
};

await serve({
  async about() {
    if (!(await init(device)).includes(device)) {
      throw new Error(`${device} did not start: no adapter`);
    }
    defaultDevice(device);
    if (device === "wasm") return { about: `jax-js ${version}, WebAssembly` };
    const { adapterInfo: { description, vendor, architecture } } = getWebGPUDevice();
    const adapter = description || `${vendor} ${architecture}`;
    return { about: `jax-js ${version}, WebGPU on ${adapter}`, adapter };
  },
  kinds: {
    async matmul(sizes) {
      const [m, k, n] = numbers(sizes, "m", "k", "n");
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
