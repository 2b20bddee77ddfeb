/** Options of the layers of a transformer. */
import type { Generator } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import type { MultiheadAttentionOptions } from "../attention/multihead_attention.ts";
import type { RotaryPositions } from "../attention/rotary_positions.ts";
import type { LayerOptions } from "../layer_options.ts";
import type { LinearOptions } from "../linear.ts";
import type { LayerNormOptions } from "../normalization.ts";
import { checkActivation, type FeedForwardActivation } from "./activation.ts";

/** Options of `TransformerEncoderLayer`, `TransformerDecoderLayer` and `Transformer`. */
export interface TransformerLayerOptions extends LayerOptions {
  /** Size of the hidden layer of the feed-forward network; 2,048 by default. */
  readonly dimFeedforward?: number;
  /** Dropout probability of attention weights, hidden units and sublayer outputs; 0.1 by default. */
  readonly dropout?: number;
  /** "relu" by default. */
  readonly activation?: FeedForwardActivation;
  /** Added to variances; 1e-5 by default. */
  readonly layerNormEps?: number;
  /** Whether inputs are `[batch, positions, dModel]` rather than PyTorch's `[positions, batch, dModel]`; false by default. */
  readonly batchFirst?: boolean;
  /** Whether to normalise before attention and feed-forward network rather than after the sum; false by default. */
  readonly normFirst?: boolean;
  /** Whether products have biases; true by default. */
  readonly bias?: boolean;
  /** Rotates queries and keys of self-attention by their positions; none by default. */
  readonly rotary?: RotaryPositions | null;
}

/** The options of a layer, with their defaults, as its parts take them. */
export interface LayerSettings {
  readonly attention: MultiheadAttentionOptions;
  readonly rotary: RotaryPositions | null;
  /** Of the linear layers. */
  readonly product: LinearOptions;
  readonly norm: LayerNormOptions;
  readonly dimFeedforward: number;
  readonly dropout: number;
  readonly generator: Generator | undefined;
  readonly activation: FeedForwardActivation;
  readonly normFirst: boolean;
}

/** @throws TypeError for an unknown option or activation. */
export function layerSettings(layer: string, options: TransformerLayerOptions): LayerSettings {
  checkOptions(layer, options, [
    "activation",
    "batchFirst",
    "bias",
    "device",
    "dimFeedforward",
    "dropout",
    "dtype",
    "generator",
    "layerNormEps",
    "normFirst",
    "rotary",
  ]);
  const {
    dimFeedforward = 2048,
    dropout = 0.1,
    activation = "relu",
    layerNormEps = 1e-5,
    batchFirst = false,
    normFirst = false,
    bias = true,
    rotary = null,
    generator,
    ...placement
  } = options;
  const product = { bias, generator, ...placement };
  return {
    attention: { dropout, batchFirst, ...product },
    rotary,
    product,
    norm: { eps: layerNormEps, bias, ...placement },
    dimFeedforward,
    dropout,
    generator,
    activation: checkActivation(layer, activation),
    normFirst,
  };
}
