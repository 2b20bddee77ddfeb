import type { Module, StepModel } from "@heddle/nn";
import type { Tensor } from "@heddle/tensor";

/** What training, evaluation and `--ask` need of a translator; `State` is the decoder's state. Padding is token 0. */
export interface TranslationModel<State> extends Module, StepModel<State> {
  /** Maps sentences `[B, S]` and the lengths of the rows to the decoder's initial state. */
  encode(source: Tensor, lengths: readonly number[]): State;
  /** The scores `[B, T, words]` of the word after each of `previous`, `[B, T]`. */
  forward(source: Tensor, lengths: readonly number[], previous: Tensor): Tensor;
  /** The attention of each of `previous` to each source word: `[B, T, S]`, or null without attention. */
  looks(source: Tensor, lengths: readonly number[], previous: Tensor): Tensor | null;
  /** Frees what a state holds outside of scopes, such as caches. */
  release?(state: State): void;
}
