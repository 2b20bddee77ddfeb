/** The encoder of a recurrent translator. */
import { Dropout, Embedding, GRU, Linear, Module } from "@heddle/nn";
import { cat, type Tensor } from "@heddle/tensor";
import type { TranslatorSizes } from "./sizes.ts";

/** The encoder's result for sentences `[B, S]`. */
export interface Encoded {
  /** The outputs at each word, `[B, S, width]`; zero beyond the end of a sentence. */
  outputs: Tensor;
  /** The decoder's initial state, `[layers, B, hidden]`. */
  state: Tensor;
}

/**
 * Reads a sentence with gated recurrent units (Cho et al. 2014, arXiv:1406.1078), optionally in both directions
 * (Bahdanau et al. 2015, arXiv:1409.0473), so that the output at a word depends on both sides of it.
 */
export class Encoder extends Module {
  readonly embedding: Embedding;
  readonly dropout: Dropout;
  readonly gru: GRU;
  /** From the last states of both directions to the decoder's initial state. */
  readonly bridge: Linear | null;
  /** Width of its outputs. */
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

  /** Merges the last states `[layers · 2, B, hidden]` of both directions into one per layer. */
  private joined(last: Tensor, bridge: Linear): Tensor {
    const pairs = last.unflatten(0, [this.layers, 2]);
    return bridge.forward(cat([pairs.select(1, 0), pairs.select(1, 1)], 2)).tanh();
  }
}
