/** Sampling: tokens drawn from the model's distribution, or a sharper one. */
import { type DataArray, defaultGenerator, type Generator } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { checkSize } from "../sizes.ts";
import { type Choice, generate } from "./generate.ts";
import { Largest } from "./top_k.ts";
import type { Decoded, StepModel, StreamOptions } from "./step_model.ts";

/** Options of {@link sample}. */
export interface SampleOptions extends StreamOptions {
  /** The divisor of logits: below 1 favours likely tokens, above 1 gives more variety; 1 by default. */
  readonly temperature?: number;
  /** Draws from this many of the most likely tokens only; all by default. */
  readonly topK?: number;
  /** Draws from the smallest set of most likely tokens whose total probability is at least this; 1 by default. */
  readonly topP?: number;
  /** By default the generator that `manualSeed` seeds. */
  readonly generator?: Generator;
}

/**
 * Decodes by drawing each token from the model's distribution: with the logits divided by a temperature, of the `topK` most likely ones
 * alone (Fan et al., 2018), and of the smallest set of them that has probability `topP` (Holtzman et al., "The curious case of neural
 * text degeneration", 2020), in that order. Each step takes one number from the generator for each row, finished or not, so that the
 * result of a row does not depend on the others.
 *
 * @returns the scores by the model's own distribution, without temperature and limits.
 * @throws RangeError for options out of range and logits of another shape. Error for logits that contain NaN.
 *
 * @example
 * ```ts
 * import { sample } from "@heddle/nn";
 * import { Generator, type Tensor, zeros } from "@heddle/tensor";
 * const model = {
 *   step: (tokens: Tensor, state: null) => ({ logits: zeros([tokens.numel, 6]), state }),
 *   reorder: (state: null) => state,
 * };
 * const { tokens } = await sample(model, null, { start: 0, batch: 2, maxLength: 5, generator: new Generator(1) });
 * tokens; // two rows of five throws of a die
 * ```
 */
export async function sample<State>(model: StepModel<State>, state: State, options: SampleOptions): Promise<Decoded> {
  checkOptions("sample", options, [
    "batch",
    "device",
    "end",
    "generator",
    "maxLength",
    "onTokens",
    "start",
    "temperature",
    "topK",
    "topP",
  ]);
  const { temperature = 1, topK = Infinity, topP = 1, generator = defaultGenerator } = options;
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new RangeError(
      `sample: temperature is ${temperature}; expected a number above 0 (greedy() takes the most likely token)`,
    );
  }
  if (topK !== Infinity) checkSize("sample", "topK", topK);
  if (!(topP > 0 && topP <= 1)) throw new RangeError(`sample: topP is ${topP}; expected above 0, at most 1`);
  let draws: Float64Array = new Float64Array(0);
  return await generate("sample", model, state, options, {
    pick: (logits) => [logits],
    begin: (rows) => void (draws = generator.uniforms(rows)),
    choose([logits], at, n, row) {
      const width = logits!.length / n;
      return draw(logits!.subarray(at * width, (at + 1) * width), temperature, topK, topP, draws[row]!);
    },
  });
}

function draw(logits: DataArray, temperature: number, topK: number, topP: number, chance: number): Choice {
  let highest = -Infinity;
  // NaN sorts highest, so that it is noticed below.
  for (let i = 0; i < logits.length; i++) if (!(Number(logits[i]) <= highest)) highest = Number(logits[i]);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(Number(logits[i]) - highest);
  const score = (token: number): number => Number(logits[token]) - highest - Math.log(sum);
  const weight = (token: number): number => Math.exp((Number(logits[token]) - highest) / temperature);
  const tokens = candidates(logits, weight, topK, topP);
  let total = 0;
  for (const token of tokens) total += weight(token);
  let left = chance * total;
  for (const token of tokens) {
    left -= weight(token);
    if (left < 0) return { token, score: score(token) };
  }
  // What rounding leaves over goes to the last possible token.
  const token = tokens.findLast((token) => weight(token) > 0) ?? 0;
  return { token, score: score(token) };
}

/** The tokens that may be drawn. */
function candidates(logits: DataArray, weight: (token: number) => number, topK: number, topP: number): number[] {
  let tokens: number[];
  if (topK < logits.length) {
    const best = new Largest(topK);
    for (let i = 0; i < logits.length; i++) best.offer(Number(logits[i]), i);
    tokens = best.ids;
  } else tokens = Array.from({ length: logits.length }, (_, i) => i);
  if (topP === 1) return tokens;
  let total = 0;
  for (const token of tokens) total += weight(token);
  // The tokens below this have less than 1 − topP together, so the set lies among the others, of which there are few to sort.
  const negligible = total * (1 - topP) / tokens.length;
  const sorted = tokens.filter((token) => weight(token) >= negligible).sort((a, b) => weight(b) - weight(a));
  let covered = 0;
  const count = sorted.findIndex((token) => (covered += weight(token)) >= topP * total);
  return count < 0 ? sorted : sorted.slice(0, count + 1);
}
