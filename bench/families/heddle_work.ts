/** Shared code of the families for Heddle. */
import { compile } from "@heddle/compile";
import { functional as F } from "@heddle/nn";
import type { Optimizer } from "@heddle/optim";
import { fromTypedArray, scope, type Tensor, type TensorOptions } from "@heddle/tensor";
import type { Work } from "../case.ts";
import { uniform } from "../inputs.ts";

/** Input number `seed` of a case. */
export function input(
  seed: number,
  shape: readonly number[],
  options: TensorOptions = {},
): Tensor {
  return fromTypedArray(
    uniform(seed, shape.reduce((a, b) => a * b, 1)),
    shape,
    options,
  );
}

/** Waits until it is computed: a GPU starts on a read. All work recorded before is then computed too. */
export function finish(result: Tensor): void {
  if (result.device.name === "cpu") return;
  let element = result;
  while (element.ndim > 0) element = element.select(0, 0);
  element.item();
}

/** Work that computes the same tensors from the same inputs in every run. */
export function steady(
  inputs: readonly Tensor[],
  compute: () => readonly (Tensor | null)[],
): Work {
  return {
    run() {
      using _ = scope();
      finish(compute().at(-1)!);
    },
    outputs() {
      using _ = scope();
      return compute().map((tensor) => tensor!.float().toTypedArray("float32"));
    },
    end() {
      for (const tensor of inputs) tensor.dispose();
    },
  };
}

/**
 * A training step of a classifier, its inputs alike in every run.
 *
 * @param scores the network's scores, for `labels`
 * @param owned what `end` frees
 */
export function trainingSteps(
  optimizer: Optimizer,
  scores: () => Tensor,
  labels: Tensor,
  owned: readonly Tensor[],
  compiled = false,
): Work {
  return lossSteps(optimizer, () => F.crossEntropy(scores(), labels), owned, compiled);
}

/** A training step of any loss. */
export function lossSteps(
  optimizer: Optimizer,
  lossOf: () => Tensor,
  owned: readonly Tensor[],
  compiled: boolean,
): Work {
  const step = (): Tensor => {
    const loss = lossOf();
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  };
  const run = compiled ? compile(step) : step;
  const train = (): number => {
    using _ = scope();
    return run().item();
  };
  return {
    run() {
      train();
    },
    outputs: () => [Float32Array.of(train(), train(), train())],
    end() {
      for (const tensor of owned) tensor.dispose();
    },
  };
}
