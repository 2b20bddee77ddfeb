/** Several hypotheses at a time. */
import { checkOptions } from "@heddle/tensor/engine";
import { checkSize } from "../sizes.ts";
import { Largest } from "./top_k.ts";
import { type Decoded, type DecodingOptions, endTokens, firstTokens, type StepModel } from "./step_model.ts";
import { checkScore, Stepper } from "./stepper.ts";

/** Options of {@link beamSearch}. */
export interface BeamSearchOptions extends DecodingOptions {
  /** Hypotheses kept for each row; 4 by default. */
  readonly beams?: number;
  /**
   * α of Wu et al. (2016): finished hypotheses are compared by their log-probability divided by ((5 + length) / 6)^α, where the length
   * includes the end token. 0 compares log-probabilities, which favours short ones; 0.6 by default, as in Vaswani et al. (2017).
   */
  readonly lengthPenalty?: number;
}

interface Hypothesis {
  readonly tokens: readonly number[];
  readonly score: number;
}

/** A row of the batch: its open and its finished hypotheses. */
class Search {
  /** Best first. */
  open: readonly Hypothesis[] = [{ tokens: [], score: 0 }];
  best: Hypothesis | null = null;
  /** The best finished score, adjusted for length. */
  private value = -Infinity;
  private ended = 0;
  private readonly beams: number;
  private readonly penalty: (length: number) => number;

  constructor(beams: number, penalty: (length: number) => number) {
    this.beams = beams;
    this.penalty = penalty;
  }

  /**
   * Advances by one token, given the log-probabilities `[open.length, width]` from index `from` on. A hypothesis ends in
   * as many ways as there are ends, so that of (1 + ends) · beams candidates at least `beams` go on. An ending counts if it is among the first `beams`.
   *
   * @returns which of the open hypotheses each new one continues.
   */
  advance(logProbs: ArrayLike<number | bigint>, from: number, width: number, ends: readonly number[]): number[] {
    const { open, beams } = this;
    const found = new Largest((1 + Math.max(ends.length, 1)) * beams);
    open.forEach(({ score }, k) => {
      const at = from + k * width;
      checkScore("beamSearch", Number(logProbs[at]));
      for (let token = 0; token < width; token++) found.offer(score + Number(logProbs[at + token]), k * width + token);
    });
    const next: Hypothesis[] = [];
    const parents: number[] = [];
    found.ids.forEach((id, rank) => {
      const [parent, token, score] = [Math.floor(id / width), id % width, found.values[rank]!];
      const { tokens } = open[parent]!;
      if (ends.includes(token)) {
        if (rank < beams) this.finish({ tokens, score });
      } else if (next.length < beams) {
        next.push({ tokens: [...tokens, token], score });
        parents.push(parent);
      }
    });
    this.open = next;
    return parents;
  }

  /** Whether enough hypotheses have finished, or no open one could beat the best even if all its further tokens were certain. */
  isOver(maxLength: number): boolean {
    const [first] = this.open;
    return first === undefined || this.ended >= this.beams || first.score / this.penalty(maxLength) <= this.value;
  }

  private finish(hypothesis: Hypothesis): void {
    this.ended++;
    const value = hypothesis.score / this.penalty(hypothesis.tokens.length + 1);
    if (value <= this.value) return;
    [this.best, this.value] = [hypothesis, value];
  }
}

/**
 * Decodes by keeping the most likely hypotheses of each row and comparing all their continuations at every step. With one beam it is
 * {@link greedy}. A row is done when `beams` hypotheses have finished, or no open one can win any more. Hypotheses cut off by `maxLength`
 * count only if none has finished.
 *
 * The first step has one row a sentence, later ones up to `beams`: the model's `reorder` repeats them. Rows that are done are dropped.
 *
 * @throws RangeError for options out of range and logits of another shape. Error for logits that contain NaN.
 *
 * @example
 * ```ts
 * import { beamSearch } from "@heddle/nn";
 * import { type Tensor, tensor } from "@heddle/tensor";
 * // 1 is likelier than 2 at first, but only after 2 the end (3) is certain.
 * const next = tensor([[0, 0.6, 0.4, 0], [0.4, 0.3, 0, 0.3], [0, 0, 0, 1], [0, 0, 0, 1]]).log();
 * const model = {
 *   step: (tokens: Tensor, state: null) => ({ logits: next.indexSelect(0, tokens), state }),
 *   reorder: (state: null) => state,
 * };
 * const { tokens, scores } = await beamSearch(model, null, { start: 0, end: 3, maxLength: 4, beams: 2 });
 * tokens; // [[2]]
 * scores; // [-0.92], which is log 0.4
 * ```
 */
export async function beamSearch<State>(
  model: StepModel<State>,
  state: State,
  options: BeamSearchOptions,
): Promise<Decoded> {
  checkOptions("beamSearch", options, ["batch", "beams", "device", "end", "lengthPenalty", "maxLength", "start"]);
  const { beams = 4, lengthPenalty = 0.6, maxLength } = options;
  const ends = endTokens(options.end);
  checkSize("beamSearch", "beams", beams);
  if (!(lengthPenalty >= 0 && lengthPenalty < Infinity)) {
    throw new RangeError(`beamSearch: lengthPenalty is ${lengthPenalty}; expected a number of at least 0`);
  }
  const penalty = (length: number): number => ((5 + length) / 6) ** lengthPenalty;
  let tokens = firstTokens("beamSearch", options);
  const searches = tokens.map(() => new Search(beams, penalty));
  let active = searches;
  let rows = tokens.map((_, row) => row);
  using stepper = new Stepper("beamSearch", model, state, rows.length, options);
  for (let step = 0; step < maxLength && active.length > 0; step++) {
    const [logProbs] = await stepper.advance(rows, tokens, (logits) => [logits.logSoftmax(1)]);
    const width = logProbs!.length / rows.length;
    const [nextRows, nextTokens]: [number[], number[]] = [[], []];
    let first = 0;
    active = active.filter((search) => {
      const from = first;
      first += search.open.length;
      const parents = search.advance(logProbs!, from * width, width, ends);
      if (search.isOver(maxLength)) return false;
      nextRows.push(...parents.map((parent) => from + parent));
      nextTokens.push(...search.open.map((hypothesis) => hypothesis.tokens.at(-1)!));
      return true;
    });
    [rows, tokens] = [nextRows, nextTokens];
  }
  const found = searches.map(({ best, open }) => best ?? open[0]!);
  return { tokens: found.map(({ tokens }) => [...tokens]), scores: found.map(({ score }) => score) };
}
