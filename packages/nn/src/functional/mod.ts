/**
 * Layers, activations and losses as functions of tensors. PyTorch: `torch.nn.functional`. `functional` of `@heddle/nn` is the same; from
 * here, bundlers leave out the functions that a program does not use.
 *
 * @example
 * ```ts
 * import * as F from "@heddle/nn/functional";
 * import { tensor } from "@heddle/tensor";
 * F.crossEntropy(tensor([[2, 0]]), tensor([0], { dtype: "int32" })).item(); // about 0.127
 * ```
 * @module
 */
import "@heddle/autograd"; // so that their results have gradients
export * from "./activation.ts";
export { type AttentionOptions, scaledDotProductAttention } from "./attention.ts";
export { bilinear } from "./bilinear.ts";
export * from "./binary_loss.ts";
export * from "./classification_loss.ts";
export { ctcLoss, type CtcLossOptions, type Lengths } from "./ctc_loss.ts";
export * from "./distance.ts";
export {
  alphaDropout,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  type DropoutOptions,
  featureAlphaDropout,
} from "./dropout.ts";
export { embedding, type EmbeddingOptions } from "./embedding.ts";
export { type BagMode, embeddingBag, type EmbeddingBagOptions } from "./embedding_bag.ts";
export { fractionalMaxPool2d, fractionalMaxPool3d, type FractionalMaxPoolOptions } from "./fractional_pooling.ts";
export { fold, type FoldOptions, unfold } from "./fold.ts";
export * from "./grid_sample.ts";
export { gumbelSoftmax, type GumbelSoftmaxOptions } from "./gumbel_softmax.ts";
export { interpolate, type InterpolateOptions, type InterpolationMode } from "./interpolate.ts";
export { linear, type LinearOptions } from "./linear.ts";
export * from "./local_response_norm.ts";
export * from "./lp_pooling.ts";
export * from "./margin_loss.ts";
export * from "./normalization.ts";
export * from "./pixel_shuffle.ts";
export * from "./pooling.ts";
export type { Reduction, ReductionOptions } from "./reduction.ts";
export * from "./regression_loss.ts";
export { maxUnpool1d, maxUnpool2d, maxUnpool3d, type MaxUnpoolOptions } from "./unpooling.ts";
export { rmsNorm, type RmsNormOptions } from "./rms_norm.ts";
export {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  avgPool1d,
  avgPool2d,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  maxPool1d,
  maxPool2d,
  oneHot,
  pad,
} from "@heddle/tensor";
