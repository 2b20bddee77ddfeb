/** What decoding needs of a model, and the options that all ways of decoding share. */
import type { Device, Tensor } from "@heddle/tensor";
import { checkSize } from "../sizes.ts";

/**
 * A model that is asked for one token after another. What it remembers of the tokens so far is its state, of any form: a hidden state,
 * key–value caches with the memory they attend to, or the tokens themselves. Rows of a batch are independent.
 *
 * Tensors of a state that a step made are freed once a later state is without them. They are looked for in arrays, maps, sets and the
 * properties of objects; what a state hides elsewhere (`#` fields, closures) take out of scopes by `keep`.
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
  /** Reads one token a row (`[n]`, int32) and gives scores of what may follow, `[n, V]`, any constant added, and the state after it. */
  step(tokens: Tensor, state: State): { readonly logits: Tensor; readonly state: State };
  /** The state of the rows named (`[m]`, int32), some perhaps several times, others not at all. */
  reorder(state: State, rows: Tensor): State;
}

/** Options that all ways of decoding take. */
export interface DecodingOptions {
  /** The token that is read first, or one for each row: that which begins a sentence, or the last of a prompt read already. */
  readonly start: number | readonly number[];
  /** Rows; by default as many as `start` has, or 1. */
  readonly batch?: number;
  /** The token that ends a row. Without it all rows are `maxLength` long. */
  readonly end?: number;
  /** Most tokens of a row, the end counted where it comes. */
  readonly maxLength: number;
  /** Where the tokens are made; by default where the state's tensors are. */
  readonly device?: Device | string;
}

/** Options of the ways that settle every token at once, and can hand it on. */
export interface StreamOptions extends DecodingOptions {
  /** Called after every step with the new token of each row, null where it ended, with this step or before. */
  readonly onTokens?: (tokens: readonly (number | null)[]) => unknown;
}

/** What was decoded. */
export interface Decoded {
  /** By row, without the start and the end. */
  readonly tokens: number[][];
  /** By row the log-probability (natural) that the model gives the tokens, the end included where it came. */
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
  if (end !== undefined) checkSize(operation, "end", end, 0);
  const tokens = typeof start === "number" ? Array<number>(batch ?? 1).fill(start) : [...start];
  for (const token of tokens) checkSize(operation, "start", token, 0);
  return tokens;
}
