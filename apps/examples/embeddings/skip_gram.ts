/** The skip-gram model with negative sampling. */
import { Embedding, functional as F, init, Module } from "@heddle/nn";
import { fromTypedArray, type Generator, type Tensor, zeros } from "@heddle/tensor";
import type { PairBatch } from "./pairs.ts";

/** Two vectors a word: one for the word itself, one for the word as surroundings of others. */
export class SkipGram extends Module {
  readonly words: Embedding;
  readonly surroundings: Embedding;

  constructor(count: number, size: number, generator?: Generator) {
    super();
    this.words = new Embedding(count, size);
    this.surroundings = new Embedding(count, size);
    // As in word2vec: with all surroundings at zero every pair is as likely as not.
    init.uniform_(this.words.weight, -0.5 / size, 0.5 / size, { generator });
    init.zeros_(this.surroundings.weight);
  }

  /**
   * Whether pairs come from the text or from chance, told by the product of their vectors: the sum of the cross-entropies of a pair and of its
   * negatives, a pair's mean.
   */
  loss({ centres, others }: PairBatch): Tensor {
    const [batch, width] = [centres.length, others.length / centres.length];
    const words = this.words.forward(fromTypedArray(centres, [batch]));
    const found = this.surroundings.forward(fromTypedArray(others, [batch, width]));
    const scores = found.bmm(words.unsqueeze(2)).squeeze(2);
    const fromText = zeros([batch, width]);
    fromText.select(1, 0).fill_(1);
    return F.binaryCrossEntropyWithLogits(scores, fromText, { reduction: "sum" }).div(batch);
  }
}
