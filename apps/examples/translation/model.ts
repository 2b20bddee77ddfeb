import type { Module, StepModel } from "@heddle/nn";
import type { Tensor } from "@heddle/tensor";

/** What training, testing and asking need of a translator; `State` is what its decoder remembers. Padding is token 0. */
export interface TranslationModel<State> extends Module, StepModel<State> {
  /** Sentences `[B, S]`, and how much of each row is its own → what the decoder begins with. */
  encode(source: Tensor, lengths: readonly number[]): State;
  /** Scores `[B, T, words]` of the words after each of `previous`, `[B, T]`. */
  forward(source: Tensor, lengths: readonly number[], previous: Tensor): Tensor;
  /** How much of its attention each of `previous` gives to each word of the source: `[B, T, S]`, or null without attention. */
  looks(source: Tensor, lengths: readonly number[], previous: Tensor): Tensor | null;
  /** Frees what a state holds beyond any scope, such as caches. */
  release?(state: State): void;
}
