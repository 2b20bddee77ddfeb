/** Attention of recurrent decoders: a query, the encoder's states, and a score for each. */
import { arange, type Tensor, tensor } from "@heddle/tensor";
import { checkOptions, maskedSoftmax, widened } from "@heddle/tensor/engine";
import { linear } from "../functional/linear.ts";
import type { LayerOptions } from "../layer_options.ts";
import { Linear } from "../linear.ts";
import { Module } from "../module.ts";
import { checkSize, showSizes } from "../sizes.ts";

const scoredAttentionOptions = ["lengths", "mask", "projected", "values"] as const;

/** Options of the `forward` of {@link AdditiveAttention} and {@link DotProductAttention}. */
export interface ScoredAttentionOptions {
  /** What is averaged, `[batch, keys, features]`; the keys by default. */
  readonly values?: Tensor | null;
  /** `[batch, keys]` bool: true where a key takes part. */
  readonly mask?: Tensor | null;
  /** How many of each row's keys take part, from the first on. */
  readonly lengths?: Tensor | readonly number[] | null;
  /** The result of `project(keys)`, so that it is computed once for all steps of a decoder. */
  readonly projected?: Tensor | null;
}

/** The weighted mean of the values (of float16 in float32), and the weights, which add up to 1 over the keys taking part. */
function average(
  name: string,
  scores: Tensor,
  keys: Tensor,
  { values, mask, lengths }: ScoredAttentionOptions,
): [context: Tensor, weights: Tensor] {
  const [batch, count] = [keys.shape[0]!, keys.shape[1]!];
  const masks: Tensor[] = [];
  if (mask) {
    if (mask.dtype !== "bool" || showSizes(mask.shape) !== showSizes([batch, count])) {
      throw new RangeError(
        `${name}: the mask is ${mask.dtype} ${
          showSizes(mask.shape)
        }; expected bool [${batch}, ${count}], true where a key takes part`,
      );
    }
    masks.push(mask.unsqueeze(1));
  }
  if (lengths) {
    const { device } = keys;
    const given = Array.isArray(lengths) ? tensor(lengths as number[], { dtype: "int32", device }) : lengths as Tensor;
    if (given.ndim !== 1 || given.shape[0] !== batch) {
      throw new RangeError(
        `${name}: lengths have shape ${showSizes(given.shape)}; expected [${batch}], one for each row`,
      );
    }
    masks.push(arange(0, count, 1, { dtype: "int32", device }).lt(given.reshape([batch, 1, 1])));
  }
  const weights = maskedSoftmax(scores, { masks });
  return [weights.matmul(widened(values ?? keys)), weights];
}

function checkShapes(name: string, query: Tensor, keys: Tensor, queryDim: number, keyDim: number): void {
  if (
    query.ndim === 3 && keys.ndim === 3 && query.shape[2] === queryDim && keys.shape[2] === keyDim &&
    query.shape[0] === keys.shape[0]
  ) return;
  throw new RangeError(
    `${name}: got queries ${showSizes(query.shape)} and keys ${
      showSizes(keys.shape)
    }; expected [batch, queries, ${queryDim}] and ` +
      `[batch, keys, ${keyDim}]`,
  );
}

/**
 * Scores v · tanh(W q + U k + b): Bahdanau et al., "Neural machine translation by jointly learning to align and translate" (2014).
 * Queries `[batch, queries, queryDim]` and keys `[batch, keys, keyDim]` give contexts `[batch, queries, keyDim]` and weights
 * `[batch, queries, keys]`; a row whose keys are all masked has zeros.
 *
 * @example
 * ```ts
 * import { AdditiveAttention } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * const attention = new AdditiveAttention(8, 12, 16);
 * const keys = randn([2, 7, 12]);
 * const projected = attention.project(keys); // once for all steps
 * const [context, weights] = attention.forward(randn([2, 1, 8]), keys, { projected, lengths: [7, 4] });
 * context.shape; // [2, 1, 12]
 * weights.shape; // [2, 1, 7]
 * ```
 */
