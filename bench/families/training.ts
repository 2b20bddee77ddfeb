import { noGrad } from "@heddle/autograd";
import { functional as F } from "@heddle/nn";
import { SGD } from "@heddle/optim";
import { fromTypedArray, scope } from "@heddle/tensor";
import { type DigitNetwork, RECIPES } from "../../apps/examples/lenet/networks/mod.ts";
import { type Case, type Device, type Family, type Maker, size } from "../case.ts";
import { readBatches } from "../digit_batches.ts";
import { attentionSoaks } from "./attention.ts";
import { input } from "./heddle_work.ts";
import { firstResnetStep, residualSoak } from "./resnet20.ts";

export const BATCH = 100;
/** Steps of an epoch over MNIST's 60,000 digits. */
export const STEPS = 600;

function step(model: keyof typeof RECIPES): Case {
  return {
    family: "training",
    name: `${model} step`,
    kind: "training",
    // `digits` is set when the run starts.
    sizes: { model, batch: BATCH, lr: 0.05, steps: 1 },
    // Of three losses, each the result of the steps before it.
    tolerance: 1e-4,
    epoch: STEPS,
  };
}

/** Ten steps before the loss is read: an awaited read takes 11 ms and more on Deno, whatever was computed. */
function tenSteps(model: keyof typeof RECIPES): Case {
  const one = step(model);
  return {
    ...one,
    name: `${one.name}, read every tenth`,
    sizes: { ...one.sizes, steps: 10 },
    per: 10,
    device: "gpu",
  };
}

/** Training steps of the digit networks. */
export const training: Family = {
  name: "training",
  about: "steps of plain SGD on batches of 100 digits, and the epochs of 600 steps that follow",
  cases: [step("mlp"), tenSteps("mlp"), step("lenet5"), step("convnet")],
};

function soak(
  model: keyof typeof RECIPES,
  steps: number,
  device: Device,
): Case {
  const one = step(model);
  return {
    ...one,
    family: "memory",
    name: `${model} steps`,
    sizes: { ...one.sizes, soak: steps },
    device,
  };
}

/** Live and resident memory over many steps; runs only if named. */
export const memory: Family = {
  name: "memory",
  about:
    "10,000 steps of lenet5, 100 of ResNet-20 and of attention, 2,000 of convnet on a GPU: memory in use, and the most that the process had",
  cases: [
    soak("lenet5", 10_000, "cpu"),
    residualSoak,
    ...attentionSoaks,
    soak("convnet", 2000, "gpu"),
  ],
};

const lenet = step("lenet5");

/** What a short program waits for: kernels are compiled on their first use. Heddle alone, in a fresh process each time. */
export const firstStep: Family = {
  name: "first_step",
  about: "the first step of ResNet-20 and 100 steps of lenet5 in a fresh process after import, compilation included",
  cases: [firstResnetStep, {
    family: "first_step",
    name: "a whole training of lenet5, 100 batches",
    kind: "training run",
    sizes: { ...lenet.sizes, steps: 100 },
    tolerance: lenet.tolerance,
    fresh: true,
  }],
};

/**
 * A digit network with weights that every contender can make: uniform, of standard deviation 1/√(inputs of a unit); a
 * vector's 1/√its length.
 */
export function digitNetwork(model: keyof typeof RECIPES): DigitNetwork {
  const network = RECIPES[model].make();
  let seed = 100;
  noGrad(() => {
    for (const parameter of network.parameters()) {
      using _ = scope();
      const fanIn = parameter.shape.length > 1 ? parameter.numel / parameter.shape[0]! : parameter.numel;
      parameter.copy_(
        input(seed++, parameter.shape).mul(Math.sqrt(3 / fanIn)),
      );
    }
  });
  return network;
}

/** Heddle's code for them. */
export const heddleTraining: Readonly<Record<string, Maker>> = {
  "training run"(sizes) {
    return {
      async run() {
        const work = await heddleTraining["training"]!(sizes);
        await work.run();
        work.end!();
      },
      outputs: () => [],
    };
  },
  training(sizes) {
    const network = digitNetwork(sizes.model as keyof typeof RECIPES);
    const batches = readBatches(sizes.digits as string, size(sizes, "batch"))
      .map(({ images, labels }) =>
        [
          fromTypedArray(images, [labels.length, 1, 28, 28]),
          fromTypedArray(labels, [labels.length]),
        ] as const
      );
    const optimizer = new SGD(network.parameters(), { lr: size(sizes, "lr") });
    let steps = 0;
    const train = (read = true): number => {
      using _ = scope();
      const [images, labels] = batches[steps++ % batches.length]!;
      const loss = F.crossEntropy(network.forward(images), labels);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      return read ? loss.item() : NaN;
    };
    const each = size(sizes, "steps");
    return {
      run() {
        for (let i = 1; i <= each; i++) train(i === each);
      },
      outputs: () => [Float32Array.of(train(), train(), train())],
      end() {
        for (const tensor of batches.flat()) tensor.dispose();
        for (const parameter of network.parameters()) parameter.dispose();
      },
    };
  },
};
