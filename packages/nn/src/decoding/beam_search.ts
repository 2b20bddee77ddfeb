/** Several hypotheses at a time. */
import { checkOptions } from "@heddle/tensor/engine";
import { checkSize } from "../sizes.ts";
import { Largest } from "./largest.ts";
import { type Decoded, type DecodingOptions, firstTokens, type StepModel } from "./step_model.ts";
import { checkScore, Stepper } from "./stepper.ts";

/** Options of {@link beamSearch}. */
export interface BeamSearchOptions extends DecodingOptions {
  /** Hypotheses of a row that are followed at a time; 4 by default. */
  readonly beams?: number;
  /**
   * α of Wu et al. (2016): hypotheses that have ended are compared by their log-probability divided by ((5 + length) / 6)^α, the end
   * counted. 0 compares log-probabilities, which favours the short; 0.6 by default, as in Vaswani et al. (2017).
   */
  readonly lengthPenalty?: number;
}

interface Hypothesis {
  readonly tokens: readonly number[];
  readonly score: number;
}

/** A row of the batch: what is followed, and what has ended. */
class Search {
  /** Best first. */
  open: readonly Hypothesis[] = [{ tokens: [], score: 0 }];
  best: Hypothesis | null = null;
  /** The best one's score with the length taken into account. */
  private value = -Infinity;
  private ended = 0;
  private readonly beams: number;
  private readonly penalty: (length: number) => number;

  constructor(beams: number, penalty: (length: number) => number) {
    this.beams = beams;
    this.penalty = penalty;
  }

  /**
   * Goes on by one token, by the log-probabilities `[open.length, width]` that begin at `from`. Of twice as many candidates as there
   * are beams at least half do not end, as each hypothesis can end in one way alone. An ending counts if it is among the first half.
   *
   * @returns which of the open hypotheses each new one continues.
   */
  advance(logProbs: ArrayLike<number | bigint>, from: number, width: number, end: number | undefined): number[] {
    const { open, beams } = this;
    const found = new Largest(2 * beams);
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
      if (token === end) {
        if (rank < beams) this.finish({ tokens, score });
      } else if (next.length < beams) {
        next.push({ tokens: [...tokens, token], score });
        parents.push(parent);
      }
    });
    this.open = next;
    return parents;
  }

  /** Whether enough have ended; or what is open cannot become better than the best, were all its further tokens certain. */
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
 * Decodes by following the most likely few hypotheses of each row: all their continuations are compared at every step. With one beam it
 * is {@link greedy}. A row is done when as many hypotheses have ended as there are beams, or none that is open can win any more; those
 * that `maxLength` cuts off are taken only where none has ended.
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
  const { beams = 4, lengthPenalty = 0.6, end, maxLength } = options;
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
      const parents = search.advance(logProbs!, from * width, width, end);
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
