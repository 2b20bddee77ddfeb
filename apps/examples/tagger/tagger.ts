/** A bidirectional LSTM that tags words, with or without a conditional random field on top. */
import { noGrad } from "@heddle/autograd";
import { CRF, Dropout, Embedding, functional as F, Linear, LSTM, Module } from "@heddle/nn";
import { type Generator, type Tensor, tidy } from "@heddle/tensor";
import type { WordBatch } from "./corpus.ts";

/** The sizes of a tagger. */
export interface TaggerSizes {
  readonly words: number;
  readonly tags: number;
  readonly embedding: number;
  readonly hidden: number;
  readonly dropout: number;
}

/**
 * Maps words `[B, T]` to the scores of tags `[B, T, K]`: Huang, Xu & Yu, "Bidirectional LSTM-CRF models for sequence
 * tagging" (2015). With a CRF the tags of a sentence are scored as a whole; without one, each tag separately.
 */
export class Tagger extends Module {
  readonly embedding: Embedding;
  readonly dropout: Dropout;
  readonly lstm: LSTM;
  readonly output: Linear;
  readonly crf: CRF | null;

  constructor({ words, tags, embedding, hidden, dropout }: TaggerSizes, withCrf: boolean, generator?: Generator) {
    super();
    this.embedding = new Embedding(words, embedding, { paddingIdx: 0, generator });
    this.dropout = new Dropout(dropout);
    this.lstm = new LSTM(embedding, hidden, { batchFirst: true, bidirectional: true, generator });
    this.output = new Linear(2 * hidden, tags, { generator });
    this.crf = withCrf ? new CRF(tags, { batchFirst: true, generator }) : null;
  }

  forward({ words, lengths }: WordBatch): Tensor {
    const vectors = this.dropout.forward(this.embedding.forward(words));
    const [states] = this.lstm.forward(vectors, null, { lengths });
    return this.output.forward(this.dropout.forward(states));
  }

  /** The negative log-likelihood of the correct tags, per word. */
  loss(batch: WordBatch, tags: Tensor): Tensor {
    const scores = this.forward(batch);
    if (this.crf !== null) {
      return this.crf.forward(scores, tags, { mask: batch.mask, reduction: "tokenMean" }).neg();
    }
    return F.crossEntropy(scores.flatten(0, 1), tags.flatten(), { ignoreIndex: -1 });
  }

  /** The best tags of each sentence, without dropout. */
  async tag(batch: WordBatch): Promise<number[][]> {
    const before = this.training;
    this.eval();
    const scores = noGrad(() => tidy(() => this.forward(batch)));
    this.train(before);
    try {
      if (this.crf !== null) return await this.crf.decode(scores, { mask: batch.mask });
      const best = scores.argmax(2);
      const tags = await best.data();
      best.dispose();
      const steps = scores.shape[1]!;
      return batch.lengths.map((length, row) => Array.from({ length }, (_, t) => Number(tags[row * steps + t])));
    } finally {
      scores.dispose();
    }
  }
}
