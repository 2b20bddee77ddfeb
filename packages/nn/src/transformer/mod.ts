/** Transformers and their parts. */
export type { FeedForwardActivation } from "./activation.ts";
export {
  type DecoderForwardOptions,
  type DecoderLayerForwardOptions,
  type DecoderMasks,
  TransformerDecoder,
  TransformerDecoderLayer,
} from "./decoder.ts";
export {
  type EncoderForwardOptions,
  type EncoderLayerForwardOptions,
  TransformerEncoder,
  TransformerEncoderLayer,
} from "./encoder.ts";
export type { TransformerLayerOptions } from "./layer_options.ts";
export { RMSNorm, type RMSNormOptions } from "./rms_norm.ts";
export { SwiGLU } from "./swiglu.ts";
export {
  generateSquareSubsequentMask,
  Transformer,
  type TransformerForwardOptions,
  type TransformerOptions,
} from "./transformer.ts";
