/** The decoders of a recurrent translator: without attention, with Luong's, with Bahdanau's. */
import { AdditiveAttention, DotProductAttention, Dropout, Embedding, GRU, init, Linear, Module } from "@heddle/nn";
import { cat, type Tensor } from "@heddle/tensor";
import type { TranslatorSizes } from "./sizes.ts";

/** The state of a decoder. Rows are sentences. */
export interface DecoderState {
  /** `[layers, B, hidden]` */
  hidden: Tensor;
  /** The encoder's outputs, `[B, S, width]`. */
  memory: Tensor;
  /** True where there are words, `[B, S]`. */
  mask: Tensor;
  /** The encoder's outputs projected for attention, computed once per sentence; null without attention. */
  projected: Tensor | null;
}

/** The result of some steps: the scores of the next words, and the attention weights, `[B, T, S]`. */
export interface Decoding {
  /** `[B, T, words]` */
  logits: Tensor;
  weights: Tensor | null;
  state: DecoderState;
}

/**
 * Generates a sentence word by word. The word embeddings are also the output layer (Press and Wolf 2017,
 * arXiv:1608.05859), so the readout has the embedding's width.
 */
export abstract class Decoder extends Module {
  readonly embedding: Embedding;
  readonly dropout: Dropout;
  readonly gru: GRU;
  readonly readout: Linear;
  readonly output: Linear;

  /** `input` and `seen`: the input widths of the recurrent units and of the readout. */
  constructor(words: number, { embedding, hidden, layers, dropout }: TranslatorSizes, input: number, seen: number) {
    super();
    this.embedding = new Embedding(words, embedding, { paddingIdx: 0 });
    // As output weights, rows of length 1 give scores of about the size of one component of the readout.
    init.normal_(this.embedding.weight, 0, embedding ** -0.5);
    this.dropout = new Dropout(dropout);
    this.gru = new GRU(input, hidden, { numLayers: layers, batchFirst: true, dropout: layers > 1 ? dropout : 0 });
    this.readout = new Linear(seen, embedding);
    this.output = new Linear(embedding, words);
    this.output.weight = this.embedding.weight;
  }

  /** The state for given source sentences. */
  begin(hidden: Tensor, memory: Tensor, mask: Tensor): DecoderState {
    return { hidden, memory, mask, projected: null };
  }

  /** Reads words `[B, T]` one after another, each conditioned on those before. */
  abstract forward(words: Tensor, state: DecoderState): Decoding;

  protected embedded(words: Tensor): Tensor {
    return this.dropout.forward(this.embedding.forward(words));
  }

  /** The scores of the next words, from all features `[B, T, seen]`. */
  protected scores(seen: Tensor): Tensor {
    return this.output.forward(this.dropout.forward(this.readout.forward(seen).tanh()));
  }
}

/** The whole sentence has to pass through one state (Sutskever et al. 2014, arXiv:1409.3215). */
export class PlainDecoder extends Decoder {
  constructor(words: number, sizes: TranslatorSizes) {
    super(words, sizes, sizes.embedding, sizes.hidden);
  }

  forward(words: Tensor, state: DecoderState): Decoding {
    const [outputs, hidden] = this.gru.forward(this.embedded(words), state.hidden);
    return { logits: this.scores(outputs), weights: null, state: { ...state, hidden } };
  }
}

/**
 * Attends to the source after each step, with the output of the units as query (Luong et al. 2015, arXiv:1508.04025:
 * global attention, "general" score, without input feeding). The units never read the attention's result, so all steps
 * of a known sentence are computed at once.
 */
export class LuongDecoder extends Decoder {
  readonly attention: DotProductAttention;

  constructor(words: number, sizes: TranslatorSizes, memory: number) {
    super(words, sizes, sizes.embedding, sizes.hidden + memory);
    this.attention = new DotProductAttention(sizes.hidden, memory, { score: "general" });
  }

  override begin(hidden: Tensor, memory: Tensor, mask: Tensor): DecoderState {
    return { hidden, memory, mask, projected: this.attention.project(memory) };
  }

  forward(words: Tensor, state: DecoderState): Decoding {
    const [outputs, hidden] = this.gru.forward(this.embedded(words), state.hidden);
    const { memory, mask, projected } = state;
    const [context, weights] = this.attention.forward(outputs, memory, { mask, projected });
    return { logits: this.scores(cat([outputs, context], 2)), weights, state: { ...state, hidden } };
  }
}

/**
 * Attends to the source before each step, with the previous state as query, and the units read the result (Bahdanau et
 * al. 2015). Therefore steps are sequential; only the scores of the words are computed together.
 */
export class BahdanauDecoder extends Decoder {
  readonly attention: AdditiveAttention;

  constructor(words: number, sizes: TranslatorSizes, memory: number) {
    super(words, sizes, sizes.embedding + memory, sizes.embedding + memory + sizes.hidden);
    this.attention = new AdditiveAttention(sizes.hidden, memory, sizes.hidden);
  }

  override begin(hidden: Tensor, memory: Tensor, mask: Tensor): DecoderState {
    return { hidden, memory, mask, projected: this.attention.project(memory) };
  }

  forward(words: Tensor, state: DecoderState): Decoding {
    const { memory, mask, projected } = state;
    const embedded = this.embedded(words);
    let { hidden } = state;
    const [seen, looks]: [Tensor[], Tensor[]] = [[], []];
    for (let t = 0; t < words.shape[1]!; t++) {
      const query = hidden.select(0, hidden.shape[0]! - 1).unsqueeze(1);
      const [context, weights] = this.attention.forward(query, memory, { mask, projected });
      const input = cat([embedded.narrow(1, t, 1), context], 2);
      const [output, next] = this.gru.forward(input, hidden);
      seen.push(cat([input, output], 2));
      looks.push(weights);
      hidden = next;
    }
    return { logits: this.scores(cat(seen, 1)), weights: cat(looks, 1), state: { ...state, hidden } };
  }
}
