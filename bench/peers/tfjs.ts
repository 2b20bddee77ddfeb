/** TensorFlow.js as a contender, on WebAssembly: products, exp, tanh and the perceptron; it has no gradient of convolutions there. */
import { setThreadsCount, setWasmPaths, version_wasm } from "@tensorflow/tfjs-backend-wasm";
import type * as Tf from "@tensorflow/tfjs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import process from "node:process";
import { type Maker, numbers, size, type Sizes, type Work } from "../case.ts";
import { allThreads } from "../contenders.ts";
import { readBatches } from "../digit_batches.ts";
import { uniform } from "../inputs.ts";
import { serve } from "../serve.ts";
import { networkWeights } from "./network_weights.ts";

const require = createRequire(import.meta.url);
// Its build for Node, which has the gradients and is no module.
const tf = require("@tensorflow/tfjs") as typeof Tf;

const folder = dirname(
  require.resolve("@tensorflow/tfjs-backend-wasm/package.json"),
);
setWasmPaths(`${folder}/dist/`);
setThreadsCount(allThreads());
if (!await tf.setBackend("wasm")) {
  throw new Error("the WebAssembly backend did not start");
}

function input(seed: number, shape: number[]): Tf.Tensor {
  return tf.tensor(uniform(seed, shape.reduce((a, b) => a * b, 1)), shape);
}

/** This backend computes synchronously, so runs need not wait. */
function steady(inputs: Tf.Tensor[], compute: () => Tf.Tensor): Work {
  return {
    run: () => compute().dispose(),
    outputs: () => [tf.tidy(compute).dataSync() as Float32Array],
    end: () => tf.dispose(inputs),
  };
}

function unary(f: (x: Tf.Tensor) => Tf.Tensor): Maker {
  return (sizes) => {
    const x = tf.tidy(() => tf.mul(input(1, [size(sizes, "count")]), 4));
    return steady([x], () => f(x));
  };
}

function training(sizes: Sizes): Work {
  if (sizes.model !== "mlp") {
    throw new Error("this backend has no Conv2DBackpropFilter");
  }
  const weights = networkWeights("mlp").map(({ values, shape }) => tf.variable(tf.tensor(values, [...shape])));
  const optimizer = tf.train.sgd(size(sizes, "lr"));
  const batches = readBatches(sizes.digits as string, size(sizes, "batch")).map(
    ({ images, labels }) =>
      [
        tf.tensor2d(images, [labels.length, 784]),
        tf.oneHot(tf.tensor1d(labels, "int32"), 10),
      ] as const,
  );
  let steps = 0;
  const train = (): number => {
    const [images, digits] = batches[steps++ % batches.length]!;
    const loss = optimizer.minimize(() => {
      let x: Tf.Tensor = tf.div(tf.sub(images, 0.1307), 0.3081);
      for (let layer = 0; layer < 3; layer++) {
        x = tf.add(
          tf.matMul(
            x as Tf.Tensor2D,
            weights[2 * layer] as Tf.Tensor2D,
            false,
            true,
          ),
          weights[2 * layer + 1]!,
        );
        if (layer < 2) x = tf.relu(x);
      }
      return tf.neg(
        tf.mean(tf.sum(tf.mul(tf.logSoftmax(x), digits), -1)),
      ) as Tf.Scalar;
    }, true)!;
    const value = loss.dataSync()[0]!;
    loss.dispose();
    return value;
  };
  return {
    run: () => void train(),
    outputs: () => [Float32Array.of(train(), train(), train())],
    end: () => tf.dispose([...weights, ...batches.flat()]),
  };
}

await serve({
  about: () => ({
    about: `TensorFlow.js ${version_wasm}, WebAssembly, Node ${process.versions.node}`,
  }),
  kinds: {
    matmul(sizes) {
      const [m, k, n] = numbers(sizes, "m", "k", "n");
      const a = input(1, [m, k]) as Tf.Tensor2D;
      const b = input(2, sizes.right ? [n, k] : [k, n]) as Tf.Tensor2D;
      return steady([a, b], () => tf.matMul(a, b, false, sizes.right === true));
    },
    exp: unary((x) => tf.exp(x)),
    tanh: unary((x) => tf.tanh(x)),
    training,
  },
});
