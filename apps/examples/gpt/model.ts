/** A decoder-only transformer: what comes next, at every place of a text at once. */
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
  /** Tokens that there are. */
  vocabulary: number;
  /** Tokens that it sees at once. */
  context: number;
  layers: number;
  heads: number;
  width: number;
  dropout: number;
}

/**
 * One layer: attention to what came before, then a step of thought at each place, both added to what was there. Norms stand before
 * each (Xiong et al. 2020, "On layer normalization in the transformer architecture").
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
    // Three matrices of 8/3 the width have as many numbers as the two of four times the width that they replace.
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
 * A GPT (Radford et al. 2018) with what came after: norms first and without a mean (RMSNorm), rotary positions, SwiGLU. The table of
 * tokens is the output layer too (Press and Wolf 2017).
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

  /** Tokens `[B, T]` → scores of the token after each `[B, T, vocabulary]`. Caches hold what came before these. */
  forward(tokens: Tensor, caches?: CacheStack<KeyValueCache>): Tensor {
    let x = this.dropout.forward(this.tokens.forward(tokens));
    [...this.blocks].forEach((block, i) => [x] = block.forward(x, caches?.layers[i] ?? null));
    return F.linear(this.norm.forward(x), this.tokens.weight);
  }

  /** What each layer's heads attend to: a tensor `[B, heads, T, T]` for each layer. */
  attention(tokens: Tensor): Tensor[] {
    let x = this.tokens.forward(tokens);
    return [...this.blocks].map((block) => {
      const [next, weights] = block.forward(x, null, true);
      x = next;
      return weights!;
    });
  }

  /** Empty caches, for texts as long as the context. */
  newCaches(): CacheStack<KeyValueCache> {
    return new CacheStack([...this.blocks].map(() => new KeyValueCache(this.sizes.context)));
  }
}

/**
 * GPT-2's first weights: normal with 0.02, and less where layers add to the sum that runs through the network, so that its size does not
 * grow with their number (Radford et al. 2019, section 2.3).
 */
function initialise(name: string, parameter: Parameter, layers: number): void {
  if (parameter.ndim < 2) return;
  const adds = /out_proj|w2/.test(name);
  init.normal_(parameter, 0, adds ? 0.02 / Math.sqrt(2 * layers) : 0.02);
}
