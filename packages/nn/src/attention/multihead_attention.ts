/** Attention with several heads. */
import { cat, empty, type Generator, pad, type Tensor, tidy, zeros } from "@heddle/tensor";
import { checkOptions, widened } from "@heddle/tensor/engine";
import { attend, attentionWeights } from "../functional/attention.ts";
import { checkProbability, dropout } from "../functional/dropout.ts";
import { linear } from "../functional/linear.ts";
import { constant_, xavierNormal_, xavierUniform_ } from "../init/mod.ts";
import type { LayerOptions } from "../layer_options.ts";
import { Linear } from "../linear.ts";
import { Module } from "../module.ts";
import { Parameter } from "../parameter.ts";
import { checkSize, showSizes } from "../sizes.ts";
import { snakeCase } from "../state_dict.ts";
import { attentionMasks } from "./attention_masks.ts";
import { type HeadLayout, joinHeads, splitHeads } from "./heads.ts";
import { KeyValueCache, MemoryCache } from "./key_value_cache.ts";
import type { RotaryPositions } from "./rotary_positions.ts";

/** Options of {@link MultiheadAttention}. */
export interface MultiheadAttentionOptions extends LayerOptions {
  /** Probability at which a weight is dropped while training; 0 by default. */
  readonly dropout?: number;
  /** Whether the four projections have biases; true by default. */
  readonly bias?: boolean;
  /** Whether inputs are `[batch, positions, features]` rather than PyTorch's `[positions, batch, features]`; false by default. */
  readonly batchFirst?: boolean;
  /** Features of the keys' inputs; `embedDim` by default. */
  readonly kdim?: number;
  /** Features of the values' inputs; `embedDim` by default. */
  readonly vdim?: number;
  /** Whether a learned key and value follow those of the inputs; false by default. */
  readonly addBiasKv?: boolean;
  /** Whether a key and value of zeros follow those of the inputs; false by default. */
  readonly addZeroAttn?: boolean;
  /** Rotates queries and keys by their positions; none by default. */
  readonly rotary?: RotaryPositions | null;
}

/** A mask with so many keys before the others, which take part. */
function seesExtra(mask: Tensor, extra: number): Tensor {
  return extra === 0 ? mask : pad(mask, [extra, 0], { value: mask.dtype === "bool" ? true : 0 });
}

/** Options of {@link MultiheadAttention.forward}. */
export interface MultiheadAttentionForwardOptions {
  /** `[batch, keys]` (or `[keys]`): bool, true where a key is kept out, or numbers that are added to the scores. */
  readonly keyPaddingMask?: Tensor | null;
  /** `[queries, keys]` or `[batch · heads, queries, keys]`: bool, true where a key is kept out, or numbers that are added. */
  readonly attnMask?: Tensor | null;
  /** Whether each position attends to itself and earlier ones only; no mask is needed. */
  readonly isCausal?: boolean;
  /** Whether to return the weights too; false by default, since the fast algorithm never holds all of them (PyTorch: true). */
  readonly needWeights?: boolean;
  /** Whether the returned weights are averaged over the heads; true by default. */
  readonly averageAttnWeights?: boolean;
  /** Keys and values of earlier positions, to which those of `key` and `value` are appended; or an encoder's, projected once. */
  readonly cache?: KeyValueCache | MemoryCache | null;
}

/**
 * Attention with `numHeads` heads of `embedDim / numHeads` features each, between projections: Vaswani et al., "Attention is all you
 * need" (2017). PyTorch: `torch.nn.MultiheadAttention`, with its names in state dicts and its meaning of masks: **true keeps a key out**,
 * the opposite of `functional.scaledDotProductAttention`. For a query that may attend to no key the output is the output projection's
 * bias (PyTorch: NaN).
 *
 * @throws RangeError when the heads do not divide the features, and from `forward` for inputs and masks of other shapes.
 *
 * @example
 * ```ts
 * import { MultiheadAttention } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * const attention = new MultiheadAttention(16, 4, { batchFirst: true });
 * const [x, memory] = [randn([2, 5, 16]), randn([2, 7, 16])];
 * const [y, weights] = attention.forward(x, memory, memory, { needWeights: true });
 * y.shape; // [2, 5, 16]
 * weights!.shape; // [2, 5, 7]
 * ```
 */
export class MultiheadAttention extends Module {
  readonly embedDim: number;
  readonly numHeads: number;
  readonly headDim: number;
  readonly kdim: number;
  readonly vdim: number;
  readonly batchFirst: boolean;
  readonly rotary: RotaryPositions | null;
  readonly addZeroAttn: boolean;
  dropout: number;
  generator: Generator | undefined;
  /** `[embedDim, embedDim]`, as the next two; null where the inputs have the same features and one weight does. */
  qProjWeight: Parameter | null;
  kProjWeight: Parameter | null;
  vProjWeight: Parameter | null;
  /** `[3 · embedDim, embedDim]`: queries, keys, values. */
  inProjWeight: Parameter | null;
  inProjBias: Parameter | null;
  /** A learned key and value, `[1, 1, embedDim]` each. */
  biasK: Parameter | null;
  biasV: Parameter | null;
  readonly outProj: Linear;

