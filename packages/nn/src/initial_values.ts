/** The initial values of layers that have a weight and a bias. */
import { type Generator, type Tensor } from "@heddle/tensor";
import { kaimingUniform_, layerBias_, ones_, zeros_ } from "./init/mod.ts";

/** Of linear layers and convolutions, as in PyTorch: uniform within ±1/√fanIn of the weight. */
export function drawWeights(
  layer: { readonly weight: Tensor; readonly bias: Tensor | null },
  generator?: Generator,
): void {
  kaimingUniform_(layer.weight, { a: Math.sqrt(5), generator });
  if (layer.bias !== null) layerBias_(layer.bias, layer.weight, generator);
}

/** Of norms: a scale of ones and a shift of zeros. */
export function resetAffine(layer: { readonly weight: Tensor | null; readonly bias: Tensor | null }): void {
  if (layer.weight !== null) ones_(layer.weight);
  if (layer.bias !== null) zeros_(layer.bias);
}
