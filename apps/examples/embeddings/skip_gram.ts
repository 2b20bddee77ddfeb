/** The skip-gram model with negative sampling. */
import { Embedding, functional as F, init, Module } from "@heddle/nn";
import { fromTypedArray, type Generator, type Tensor, zeros } from "@heddle/tensor";
import type { PairBatch } from "./pairs.ts";

/** Two vectors per word: one for the word itself, one for its role as context. */
export class SkipGram extends Module {
  readonly words: Embedding;
  readonly surroundings: Embedding;

  constructor(count: number, size: number, generator?: Generator) {
    super();
    this.words = new Embedding(count, size);
    this.surroundings = new Embedding(count, size);
    // As in word2vec: with all context vectors at zero, every pair starts with probability one half.
    init.uniform_(this.words.weight, -0.5 / size, 0.5 / size, { generator });
    init.zeros_(this.surroundings.weight);
  }

  /**
   * The loss: the sum of the cross-entropies of a pair and of its negative samples, averaged over the pairs. The dot
   * product of two vectors is the logit of a real pair.
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
