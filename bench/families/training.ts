import { noGrad } from "@heddle/autograd";
import { functional as F } from "@heddle/nn";
import { SGD } from "@heddle/optim";
import { fromTypedArray, scope } from "@heddle/tensor";
import { RECIPES } from "../../apps/examples/lenet/networks/mod.ts";
import { type Case, type Family, type Maker, size } from "../case.ts";
import { readBatches } from "../digit_batches.ts";
import { input } from "./heddle_work.ts";

export const BATCH = 100;
/** Steps of an epoch over MNIST's 60,000 digits. */
export const STEPS = 600;

function step(model: keyof typeof RECIPES): Case {
  return {
    family: "training",
    name: `${model} step`,
    kind: "training",
    // `digits` is put in when the run begins.
    sizes: { model, batch: BATCH, lr: 0.05 },
    // Of three losses, each the result of the steps before it.
    tolerance: 1e-4,
    epoch: STEPS,
  };
}

/** Training steps of the digit networks. */
export const training: Family = {
  name: "training",
  about: "steps of plain SGD on batches of 100 digits, and the epochs of 600 steps that follow",
  cases: [step("mlp"), step("lenet5"), step("convnet")],
};

/** Live and resident memory over many steps; runs only when it is asked for by name. */
export const memory: Family = {
  name: "memory",
  about: "10,000 steps of lenet5: live bytes, and the most memory that the process had",
  cases: [{ ...step("lenet5"), family: "memory", name: "10,000 lenet5 steps" }],
};

/** Heddle's code for them. */
export const heddleTraining: Readonly<Record<string, Maker>> = {
  training(sizes) {
    const network = RECIPES[sizes.model as keyof typeof RECIPES].make();
    // Weights that every contender can make: uniform, of standard deviation 1/√(inputs of a unit); a vector's 1/√its length.
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
    const batches = readBatches(sizes.digits as string, size(sizes, "batch"))
      .map(({ images, labels }) =>
        [
          fromTypedArray(images, [labels.length, 1, 28, 28]),
          fromTypedArray(labels, [labels.length]),
        ] as const
      );
    const optimizer = new SGD(network.parameters(), { lr: size(sizes, "lr") });
    let steps = 0;
    const train = (): number => {
      using _ = scope();
      const [images, labels] = batches[steps++ % batches.length]!;
      const loss = F.crossEntropy(network.forward(images), labels);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      return loss.item();
    };
    return {
      run() {
        train();
      },
      outputs: () => [Float32Array.of(train(), train(), train())],
      end() {
        for (const tensor of batches.flat()) tensor.dispose();
        for (const parameter of network.parameters()) parameter.dispose();
      },
    };
  },
};
