/**
 * Which layers a batch normalisation folds into, and which layers are such normalisations. Each kind adds itself, so that a program
 * without convolutions and normalisations does not load them. Keys are `forward` methods: a subclass that overrides it is another layer.
 */
import type { Tensor } from "@heddle/tensor";
import type { Layer } from "./module.ts";

/** A layer with a weight `[outFeatures, …]` and a bias. */
export interface Weighted {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
}

/** A batch normalisation, which knows how to be applied after a layer. */
export interface Normalisation extends Layer {
  after(layer: Layer, input: Tensor, following: { readonly activation?: "none" | "relu" }): Tensor;
}

/** Applies a layer with another weight and bias, and then an activation. */
export type ApplyWith<L> = (
  layer: L,
  input: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  activation: "none" | "relu",
) => Tensor;

const foldable: Map<unknown, ApplyWith<Weighted>> = new Map();
const normalisations: Set<unknown> = new Set();

/** Makes layers with this `forward` take along a batch normalisation that follows. */
export function makeFoldable<L extends Weighted & Layer>(forward: L["forward"], apply: ApplyWith<L>): void {
  foldable.set(forward, apply as unknown as ApplyWith<Weighted>);
}

/** How to apply a layer with another weight and bias, if it is one of those that can be. */
export function foldableLayer(layer: Layer): ApplyWith<Weighted> | undefined {
  return foldable.get(layer.forward);
}

/** Makes layers with this `forward` batch normalisations that fold into the layer before. */
export function makeNormalisation(forward: Normalisation["forward"]): void {
  normalisations.add(forward);
}

/** Whether a layer is a batch normalisation that folds into the layer before. */
export function isNormalisation(layer: Layer | undefined): layer is Normalisation {
  return layer !== undefined && normalisations.has(layer.forward);
}