  constructor(embedDim: number, numHeads: number, options: MultiheadAttentionOptions = {}) {
    checkOptions("MultiheadAttention", options, [
      "addBiasKv",
      "addZeroAttn",
      "batchFirst",
      "bias",
      "device",
      "dropout",
      "dtype",
      "generator",
      "kdim",
      "rotary",
      "vdim",
    ]);
    super();
    const {
      dropout = 0,
      bias = true,
      batchFirst = false,
      kdim = embedDim,
      vdim = embedDim,
      rotary = null,
      addBiasKv = false,
      addZeroAttn = false,
      generator,
      ...placement
    } = options;
    this.embedDim = checkSize("MultiheadAttention", "embedDim", embedDim);
    this.numHeads = checkSize("MultiheadAttention", "numHeads", numHeads);
    this.kdim = checkSize("MultiheadAttention", "kdim", kdim);
    this.vdim = checkSize("MultiheadAttention", "vdim", vdim);
    if (embedDim % numHeads !== 0) {
      throw new RangeError(`MultiheadAttention: embedDim ${embedDim} cannot be split into ${numHeads} heads`);
    }
    checkProbability("MultiheadAttention", dropout);
    this.headDim = embedDim / numHeads;
    this.batchFirst = batchFirst;
    this.rotary = rotary;
    this.addZeroAttn = addZeroAttn;
    this.dropout = dropout;
    this.generator = generator;
    const weight = (...shape: number[]): Parameter => new Parameter(empty(shape, placement));
    const together = kdim === embedDim && vdim === embedDim;
    this.qProjWeight = together ? null : weight(embedDim, embedDim);
    this.kProjWeight = together ? null : weight(embedDim, kdim);
    this.vProjWeight = together ? null : weight(embedDim, vdim);
    this.inProjWeight = together ? weight(3 * embedDim, embedDim) : null;
    this.inProjBias = bias ? weight(3 * embedDim) : null;
    this.biasK = addBiasKv ? weight(1, 1, embedDim) : null;
    this.biasV = addBiasKv ? weight(1, 1, embedDim) : null;
    this.outProj = new Linear(embedDim, embedDim, { bias, generator, ...placement });
    this.resetParameters(generator);
  }

  /** Draws the initial values of the projections of queries, keys and values again; biases are zero. */
  resetParameters(generator?: Generator): void {
    for (const weight of [this.inProjWeight, this.qProjWeight, this.kProjWeight, this.vProjWeight]) {
      if (weight !== null) xavierUniform_(weight, { generator });
    }
    for (const bias of [this.biasK, this.biasV]) if (bias !== null) xavierNormal_(bias, { generator });
    for (const bias of [this.inProjBias, this.outProj.bias]) if (bias !== null) constant_(bias, 0);
  }

  override stateKey(property: string): string {
    return snakeCase(property);
  }

  /**
   * `query` `[batch, queries, embedDim]`, `key` and `value` `[batch, keys, kdim or vdim]` (in PyTorch's order of dimensions unless
   * `batchFirst`; without a batch also `[positions, features]`) give the output in the shape of `query`, and the weights `[batch, queries,
   * keys]`, or `[batch, heads, queries, keys]`, or null.
   */
  forward(
    query: Tensor,
    key: Tensor = query,
    value: Tensor = key,
    options: MultiheadAttentionForwardOptions = {},
  ): [output: Tensor, weights: Tensor | null] {
    checkOptions("MultiheadAttention.forward", options, [
      "attnMask",
      "averageAttnWeights",
      "cache",
      "isCausal",
      "keyPaddingMask",
      "needWeights",
    ]);
    this.checkInputs(query, key, value);
    const batched = query.ndim === 3;
    return tidy(() => {
      const [q, given, values] = this.heads(query, key, value, options.cache ?? null, batched);
      const [k, v] = [this.withExtra(given, this.biasK), this.withExtra(values, this.biasV)];
      const extra = k.shape[2]! - given.shape[2]!;
      const { isCausal = false, needWeights = false, averageAttnWeights = true } = options;
      const masks = attentionMasks(options, q.shape, given.shape[2]!, q.dtype).map((mask) => seesExtra(mask, extra));
      // Cached keys come before the first query.
      const before = extra + (options.cache instanceof KeyValueCache ? given.shape[2]! - q.shape[2]! : 0);
      const how = {
        scale: 1 / Math.sqrt(this.headDim),
        causalOffset: isCausal ? before : null,
        dropoutP: this.training ? this.dropout : 0,
        generator: this.generator,
      };
      let weights: Tensor | null = null;
      let mixed: Tensor;
      if (needWeights) {
        weights = attentionWeights(widened(q), widened(k), masks.map(widened), how);
        mixed = dropout(weights, how.dropoutP, { generator: this.generator }).matmul(widened(v)).to(v.dtype);
        if (extra > 0) weights = weights.roll(-extra, -1);
        if (averageAttnWeights) weights = weights.mean(1);
        weights = weights.to(v.dtype);
        if (!batched) weights = weights.squeeze(0);
      } else mixed = attend(q, k, v, masks, how);
      const joined = joinHeads(mixed, this.layout(batched));
      const output = this.outProj.forward(batched ? joined : joined.squeeze(0));
      return [output, weights];
    });
  }

