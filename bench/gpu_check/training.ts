/** Training steps of the networks that the benchmarks measure. */
import { SGD } from "@heddle/optim";
import { defaultDevice, rand, randint, setDefaultDevice } from "@heddle/tensor";
import { RECIPES } from "../../apps/examples/lenet/networks/mod.ts";
import type { Work } from "../case.ts";
import { heddleGpt } from "../families/gpt.ts";
import { heddleGru } from "../families/gru.ts";
import { trainingSteps } from "../families/heddle_work.ts";
import { heddleResnet20 } from "../families/resnet20.ts";
import { gpuCosts } from "../gpu_costs.ts";
import { type Check, type Results, round, size } from "./check.ts";

/** The convnet for digits, on batches of 100. */
function convnet(check: Check): Work {
  const network = RECIPES.convnet.make();
  const batch = size(check, 100, 4);
  const [images, labels] = [rand([batch, 1, 28, 28]), randint(0, 10, [batch], { dtype: "int32" })];
  const optimizer = new SGD(network.parameters(), { lr: 0.05 });
  return trainingSteps(optimizer, () => network.forward(images), labels, [images, labels, ...network.parameters()]);
}

const networks: { readonly [name: string]: (check: Check) => Work | Promise<Work> } = {
  "convnet, 100 digits": convnet,
  "ResNet-20, 128 images": (check) =>
    heddleResnet20.resnet20!({ batch: size(check, 128, 2), lr: 0.01, momentum: 0.9, weightDecay: 1e-4 }),
  "GPT 4×128, 16 texts of 64": (check) =>
    heddleGpt.gpt!({
      ...{ layers: 4, width: 128, heads: 4, context: size(check, 64, 16), vocabulary: 65 },
      ...{ batch: size(check, 16, 1), lr: 1e-3 },
    }),
  "GRU translator, 32 sentences": (check) =>
    heddleGru.gru!({
      ...{ optimizer: "sgd", lr: 0.5, batch: size(check, 32, 2), steps: size(check, 10, 3) },
      ...{ hidden: size(check, 256, 16), vocabulary: size(check, 3000, 50) },
    }),
};

/** Milliseconds of steps that read their loss, kernels and submissions, and the host's microseconds a kernel. */
export async function training(check: Check, results: Results): Promise<void> {
  const before = defaultDevice();
  for (const [name, make] of Object.entries(networks)) {
    if (check.left() < 0) throw new Error("no time is left; --budget gives more");
    setDefaultDevice(check.device);
    try {
      const work = await make(check);
      if (check.once) {
        await work.run();
        work.end?.();
        continue;
      }
      const [losses] = await work.outputs();
      const seconds = check.small ? 0.2 : 2;
      let [steps, best] = [0, Infinity];
      const begin = performance.now();
      for (let now = begin; steps < 3 || now < begin + 1000 * seconds; steps++) {
        await work.run();
        const end = performance.now();
        best = Math.min(best, end - now);
        now = end;
        if (steps % 20 === 19) await new Promise((done) => setTimeout(done, 0));
      }
      const mean = (performance.now() - begin) / steps;
      const costs = await gpuCosts(() => work.run(), check.small ? 0.1 : 0.5, 1);
      results[name] = {
        "ms a step": round(mean),
        "ms of the fastest": round(best),
        kernels: costs.kernels,
        submissions: costs.submits,
        "host µs a kernel": round(costs.recording),
        ...(name.startsWith("convnet") ? { "s for ten epochs": round(6 * mean) } : {}),
        losses: Array.from(losses!, round),
      };
      work.end?.();
    } finally {
      setDefaultDevice(before);
    }
  }
}
