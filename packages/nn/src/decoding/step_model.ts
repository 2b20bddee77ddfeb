/** What decoding requires of a model, and the options that all algorithms share. */
import type { Device, Tensor } from "@heddle/tensor";
import { checkSize } from "../sizes.ts";

/**
 * A model that predicts one token after another. Its state holds what it remembers of the tokens so far, in any form: a hidden state,
 * key–value caches with the memory they attend to, or the tokens themselves. Rows of a batch are independent.
 *
 * Tensors of a state are freed once a later state no longer has them. They are looked for in arrays, maps, sets and the properties of
 * objects; use `keep` for tensors that a state holds elsewhere (`#` fields, closures).
 *
 * @example
 * ```ts
 * import { Embedding, Linear, type StepModel } from "@heddle/nn";
 * import type { Tensor } from "@heddle/tensor";
 * const [words, next] = [new Embedding(50, 16), new Linear(16, 50)];
 * // Its state is the sum of what was read.
 * const model: StepModel<Tensor> = {
 *   step(tokens, sum) {
 *     const state = sum.add(words.forward(tokens));
 *     return { logits: next.forward(state.tanh()), state };
 *   },
 *   reorder: (state, rows) => state.indexSelect(0, rows),
 * };
 * ```
 */
export interface StepModel<State> {
  /** Reads one token for each row (`[n]`, int32) and returns the scores of the next token, `[n, V]`, up to a constant, and the new state. */
  step(tokens: Tensor, state: State): { readonly logits: Tensor; readonly state: State };
  /** The state of the given rows (`[m]`, int32); an index may occur several times or not at all. */
  reorder(state: State, rows: Tensor): State;
}

/** Options of all decoding algorithms. */
export interface DecodingOptions {
  /** The first token to read, or one for each row: the start of a sentence, or the last token of a prompt. */
  readonly start: number | readonly number[];
  /** Rows; by default as many as `start` has, or 1. */
  readonly batch?: number;
  /** The token that ends a row, or several of which each does. Without it all rows are `maxLength` long. */
  readonly end?: number | readonly number[];
  /** The maximum number of tokens of a row, including the end token. */
  readonly maxLength: number;
  /** Where the tokens are made; by default where the state's tensors are. */
  readonly device?: Device | string;
}

/** Options of the algorithms whose tokens are final at once and can be streamed. */
export interface StreamOptions extends DecodingOptions {
  /** Called after every step with the new token of each row, or null where the row has ended. */
  readonly onTokens?: (tokens: readonly (number | null)[]) => unknown;
}

/** What was decoded. */
export interface Decoded {
  /** The tokens of each row, without start and end. */
  readonly tokens: number[][];
  /** The natural log-probability of each row's tokens, including the end token if there is one. */
  readonly scores: number[];
}

/**
 * The first token of every row.
 *
 * @throws RangeError for options that are out of range or contradict each other.
 */
export function firstTokens(operation: string, { start, batch, end, maxLength }: DecodingOptions): number[] {
  checkSize(operation, "maxLength", maxLength, 0);
  const rows = typeof start === "number" ? 1 : start.length;
  if (batch !== undefined) checkSize(operation, "batch", batch, 0);
  if (typeof start !== "number" && batch !== undefined && batch !== rows) {
    throw new RangeError(
      `${operation}: start has ${rows} tokens for a batch of ${batch}; give one a row, or one number`,
    );
  }
  for (const token of endTokens(end)) checkSize(operation, "end", token, 0);
  const tokens = typeof start === "number" ? Array<number>(batch ?? 1).fill(start) : [...start];
  for (const token of tokens) checkSize(operation, "start", token, 0);
  return tokens;
}

/** The tokens that end a row. */
export function endTokens(end: DecodingOptions["end"] = []): readonly number[] {
  return typeof end === "number" ? [end] : end;
}
