/** What the constructors of all image classifiers share. */
import { BatchNorm2d, type Layer, type LayerOptions } from "@heddle/nn";

/** Options that every image classifier takes. */
export interface ClassifierOptions extends LayerOptions {
  /** Number of classes; 1000 by default, as in ImageNet. */
  readonly numClasses?: number;
}

/** Their names, for the check of options. */
export const classifierOptions = ["device", "dtype", "generator", "numClasses"] as const;

/** Makes the normalisation after a convolution with so many channels. */
export type NormLayer = (channels: number) => Layer;

/** Where the layers of a network are made, and which normalisation they have. */
export interface Building {
  readonly norm: NormLayer;
  readonly placement: LayerOptions;
}

/** Batch normalisation at a place. */
export function batchNorm(
  { device, dtype }: LayerOptions,
  options: { readonly eps?: number; readonly momentum?: number } = {},
): NormLayer {
  return (channels) => new BatchNorm2d(channels, { device, dtype, ...options });
}
