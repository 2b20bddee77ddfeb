/** The encoder–decoder transformer. */
import {
  type CacheStack,
  type DecoderLayerCache,
  Dropout,
  Embedding,
  functional as F,
  init,
  LayerNorm,
  Module,
  type MultiheadAttention,
  SinusoidalPositions,
  TransformerDecoder,
  TransformerDecoderLayer,
  TransformerEncoder,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
} from "@heddle/nn";
import { keep, stack, type Tensor } from "@heddle/tensor";
import { maxLength } from "../translation/evaluate.ts";
import type { TranslationModel } from "../translation/model.ts";

/** The sizes of a {@link TransformerTranslator}, except for its vocabulary. */
export interface TransformerSizes {
  /** Layers of the encoder, and of the decoder. */
  layers: number;
  heads: number;
  width: number;
  /** Hidden units of the feed-forward networks. */
  feedForward: number;
  dropout: number;
  /** Whether norms come before attention and feed-forward, or after them, as in the paper. */
  norm: "first" | "last";
}

/** The state of the decoder. */
export interface TransformerState {
  /** The encoder's output: `[B, S, width]`. */
  memory: Tensor;
  /** True where there is padding: `[B, S]`. */
  padding: Tensor;
  /** Cached keys and values of the target words so far, and of the encoder's output. */
  caches: CacheStack<DecoderLayerCache>;
}

/**
 * Vaswani et al., "Attention is all you need" (2017). Both languages and the output layer share one embedding table
 * (section 3.4) and therefore one vocabulary; token 0 is the padding.
 */
export class TransformerTranslator extends Module implements TranslationModel<TransformerState> {
  readonly sizes: TransformerSizes;
  readonly words: Embedding;
  readonly positions: SinusoidalPositions;
  readonly dropout: Dropout;
  readonly encoder: TransformerEncoder;
  readonly decoder: TransformerDecoder;

  constructor(words: number, sizes: TransformerSizes) {
    super();
    const { layers, heads, width, feedForward, dropout, norm } = sizes;
    this.sizes = sizes;
    this.words = new Embedding(words, width, { paddingIdx: 0 });
    this.positions = new SinusoidalPositions(width, 512);
    this.dropout = new Dropout(dropout);
    const normFirst = norm === "first";
    const options: TransformerLayerOptions = { dimFeedforward: feedForward, dropout, batchFirst: true, normFirst };
    // With norms first, the residual stream needs one more norm at the end.
    const last = (): { norm?: LayerNorm } => normFirst ? { norm: new LayerNorm(width) } : {};
    this.encoder = new TransformerEncoder(() => new TransformerEncoderLayer(width, heads, options), layers, last());
    this.decoder = new TransformerDecoder(() => new TransformerDecoderLayer(width, heads, options), layers, last());
    // As the output layer the table needs small values; as the input it is multiplied by √width.
    init.normal_(this.words.weight, 0, width ** -0.5);
    for (const parameter of [...this.encoder.parameters(), ...this.decoder.parameters()]) {
      if (parameter.ndim > 1) init.xavierUniform_(parameter);
    }
  }

  encode(source: Tensor, lengths: readonly number[]): TransformerState {
    const padding = source.eq(0);
    const memory = this.encoder.forward(this.embedded(source), { srcKeyPaddingMask: padding });
    return { memory, padding, caches: this.decoder.newCache(maxLength(Math.max(...lengths))) };
  }

  forward(source: Tensor, lengths: readonly number[], previous: Tensor): Tensor {
    const { memory, padding } = this.encode(source, lengths);
    return this.scores(
      this.decoder.forward(this.embedded(previous), memory, { tgtIsCausal: true, memoryKeyPaddingMask: padding }),
    );
  }

  step(tokens: Tensor, state: TransformerState): { logits: Tensor; state: TransformerState } {
    const { memory, padding, caches } = state;
    const options = { tgtIsCausal: true, memoryKeyPaddingMask: padding, cache: caches };
    const seen = this.decoder.forward(this.embedded(tokens.unsqueeze(1), caches.length), memory, options);
    return { logits: this.scores(seen.squeeze(1)), state };
  }

  reorder({ memory, padding, caches }: TransformerState, rows: Tensor): TransformerState {
    return {
      memory: memory.indexSelect(0, rows),
      padding: padding.indexSelect(0, rows),
      caches: caches.reorder(rows),
    };
  }

  release({ caches }: TransformerState): void {
    caches.dispose();
  }

  looks(source: Tensor, lengths: readonly number[], previous: Tensor): Tensor {
    const heads = this.looksOfHeads(source, lengths, previous);
    return heads.select(0, heads.shape[0]! - 1).mean(1);
  }

  /** The attention of each head of each decoder layer to the source: `[layers, B, heads, T, S]`. */
  looksOfHeads(source: Tensor, lengths: readonly number[], previous: Tensor): Tensor {
    const found: Tensor[] = [];
    const hooks = [...this.decoder.layers].flatMap(({ multiheadAttn }) => watched(multiheadAttn, found));
    try {
      this.forward(source, lengths, previous);
    } finally {
      for (const hook of hooks) hook.remove();
    }
    const looks = stack(found);
    for (const weights of found) weights.dispose();
    return looks;
  }

  /** Embeddings with positions, `[B, T, width]`, after `offset` earlier words. */
  private embedded(words: Tensor, offset = 0): Tensor {
    const scaled = this.words.forward(words).mul(Math.sqrt(this.sizes.width));
    return this.dropout.forward(this.positions.forward(scaled, { offset }));
  }

  private scores(x: Tensor): Tensor {
    return F.linear(x, this.words.weight);
  }
}

/** Hooks that collect the attention weights by head, which the surrounding layer does not request. */
function watched(attention: MultiheadAttention, found: Tensor[]): { remove(): void }[] {
  return [
    attention.registerForwardPreHook((_, [query, key, value, options]) => [
      ...[query, key, value],
      { ...options as object, needWeights: true, averageAttnWeights: false },
    ]),
    attention.registerForwardHook<[Tensor, Tensor | null]>((_, __, [, weights]) => {
      found.push(keep(weights!.clone()));
    }),
  ];
}
