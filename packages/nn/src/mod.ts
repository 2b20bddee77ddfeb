/**
 * Neural networks: modules and layers, activations, losses, initialisers and state dicts.
 *
 * @example
 * ```ts
 * import { functional as F, Linear, ReLU, Sequential } from "@heddle/nn";
 * import { randint, randn } from "@heddle/tensor";
 * const net = new Sequential(new Linear(4, 16), new ReLU(), new Linear(16, 3));
 * F.crossEntropy(net.forward(randn([8, 4])), randint(0, 3, [8])).backward();
 * net.at(0).weight.grad!.shape; // [16, 4]
 * ```
 * @module
 */
export { type BufferOptions, type Layer, Module } from "./module.ts";
export { Parameter, type ParameterOptions } from "./parameter.ts";
export type { ForwardHook, ForwardPreHook, HookHandle } from "./hooks.ts";
export { deepCopy } from "./deep_copy.ts";
export { type Callable, createFeatureExtractor, FeatureExtractor } from "./feature_extractor.ts";
export * from "./averaged_model.ts";
export type { LoadOptions, LoadReport, StateDict } from "./state_dict.ts";
export { snakeCase, stripPrefix } from "./state_dict.ts";
export type { LayerOptions } from "./layer_options.ts";
export type { Sizes } from "./sizes.ts";
export { ModuleDict, ModuleList, Sequential } from "./container.ts";
export { ParameterDict, ParameterList } from "./parameter_container.ts";
export { Bilinear } from "./bilinear.ts";
export { Linear, type LinearOptions } from "./linear.ts";
export { Conv1d, Conv2d, Conv3d, type ConvLayerOptions, ConvNd, type Convolution, type PaddingMode } from "./conv.ts";
export {
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeLayerOptions,
  ConvTransposeNd,
} from "./conv_transpose.ts";
export * from "./separable_conv.ts";
export {
  EquivariantConv,
  GroupConv2d,
  type GroupConvOptions,
  GroupPool,
  type GroupPoolOptions,
  LiftingConv2d,
} from "./group_conv.ts";
export type { Symmetry } from "./symmetry.ts";
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AdaptiveMaxPool3d,
  AdaptivePoolNd,
  AvgPool1d,
  AvgPool2d,
  AvgPool3d,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  PoolNd,
} from "./pooling.ts";
export { FeatureLPPool, LPPool1d, LPPool2d, LPPoolNd } from "./lp_pooling.ts";
export {
  FractionalMaxPool2d,
  FractionalMaxPool3d,
  type FractionalMaxPoolLayerOptions,
  FractionalMaxPoolNd,
} from "./fractional_pooling.ts";
export { MaxUnpool1d, MaxUnpool2d, MaxUnpool3d, type MaxUnpoolLayerOptions, MaxUnpoolNd } from "./unpooling.ts";
export * from "./padding.ts";
export { Fold, Unfold } from "./fold.ts";
export * from "./upsampling.ts";
export { Flatten, Identity, Unflatten } from "./reshaping.ts";
export {
  AlphaDropout,
  Dropout,
  Dropout1d,
  Dropout2d,
  Dropout3d,
  type DropoutLayerOptions,
  DropoutNd,
  FeatureAlphaDropout,
} from "./dropout.ts";
export { type Following, fuseConvBnWeights, type FusedNorm } from "./folded_norm.ts";
export {
  BatchNorm,
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  InstanceNorm,
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
  type NormOptions,
  RunningNorm,
} from "./batch_norm.ts";
export {
  GroupNorm,
  type GroupNormOptions,
  LayerNorm,
  type LayerNormOptions,
  LocalResponseNorm,
} from "./normalization.ts";
export { Embedding, type EmbeddingLayerOptions } from "./embedding.ts";
export { EmbeddingBag, type EmbeddingBagLayerOptions } from "./embedding_bag.ts";
export * from "./recurrent/mod.ts";
export * from "./attention/mod.ts";
export * from "./transformer/mod.ts";
export * from "./activation.ts";
export * from "./rectifier.ts";
export { CRF, type CRFLikelihoodOptions, type CRFMask, type CRFOptions } from "./crf.ts";
export * from "./decoding/mod.ts";
export * from "./loss.ts";
export * from "./margin_loss.ts";
export { WeightedLoss } from "./weighted_loss.ts";
export * from "./lazy.ts";
export {
  type AdaptiveLogSoftmaxOptions,
  type AdaptiveLogSoftmaxOutput,
  AdaptiveLogSoftmaxWithLoss,
} from "./adaptive_softmax.ts";
export * as parametrize from "./parametrize.ts";
export {
  removeWeightNorm,
  spectralNorm,
  type SpectralNormOptions,
  weightNorm,
  type WeightNormOptions,
} from "./weight_norm.ts";
export * as functional from "./functional/mod.ts";
export * as init from "./init/mod.ts";
