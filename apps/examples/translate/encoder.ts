/** The encoder of a recurrent translator. */
import { Dropout, Embedding, GRU, Linear, Module } from "@heddle/nn";
import { cat, type Tensor } from "@heddle/tensor";
import type { TranslatorSizes } from "./sizes.ts";

/** What the encoder makes of sentences `[B, S]`. */
export interface Encoded {
  /** What it thinks at each word, `[B, S, width]`; zero behind a sentence's end. */
  outputs: Tensor;
  /** The decoder's first state, `[layers, B, hidden]`. */
  state: Tensor;
}

/**
 * Reads a sentence with gated recurrent units (Cho et al. 2014, arXiv:1406.1078), or with two rows of them, one from each end (Bahdanau
 * et al. 2015, arXiv:1409.0473): what it makes of a word then knows both sides of it.
 */
export class Encoder extends Module {
  readonly embedding: Embedding;
  readonly dropout: Dropout;
  readonly gru: GRU;
  /** From the last states of both directions to the decoder's first. */
  readonly bridge: Linear | null;
  /** Numbers that it says of a word. */
  readonly width: number;
  private readonly layers: number;

  constructor(words: number, { embedding, hidden, layers, bidirectional, dropout }: TranslatorSizes) {
    super();
    this.embedding = new Embedding(words, embedding, { paddingIdx: 0 });
    this.dropout = new Dropout(dropout);
    this.gru = new GRU(embedding, hidden, {
      numLayers: layers,
      batchFirst: true,
      bidirectional,
      dropout: layers > 1 ? dropout : 0,
    });
    this.bridge = bidirectional ? new Linear(2 * hidden, hidden) : null;
    this.width = bidirectional ? 2 * hidden : hidden;
    this.layers = layers;
  }

  forward(sentences: Tensor, lengths: readonly number[]): Encoded {
    const words = this.dropout.forward(this.embedding.forward(sentences));
    const [outputs, last] = this.gru.forward(words, undefined, { lengths });
    return {
      outputs: this.dropout.forward(outputs),
      state: this.bridge === null ? last : this.joined(last, this.bridge),
    };
  }

  /** Last states `[layers · 2, B, hidden]`, both directions of a layer beside each other, as one for each layer. */
  private joined(last: Tensor, bridge: Linear): Tensor {
    const pairs = last.unflatten(0, [this.layers, 2]);
    return bridge.forward(cat([pairs.select(1, 0), pairs.select(1, 1)], 2)).tanh();
  }
}
