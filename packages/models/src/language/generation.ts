/** Generates text: options as in `generation_config.json`, algorithms of `@heddle/nn`. */
import { beamSearch, type Decoded, greedy, sample, type StepModel } from "@heddle/nn";
import { Generator } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";

/** Options of `generate`. */
export interface GenerateOptions {
  /** The maximum number of new tokens of a row, including the end token; 20 by default. */
  readonly maxNewTokens?: number;
  /** Whether tokens are drawn from the model's distribution; false by default, which takes the most likely one. */
  readonly doSample?: boolean;
  /** Divides the logits when sampling; 1 by default. */
  readonly temperature?: number;
  /** Draws from this many of the most likely tokens only; all by default. */
  readonly topK?: number;
  /** Draws from the smallest set of most likely tokens with at least this probability; 1 by default. */
  readonly topP?: number;
  /** Hypotheses of a beam search; 1 by default, which is none. */
  readonly numBeams?: number;
  /** See `lengthPenalty` of `beamSearch` of `@heddle/nn`, which is not Hugging Face's power of the length; 0.6 by default. */
  readonly lengthPenalty?: number;
  /** The token that ends a row, or several of which each does; null for none. By default that of the model's generation configuration. */
  readonly eosTokenId?: number | readonly number[] | null;
  /** Seeds the draws, instead of `generator`. */
  readonly seed?: number;
  /** Where draws come from; by default the generator that `manualSeed` seeds. */
  readonly generator?: Generator;
  /** Called after each step with the new token of each row, or null where the row has ended; awaited. Not for beams. */
  readonly onTokens?: (tokens: readonly (number | null)[]) => unknown;
}

/** The keys of `generation_config.json` that {@link generationOptions} reads. */
export type GenerationConfig = Readonly<Record<string, unknown>>;

/** The names of the options and of the keys of `generation_config.json` that hold their defaults. */
const KEYS = {
  maxNewTokens: "max_new_tokens",
  doSample: "do_sample",
  temperature: "temperature",
  topK: "top_k",
  topP: "top_p",
  numBeams: "num_beams",
  eosTokenId: "eos_token_id",
} as const;

const NAMES = [
  "doSample",
  "eosTokenId",
  "generator",
  "lengthPenalty",
  "maxNewTokens",
  "numBeams",
  "onTokens",
  "seed",
  "temperature",
  "topK",
  "topP",
] as const;

/** The options with the configuration's values for those that are absent. @throws TypeError for an unknown option. */
export function generationOptions(
  operation: string,
  options: GenerateOptions,
  config: GenerationConfig,
): GenerateOptions {
  checkOptions(operation, options, NAMES);
  const stored = Object.entries(KEYS).map(([name, key]) => [name, config[key]] as const);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries([...stored.filter(([, value]) => value !== undefined && value !== null), ...given]);
}

/** The number of new tokens that the options allow. @throws RangeError for what is no number of tokens. */
export function newTokens(operation: string, { maxNewTokens = 20 }: GenerateOptions): number {
  if (Number.isSafeInteger(maxNewTokens) && maxNewTokens >= 0) return maxNewTokens;
  throw new RangeError(`${operation}: maxNewTokens is ${String(maxNewTokens)}; expected a number of tokens`);
}

/** Decodes with the algorithm that the options choose. */
export async function decode<State>(
  operation: string,
  model: StepModel<State>,
  state: State,
  start: readonly number[],
  options: GenerateOptions,
): Promise<Decoded> {
  const { doSample = false, numBeams = 1, eosTokenId, onTokens, seed, lengthPenalty } = options;
  const { temperature = 1, topK = 0, topP = 1 } = options;
  const shared = {
    start,
    maxLength: newTokens(operation, options),
    ...(isAbsent(eosTokenId) ? {} : { end: eosTokenId }),
  };
  if (numBeams !== 1) {
    if (doSample || onTokens !== undefined) {
      throw new Error(
        `${operation}: a beam search of ${numBeams} beams neither samples nor streams; give numBeams 1, or leave out doSample and onTokens`,
      );
    }
    return await beamSearch(model, state, {
      ...shared,
      beams: numBeams,
      ...(lengthPenalty === undefined ? {} : { lengthPenalty }),
    });
  }
  const streamed = { ...shared, ...(onTokens === undefined ? {} : { onTokens }) };
  if (!doSample) return await greedy(model, state, streamed);
  const generator = seed === undefined ? options.generator : new Generator(seed);
  return await sample(model, state, {
    ...streamed,
    temperature,
    topP,
    // Configurations write 0 where all tokens may be drawn.
    ...(topK === 0 ? {} : { topK }),
    ...(generator === undefined ? {} : { generator }),
  });
}

function isAbsent<T>(value: T | null | undefined): value is null | undefined {
  return value === null || value === undefined;
}

/**
 * The tokens of `run` as they come. Decoding waits until a step's tokens are taken, and stops when the loop over them does.
 */
export async function* streamed(
  run: (onTokens: (tokens: readonly (number | null)[]) => Promise<void>) => Promise<unknown>,
): AsyncGenerator<readonly (number | null)[], void, undefined> {
  const stopped = new Error("the stream was closed");
  let open = true;
  let [deliver, proceed]: (() => void)[] = [() => {}, () => {}];
  let fresh: readonly (number | null)[] | null = null;
  const arrival = (): Promise<void> => new Promise((resolve) => deliver = resolve);
  let next = arrival();
  const running = run(async (tokens) => {
    fresh = tokens;
    const taken = new Promise<void>((resolve) => proceed = resolve);
    deliver!();
    await taken;
    if (!open) throw stopped;
  });
  const done = running.then(() => {}, () => {});
  try {
    while (true) {
      await Promise.race([next, done]);
      if (fresh === null) break;
      yield fresh;
      fresh = null;
      next = arrival();
      proceed!();
    }
    await running;
  } finally {
    open = false;
    proceed!();
    await done;
  }
}
