/** A decoder-only transformer that predicts the next token at every position. */
import {
  CacheStack,
  Dropout,
  Embedding,
  functional as F,
  init,
  KeyValueCache,
  Module,
  ModuleList,
  MultiheadAttention,
  Parameter,
  RMSNorm,
  RotaryPositions,
  SwiGLU,
} from "@heddle/nn";
import type { Tensor } from "@heddle/tensor";

/** The sizes of a {@link Gpt}. */
export interface GptSizes {
  /** Vocabulary size. */
  vocabulary: number;
  /** Context length. */
  context: number;
  layers: number;
  heads: number;
  width: number;
  dropout: number;
}

/**
 * One layer: attention to earlier tokens, then a feed-forward network, each with a residual connection. Norms come
 * before each (Xiong et al. 2020, "On layer normalization in the transformer architecture").
 */
class Block extends Module {
  readonly attentionNorm: RMSNorm;
  readonly attention: MultiheadAttention;
  readonly feedForwardNorm: RMSNorm;
  readonly feedForward: SwiGLU;
  readonly dropout: Dropout;

  constructor({ width, heads, dropout }: GptSizes, rotary: RotaryPositions) {
    super();
    this.attentionNorm = new RMSNorm(width);
    this.attention = new MultiheadAttention(width, heads, { dropout, bias: false, batchFirst: true, rotary });
    this.feedForwardNorm = new RMSNorm(width);
    // Three matrices of 8/3 of the width have as many parameters as the two of four times the width that they replace.
    this.feedForward = new SwiGLU(width, hiddenWidth(width));
    this.dropout = new Dropout(dropout);
  }

  forward(x: Tensor, cache: KeyValueCache | null, needWeights = false): [Tensor, Tensor | null] {
    const seen = this.attentionNorm.forward(x);
    const [attended, weights] = this.attention.forward(seen, seen, seen, {
      isCausal: true,
      cache,
      needWeights,
      averageAttnWeights: false,
    });
    x = x.add(this.dropout.forward(attended));
    return [x.add(this.dropout.forward(this.feedForward.forward(this.feedForwardNorm.forward(x)))), weights];
  }
}

/** 8/3 of the width, rounded to a multiple of 16. */
function hiddenWidth(width: number): number {
  return 16 * Math.ceil(8 * width / 3 / 16);
}

/**
 * A GPT (Radford et al. 2018) with later improvements: pre-norm, RMSNorm, rotary positions, SwiGLU. The token
 * embeddings are also the output layer (Press and Wolf 2017).
 */
export class Gpt extends Module {
  readonly sizes: GptSizes;
  readonly tokens: Embedding;
  readonly dropout: Dropout;
  readonly blocks: ModuleList<Block>;
  readonly norm: RMSNorm;

  constructor(sizes: GptSizes) {
    super();
    const { vocabulary, context, layers, heads, width, dropout } = sizes;
    this.sizes = { vocabulary, context, layers, heads, width, dropout };
    this.tokens = new Embedding(vocabulary, width);
    this.dropout = new Dropout(dropout);
    const rotary = new RotaryPositions(width / heads);
    this.blocks = new ModuleList(Array.from({ length: layers }, () => new Block(sizes, rotary)));
    this.norm = new RMSNorm(width);
    for (const [name, parameter] of this.namedParameters()) initialise(name, parameter, layers);
  }

  /**
   * Maps tokens `[B, T]` to the logits of the next token at each position, `[B, T, vocabulary]`. Caches hold earlier
   * tokens.
   */
  forward(tokens: Tensor, caches?: CacheStack<KeyValueCache>): Tensor {
    let x = this.dropout.forward(this.tokens.forward(tokens));
    [...this.blocks].forEach((block, i) => [x] = block.forward(x, caches?.layers[i] ?? null));
    return F.linear(this.norm.forward(x), this.tokens.weight);
  }

  /** The attention weights of each layer's heads: a tensor `[B, heads, T, T]` per layer. */
  attention(tokens: Tensor): Tensor[] {
    let x = this.tokens.forward(tokens);
    return [...this.blocks].map((block) => {
      const [next, weights] = block.forward(x, null, true);
      x = next;
      return weights!;
    });
  }

  /** Empty caches for texts as long as the context. */
  newCaches(): CacheStack<KeyValueCache> {
    return new CacheStack([...this.blocks].map(() => new KeyValueCache(this.sizes.context)));
  }
}

/**
 * GPT-2's initialisation: normal with deviation 0.02, and less where layers add to the residual stream, so that its
 * size does not grow with their number (Radford et al. 2019, section 2.3).
 */
function initialise(name: string, parameter: Parameter, layers: number): void {
  if (parameter.ndim < 2) return;
  const adds = /out_proj|w2/.test(name);
  init.normal_(parameter, 0, adds ? 0.02 / Math.sqrt(2 * layers) : 0.02);
}
