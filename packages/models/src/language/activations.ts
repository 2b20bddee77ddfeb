/** Activations by the names that configurations use. */
import { functional as F } from "@heddle/nn";
import type { Tensor } from "@heddle/tensor";

const tanhGelu = (x: Tensor): Tensor => F.gelu(x, { approximate: "tanh" });

const ACTIVATIONS: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  gelu: F.gelu,
  gelu_new: tanhGelu,
  gelu_fast: tanhGelu,
  gelu_pytorch_tanh: tanhGelu,
  relu: F.relu,
  silu: F.silu,
  swish: F.silu,
  tanh: F.tanh,
};

/** @throws RangeError for an unknown name, with the known ones. */
export function activation(model: string, name: string): (x: Tensor) => Tensor {
  if (Object.hasOwn(ACTIVATIONS, name)) return ACTIVATIONS[name]!;
  throw new RangeError(
    `${model}: the activation ${JSON.stringify(name)} is not supported; only ${Object.keys(ACTIVATIONS).join(", ")}`,
  );
}
