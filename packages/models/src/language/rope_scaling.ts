/** Rotary frequencies for sequences longer than those of the training. */

/** `rope_scaling` of a configuration; its `rope_type` (formerly `type`) says which other keys it has. */
export type RopeScaling = Readonly<Record<string, unknown>>;

/** What the frequencies depend on. */
export interface RopeConfig {
  readonly rope_theta: number;
  readonly rope_scaling: RopeScaling | null;
  readonly max_position_embeddings: number;
  readonly rope_parameters?: RopeScaling | null;
}

/** Radians a position for each pair of features, and a factor of queries and keys. */
export interface Rope {
  readonly frequencies: readonly number[];
  readonly factor: number;
}

type Scale = (number: (key: string, usual?: number) => number, frequency: number[], config: RopeConfig) => Rope;

const SCALES: Readonly<Record<string, Scale>> = {
  default: (_, frequencies) => ({ frequencies, factor: 1 }),
  linear: (number, frequencies) => ({ frequencies: frequencies.map((f) => f / number("factor")), factor: 1 }),
  /** Slow rotations are slowed further, fast ones stay, and there is a ramp between (Llama 3.1). */
  llama3: (number, frequencies) => {
    const [factor, low, high] = [number("factor"), number("low_freq_factor"), number("high_freq_factor")];
    const trained = number("original_max_position_embeddings");
    const scaled = (frequency: number): number => {
      const turns = trained * frequency / (2 * Math.PI);
      const kept = Math.min(Math.max((turns - low) / (high - low), 0), 1);
      return (1 - kept) * frequency / factor + kept * frequency;
    };
    return { frequencies: frequencies.map(scaled), factor: 1 };
  },
  /** Peng et al., "YaRN" (2023). */
  yarn: (number, frequencies, { rope_theta, max_position_embeddings }) => {
    const factor = number("factor");
    const trained = number("original_max_position_embeddings", max_position_embeddings);
    const pairs = frequencies.length;
    // The pair that turns this many times within the trained length.
    const pairOf = (turns: number): number => pairs * Math.log(trained / (turns * 2 * Math.PI)) / Math.log(rope_theta);
    const first = Math.max(Math.floor(pairOf(number("beta_fast", 32))), 0);
    const last = Math.min(Math.ceil(pairOf(number("beta_slow", 1))), 2 * pairs - 1);
    const scaled = (frequency: number, pair: number): number => {
      const ramp = Math.min(Math.max((pair - first) / Math.max(last - first, 1e-3), 0), 1);
      return frequency * (1 - ramp) + frequency / factor * ramp;
    };
    const attention = number("attention_factor", factor <= 1 ? 1 : 0.1 * Math.log(factor) + 1);
    return { frequencies: frequencies.map(scaled), factor: attention };
  },
};

/** @throws RangeError for a kind of scaling that is not here, with those that are, and for numbers that it lacks. */
export function scaleRope(model: string, headDim: number, config: RopeConfig): Rope {
  // Configurations written by newer versions of transformers have both in rope_parameters.
  const scaling = config.rope_parameters ?? config.rope_scaling;
  const theta = typeof scaling?.["rope_theta"] === "number" ? scaling["rope_theta"] : config.rope_theta;
  const plain = Array.from({ length: headDim / 2 }, (_, pair) => theta ** (-2 * pair / headDim));
  const kind = scaling === null ? "default" : scaling["rope_type"] ?? scaling["type"] ?? "default";
  if (typeof kind !== "string" || !Object.hasOwn(SCALES, kind)) {
    throw new RangeError(
      `${model}: rope_scaling of the type ${JSON.stringify(kind)} is not supported; only ${
        Object.keys(SCALES).join(", ")
      }`,
    );
  }
  const number = (key: string, usual?: number): number => {
    const value = scaling?.[key] ?? usual;
    if (typeof value === "number" && value > 0 && value < Infinity) return value;
    throw new RangeError(`${model}: rope_scaling has ${key} ${JSON.stringify(value)}; expected a positive number`);
  };
  return SCALES[kind]!(number, plain, { ...config, rope_theta: theta });
}