export class AdditiveAttention extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly score: Linear;

  constructor(queryDim: number, keyDim: number, hiddenDim: number, options: LayerOptions = {}) {
    checkOptions("AdditiveAttention", options, ["device", "dtype", "generator"]);
    super();
    this.query = new Linear(queryDim, hiddenDim, { bias: false, ...options });
    this.key = new Linear(keyDim, hiddenDim, options);
    this.score = new Linear(hiddenDim, 1, { bias: false, ...options });
  }

  /** U k + b: `[batch, keys, hiddenDim]`. */
  project(keys: Tensor): Tensor {
    return this.key.forward(keys);
  }

  forward(query: Tensor, keys: Tensor, options: ScoredAttentionOptions = {}): [context: Tensor, weights: Tensor] {
    checkOptions("AdditiveAttention.forward", options, scoredAttentionOptions);
    checkShapes("AdditiveAttention", query, keys, this.query.inFeatures, this.key.inFeatures);
    const projected = options.projected ?? this.project(keys);
    const asked = widened(this.query.forward(query));
    const hidden = asked.unsqueeze(2).add(widened(projected).unsqueeze(1)).tanh();
    const scores = linear(hidden, widened(this.score.weight)).squeeze(3);
    const [context, weights] = average("AdditiveAttention", scores, keys, options);
    return [context.to(keys.dtype), weights.to(keys.dtype)];
  }
}

/** Options of {@link DotProductAttention}. */
export interface DotProductAttentionOptions extends LayerOptions {
  /** "dot": q · k, for equally many features in both; "general": q · W k. "dot" by default. */
  readonly score?: "dot" | "general";
}

/**
 * Scores q · k or q · W k: Luong et al., "Effective approaches to attention-based neural machine translation" (2015). Shapes and masks are
 * those of {@link AdditiveAttention}, which is also the paper's third score, "concat".
 *
 * @throws RangeError for "dot" between different numbers of features.
 *
 * @example
 * ```ts
 * import { DotProductAttention } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * const attention = new DotProductAttention(8, 12, { score: "general" });
 * const [context] = attention.forward(randn([2, 1, 8]), randn([2, 7, 12]));
 * context.shape; // [2, 1, 12]
 * ```
 */
export class DotProductAttention extends Module {
  readonly queryDim: number;
  readonly keyDim: number;
  /** W of "general", from keys to queries; null for "dot". */
  readonly key: Linear | null;

  constructor(queryDim: number, keyDim: number, options: DotProductAttentionOptions = {}) {
    checkOptions("DotProductAttention", options, ["device", "dtype", "generator", "score"]);
    super();
    const { score = "dot", ...rest } = options;
    if (score !== "dot" && score !== "general") {
      throw new TypeError(`DotProductAttention: unknown score "${String(score)}"; use "dot" or "general"`);
    }
    if (score === "dot" && queryDim !== keyDim) {
      throw new RangeError(
        `DotProductAttention: queries of ${queryDim} and keys of ${keyDim} features have no scalar product; use { score: "general" }`,
      );
    }
    this.queryDim = checkSize("DotProductAttention", "queryDim", queryDim);
    this.keyDim = checkSize("DotProductAttention", "keyDim", keyDim);
    this.key = score === "general" ? new Linear(keyDim, queryDim, { bias: false, ...rest }) : null;
  }

  /** W k: `[batch, keys, queryDim]`; the keys themselves for "dot". */
  project(keys: Tensor): Tensor {
    return this.key?.forward(keys) ?? keys;
  }

  forward(query: Tensor, keys: Tensor, options: ScoredAttentionOptions = {}): [context: Tensor, weights: Tensor] {
    checkOptions("DotProductAttention.forward", options, scoredAttentionOptions);
    checkShapes("DotProductAttention", query, keys, this.queryDim, this.keyDim);
    const wide = widened(keys);
    const projected = options.projected ?? (this.key === null ? wide : this.key.forward(keys));
    const scores = widened(query).matmul(widened(projected).transpose(1, 2));
    const [context, weights] = average("DotProductAttention", scores, wide, options);
    return [context.to(keys.dtype), weights.to(keys.dtype)];
  }

  override extraRepr(): string {
    return `${this.queryDim}, ${this.keyDim}, score=${this.key === null ? "dot" : "general"}`;
  }
}
