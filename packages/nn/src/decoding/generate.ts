/** What greedy decoding and sampling share: each token is final as soon as it is chosen. */
import type { DataArray, Tensor } from "@heddle/tensor";
import { type Decoded, endTokens, firstTokens, type StepModel, type StreamOptions } from "./step_model.ts";
import { checkScore, Stepper } from "./stepper.ts";

/** A token and the log-probability that the model gives it. */
export interface Choice {
  readonly token: number;
  readonly score: number;
}

/** How tokens are chosen. */
export interface Chooser {
  /** What to read from the logits `[n, V]`. */
  readonly pick: (logits: Tensor) => readonly Tensor[];
  /** Called before each step with the number of rows of the whole batch. */
  readonly begin?: (rows: number) => void;
  /** The token for row `at` of the `n` rows read; `row` is its index in the batch. */
  readonly choose: (values: readonly DataArray[], at: number, n: number, row: number) => Choice;
}

/** Finished rows are dropped once they make up half of those computed. */
export async function generate<State>(
  operation: string,
  model: StepModel<State>,
  state: State,
  options: StreamOptions,
  chooser: Chooser,
): Promise<Decoded> {
  const { maxLength, onTokens } = options;
  const ends = endTokens(options.end);
  const last = firstTokens(operation, options);
  const tokens = last.map((): number[] => []);
  const scores = last.map(() => 0);
  const open = last.map(() => true);
  let computed = last.map((_, row) => row);
  let places: readonly number[] = computed;
  using stepper = new Stepper(operation, model, state, last.length, options);
  for (let step = 0; step < maxLength && open.includes(true); step++) {
    const values = await stepper.advance(places, computed.map((row) => last[row]!), chooser.pick);
    chooser.begin?.(last.length);
    const fresh: (number | null)[] = last.map(() => null);
    computed.forEach((row, at) => {
      if (!open[row]) return;
      const { token, score } = chooser.choose(values, at, computed.length, row);
      checkScore(operation, score);
      scores[row]! += score;
      last[row] = token;
      if (ends.includes(token)) return void (open[row] = false);
      tokens[row]!.push(token);
      fresh[row] = token;
    });
    await onTokens?.(fresh);
    const remaining = computed.flatMap((row, at) => open[row] ? [at] : []);
    places = remaining.length * 2 <= computed.length ? remaining : computed.map((_, at) => at);
    computed = places.map((at) => computed[at]!);
  }
  return { tokens, scores };
}
