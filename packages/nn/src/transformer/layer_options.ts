/** Options of the layers of a transformer. */
import type { RotaryPositions } from "../attention/rotary_positions.ts";
import type { LayerOptions } from "../layer_options.ts";
import type { FeedForwardActivation } from "./activation.ts";

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