  /** Queries, keys and values, `[batch, heads, positions, headDim]` each. */
  private heads(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    cache: KeyValueCache | MemoryCache | null,
    batched: boolean,
  ): [q: Tensor, k: Tensor, v: Tensor] {
    const split = (x: Tensor, parts: number): readonly Tensor[] =>
      splitHeads(batched ? x : x.unsqueeze(0), parts, this.numHeads, this.layout(batched));
    const one = (x: Tensor, which: 0 | 1 | 2): Tensor => split(this.project(x, which), 1)[0]!;
    if (cache instanceof MemoryCache) {
      return [one(query, 0), ...cache.keysAndValues(() => [one(key, 1), one(value, 2)])];
    }
    let [q, k, v] = this.inProjWeight !== null && query === key && key === value
      ? split(linear(query, this.inProjWeight, this.inProjBias), 3) as [Tensor, Tensor, Tensor]
      : [one(query, 0), one(key, 1), one(value, 2)];
    if (this.rotary !== null) {
      const offset = cache?.length ?? 0;
      [q, k] = [this.rotary.forward(q, { offset }), this.rotary.forward(k, { offset })];
    }
    return cache === null ? [q, k, v] : [q, ...cache.append(k, v)];
  }

  /**
   * Keys or values `[batch, heads, positions, headDim]` with the learned and the zero one, if there are any. They come first, so that a
   * causal mask hides none of them.
   */
  private withExtra(x: Tensor, bias: Parameter | null): Tensor {
    const [batch, heads, , size] = x.shape as [number, number, number, number];
    const shape = [batch, heads, 1, size];
    const extra = bias === null ? [] : [bias.reshape([1, heads, 1, size]).expand(shape)];
    if (this.addZeroAttn) extra.push(zeros(shape, { dtype: x.dtype, device: x.device }));
    return extra.length === 0 ? x : cat([...extra, x], 2);
  }

  private layout(batched: boolean): HeadLayout {
    return this.batchFirst || !batched ? "batchFirst" : "positionsFirst";
  }

  /** The projection of queries (0), keys (1) or values (2). */
  private project(x: Tensor, which: 0 | 1 | 2): Tensor {
    const { embedDim, inProjWeight, inProjBias } = this;
    const part = (parameter: Parameter | null): Tensor | null =>
      parameter?.narrow(0, which * embedDim, embedDim) ?? null;
    const weight = part(inProjWeight) ?? [this.qProjWeight, this.kProjWeight, this.vProjWeight][which]!;
    return linear(x, weight, part(inProjBias));
  }

  private checkInputs(query: Tensor, key: Tensor, value: Tensor): void {
    const shapes = `queries ${showSizes(query.shape)}, keys ${showSizes(key.shape)} and values ${
      showSizes(value.shape)
    }`;
    const given = [[query, this.embedDim], [key, this.kdim], [value, this.vdim]] as const;
    if (given.some(([x, size]) => (x.ndim !== 3 && x.ndim !== 2) || x.ndim !== query.ndim || x.shape.at(-1) !== size)) {
      throw new RangeError(
        `MultiheadAttention: ${shapes}: expected ${
          this.batchFirst ? "[batch, positions, features]" : "[positions, batch, features]"
        } with ${this.embedDim}, ${this.kdim} and ${this.vdim} features, or [positions, features]`,
      );
    }
    const batch = this.batchFirst ? 0 : 1;
    const alike = key.shape.slice(0, -1).every((size, d) => size === value.shape[d]);
    if (!alike || (query.ndim === 3 && query.shape[batch] !== key.shape[batch])) {
      throw new RangeError(
        `MultiheadAttention: ${shapes}: the batch (dimension ${batch}) must be the same, and there must be one value for each key` +
          (this.batchFirst ? "" : "; { batchFirst: true } is for inputs [batch, positions, features]"),
      );
    }
  }

  override extraRepr(): string {
    const { embedDim, numHeads, dropout, batchFirst } = this;
    return `${embedDim}, ${numHeads}${dropout === 0 ? "" : `, dropout=${dropout}`}${
      batchFirst ? ", batchFirst=true" : ""
    }`;
  }
}
