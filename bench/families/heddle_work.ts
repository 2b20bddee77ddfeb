/** Shared code of the families for Heddle. */
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
