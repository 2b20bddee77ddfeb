/** T5: Raffel et al., "Exploring the limits of transfer learning with a unified text-to-text transformer" (2020), and its version 1.1. */
import { noGrad } from "@heddle/autograd";
import {
  CacheStack,
  type Decoded,
  DecoderLayerCache,
  Dropout,
  Embedding,
  functional as F,
  KeyValueCache,
  Linear,
  type MemoryCache,
  ModuleList,
  RMSNorm,
} from "@heddle/nn";
import { fromTypedArray, keep, type Tensor, tidy } from "@heddle/tensor";
import { activation } from "./activations.ts";
import { readConfig } from "./config.ts";
import { decode, type GenerateOptions, type GenerationConfig, newTokens } from "./generation.ts";
import { GenerativeModel } from "./generative_model.ts";
import { checkIds, joinHeads, keyMask, splitHeads } from "./heads.ts";
import { drawInitial, HubModule, type ModelOptions, placement } from "./hub_module.ts";
import { OutputLayer } from "./output_layer.ts";

/** The keys of `config.json` of T5. */
export interface T5Config {
  readonly vocab_size: number;
  readonly d_model: number;
  /** Features of a head. */
  readonly d_kv: number;
  readonly d_ff: number;
  readonly num_layers: number;
  /** Layers of the decoder; null for as many as the encoder has. */
  readonly num_decoder_layers: number | null;
  readonly num_heads: number;
  readonly relative_attention_num_buckets: number;
  readonly relative_attention_max_distance: number;
  readonly dropout_rate: number;
  readonly layer_norm_epsilon: number;
  readonly initializer_factor: number;
  /** "relu", or "gated-gelu" in version 1.1. */
  readonly feed_forward_proj: string;
  readonly tie_word_embeddings: boolean;
  readonly pad_token_id: number;
  /** The token that decoding starts from; null for that of padding. */
  readonly decoder_start_token_id: number | null;
  readonly eos_token_id: number | null;
}

const DEFAULTS: T5Config = {
  vocab_size: 32128,
  d_model: 512,
  d_kv: 64,
  d_ff: 2048,
  num_layers: 6,
  num_decoder_layers: null,
  num_heads: 8,
  relative_attention_num_buckets: 32,
  relative_attention_max_distance: 128,
  dropout_rate: 0.1,
  layer_norm_epsilon: 1e-6,
  initializer_factor: 1,
  feed_forward_proj: "relu",
  tie_word_embeddings: true,
  pad_token_id: 0,
  decoder_start_token_id: null,
  eos_token_id: 1,
};

const norm = (config: T5Config, options: ModelOptions): RMSNorm =>
  new RMSNorm(config.d_model, { eps: config.layer_norm_epsilon, ...placement(options) });

/**
 * The bucket of each distance: near ones have their own, far ones share, at logarithmic bounds. An encoder has half of them for keys
 * after the query.
 */
function relativeBucket(distance: number, both: boolean, buckets: number, furthest: number): number {
  let start = 0;
  if (both) {
    buckets = Math.floor(buckets / 2);
    if (distance > 0) start = buckets;
    distance = Math.abs(distance);
  } else distance = Math.max(-distance, 0);
  const exact = Math.floor(buckets / 2);
  if (distance < exact) return start + distance;
  // In float32 as in Hugging Face: a bound that is met exactly must fall into the same bucket.
  const share = Math.fround(Math.fround(Math.log(distance / exact)) / Math.log(furthest / exact));
  return start + Math.min(exact + Math.floor(Math.fround(share * (buckets - exact))), buckets - 1);
}

/** Attention of T5, to the layer's own input or to the encoder's output. Scores are not scaled. */
export class T5Attention extends HubModule {
  readonly config: T5Config;
  readonly q: Linear;
  readonly k: Linear;
  readonly v: Linear;
  readonly o: Linear;
  /** `[buckets, heads]`, in the first layer alone. */
  readonly relativeAttentionBias: Embedding | null;

  constructor(config: T5Config, hasBias: boolean, options: ModelOptions) {
    super();
    const { d_model: width, num_heads: heads, d_kv: size } = config;
    const plain = { ...options, bias: false };
    this.config = config;
    this.q = new Linear(width, heads * size, plain);
    this.k = new Linear(width, heads * size, plain);
    this.v = new Linear(width, heads * size, plain);
    this.o = new Linear(heads * size, width, plain);
    this.relativeAttentionBias = hasBias ? new Embedding(config.relative_attention_num_buckets, heads, options) : null;
  }

  /** What is added to the scores of queries that follow `past` others: `[1, heads, queries, keys]`. */
  bias(queries: number, past: number, both: boolean): Tensor {
    const { relative_attention_num_buckets: buckets, relative_attention_max_distance: furthest } = this.config;
    const [table, keys] = [this.relativeAttentionBias!, past + queries];
    const ids = Int32Array.from(
      { length: queries * keys },
      (_, i) => relativeBucket(i % keys - (past + Math.floor(i / keys)), both, buckets, furthest),
    );
    const found = table.forward(fromTypedArray(ids, [queries, keys], { device: table.weight.device }));
    return found.permute(2, 0, 1).unsqueeze(0);
  }

  /** Attention to `source`, the layer's own input or the encoder's output. Scores are not scaled; `isCausal` null is for the latter. */
  forward(
    x: Tensor,
    source: Tensor,
    bias: Tensor | null,
    mask: Tensor | null,
    isCausal: boolean,
    cache: KeyValueCache | MemoryCache | null,
  ): Tensor {
    const heads = this.config.num_heads;
    const project = (): [Tensor, Tensor] => [
      splitHeads(this.k.forward(source), heads),
      splitHeads(this.v.forward(source), heads),
    ];
    const causalOffset = isCausal ? cache?.length ?? 0 : 0;
    const [key, value] = cache instanceof KeyValueCache
      ? cache.append(...project())
      : cache?.keysAndValues(project) ?? project();
    const attended = F.scaledDotProductAttention(splitHeads(this.q.forward(x), heads), key, value, {
      attnMask: combined(bias, mask),
      isCausal,
      causalOffset,
      scale: 1,
      dropoutP: this.training ? this.config.dropout_rate : 0,
    });
    return this.o.forward(joinHeads(attended));
  }
}

/** A bias of scores that is as good as −∞ where a mask is false. */
function combined(bias: Tensor | null, mask: Tensor | null): Tensor | null {
  if (bias === null || mask === null) return bias ?? mask;
  return bias.add(mask.logicalNot().to(bias.dtype).mul(bias.dtype === "float16" ? -60000 : -1e30));
}

/** Attention to the layer's own input, with the norm before it. */
export class T5LayerSelfAttention extends HubModule {
  readonly SelfAttention: T5Attention;
  readonly layerNorm: RMSNorm;

  constructor(config: T5Config, hasBias: boolean, options: ModelOptions) {
    super();
    this.SelfAttention = new T5Attention(config, hasBias, options);
    this.layerNorm = norm(config, options);
  }
}

/** Attention to the encoder's output, with the norm before it. */
export class T5LayerCrossAttention extends HubModule {
  readonly EncDecAttention: T5Attention;
  readonly layerNorm: RMSNorm;

  constructor(config: T5Config, options: ModelOptions) {
    super();
    this.EncDecAttention = new T5Attention(config, false, options);
    this.layerNorm = norm(config, options);
  }
}

/** The feed-forward network of a layer of T5; version 1.1 has a gate. */
export class T5Dense extends HubModule {
  readonly wi: Linear | null;
  readonly wi0: Linear | null;
  readonly wi1: Linear | null;
  readonly wo: Linear;
  readonly dropout: Dropout;
  readonly act: (x: Tensor) => Tensor;

  constructor(config: T5Config, options: ModelOptions) {
    super();
    const [, gated, name] = /^(gated-)?(.*)$/.exec(config.feed_forward_proj)!;
    const inner = (): Linear => new Linear(config.d_model, config.d_ff, { ...options, bias: false });
    this.wi = gated ? null : inner();
    this.wi0 = gated ? inner() : null;
    this.wi1 = gated ? inner() : null;
    this.wo = new Linear(config.d_ff, config.d_model, { ...options, bias: false });
    this.dropout = new Dropout(config.dropout_rate);
    // Version 1.1 says gelu and means its approximation.
    this.act = activation("T5", gated && name === "gelu" ? "gelu_new" : name!);
  }

  forward(x: Tensor): Tensor {
    const inner = this.wi === null
      ? this.act(this.wi0!.forward(x)).mul(this.wi1!.forward(x))
      : this.act(this.wi.forward(x));
    return this.wo.forward(this.dropout.forward(inner));
  }
}

/** The feed-forward network with the norm before it. */
export class T5LayerFF extends HubModule {
  readonly DenseReluDense: T5Dense;
  readonly layerNorm: RMSNorm;

  constructor(config: T5Config, options: ModelOptions) {
    super();
    this.DenseReluDense = new T5Dense(config, options);
    this.layerNorm = norm(config, options);
  }
}

/** What all layers of a stack share in one call. */
export interface T5Surroundings {
  readonly bias: Tensor;
  /** Which positions of the input are padding. */
  readonly mask: Tensor | null;
  /** The encoder's output and its padding; null in the encoder. */
  readonly memory: { readonly output: Tensor; readonly mask: Tensor | null } | null;
}

/** A layer of the encoder or the decoder. */
export class T5Block extends HubModule {
  readonly layer: ModuleList;
  readonly #self: T5LayerSelfAttention;
  readonly #cross: T5LayerCrossAttention | null;
  readonly #dense: T5LayerFF;
  readonly dropout: Dropout;

  constructor(config: T5Config, isDecoder: boolean, isFirst: boolean, options: ModelOptions) {
    super();
    this.#self = new T5LayerSelfAttention(config, isFirst, options);
    this.#cross = isDecoder ? new T5LayerCrossAttention(config, options) : null;
    this.#dense = new T5LayerFF(config, options);
    this.layer = new ModuleList([this.#self, ...(this.#cross === null ? [] : [this.#cross]), this.#dense]);
    this.dropout = new Dropout(config.dropout_rate);
  }

  get attention(): T5Attention {
    return this.#self.SelfAttention;
  }

  forward(x: Tensor, { bias, mask, memory }: T5Surroundings, cache: DecoderLayerCache | null): Tensor {
    const seen = this.#self.layerNorm.forward(x);
    const own = this.#self.SelfAttention.forward(seen, seen, bias, mask, memory !== null, cache?.self ?? null);
    x = x.add(this.dropout.forward(own));
    if (memory !== null) {
      const { EncDecAttention, layerNorm } = this.#cross!;
      const asked = layerNorm.forward(x);
      const found = EncDecAttention.forward(asked, memory.output, null, memory.mask, false, cache?.memory ?? null);
      x = x.add(this.dropout.forward(found));
    }
    return x.add(this.dropout.forward(this.#dense.DenseReluDense.forward(this.#dense.layerNorm.forward(x))));
  }
}

/** The encoder or the decoder. */
export class T5Stack extends HubModule {
  /** The table that encoder and decoder share. */
  readonly embedTokens: Embedding;
  readonly block: ModuleList<T5Block>;
  readonly finalLayerNorm: RMSNorm;
  readonly dropout: Dropout;

  constructor(config: T5Config, shared: Embedding, isDecoder: boolean, options: ModelOptions) {
    super();
    const layers = isDecoder ? config.num_decoder_layers ?? config.num_layers : config.num_layers;
    this.embedTokens = shared;
    this.block = new ModuleList(
      Array.from({ length: layers }, (_, i) => new T5Block(config, isDecoder, i === 0, options)),
    );
    this.finalLayerNorm = norm(config, options);
    this.dropout = new Dropout(config.dropout_rate);
  }

  forward(
    ids: Tensor,
    mask: Tensor | null,
    memory: T5Surroundings["memory"],
    caches: CacheStack<DecoderLayerCache> | null,
  ): Tensor {
    const past = caches?.length ?? 0;
    const surroundings = { bias: this.block.at(0).attention.bias(ids.shape[1]!, past, memory === null), mask, memory };
    let x = this.dropout.forward(this.embedTokens.forward(ids));
    [...this.block].forEach((block, i) => x = block.forward(x, surroundings, caches?.layers[i] ?? null));
    return this.dropout.forward(this.finalLayerNorm.forward(x));
  }
}

/** Options of {@link T5ForConditionalGeneration.forward}. */
export interface T5Options {
  /** `[batch, positions]`, true (or not 0) where a token of the source is one, and false where it is padding. */
  readonly attentionMask?: Tensor | null;
  /** The same of the target. */
  readonly decoderAttentionMask?: Tensor | null;
}

interface State {
  readonly caches: CacheStack<DecoderLayerCache>;
  readonly output: Tensor;
  readonly mask: Tensor | null;
}

/**
 * An encoder–decoder with relative positions. `generate` writes the target of each source. Hugging Face: `T5ForConditionalGeneration`, with its names in state dicts, also for
 * version 1.1 (`feed_forward_proj: "gated-gelu"`, `tie_word_embeddings: false`).
 *
 * @example
 * ```ts
 * import { T5ForConditionalGeneration } from "@heddle/models";
 * import { tensor } from "@heddle/tensor";
 * const model = new T5ForConditionalGeneration({ vocab_size: 50, d_model: 16, d_kv: 4, d_ff: 32, num_layers: 2, num_heads: 4 });
 * const [source, target] = [tensor([[5, 6, 7, 1]], { dtype: "int32" }), tensor([[0, 8, 9]], { dtype: "int32" })];
 * model.forward(source, target).shape; // [1, 3, 50]
 * const { tokens } = await model.generate([[5, 6, 7, 1]], { maxNewTokens: 3, eosTokenId: null });
 * tokens[0]!.length; // 3
 * ```
 */
export class T5ForConditionalGeneration extends GenerativeModel {
  readonly config: T5Config;
  readonly shared: Embedding;
  readonly encoder: T5Stack;
  readonly decoder: T5Stack;
  readonly lmHead: OutputLayer;

  /** @throws TypeError or RangeError for a configuration that cannot be. */
  constructor(given: Partial<T5Config> = {}, options: ModelOptions = {}) {
    super();
    const config = readConfig("T5", given, DEFAULTS, {
      counts: [
        "vocab_size",
        "d_model",
        "d_kv",
        "d_ff",
        "num_layers",
        "num_decoder_layers",
        "num_heads",
        "relative_attention_num_buckets",
        "relative_attention_max_distance",
      ],
    });
    this.config = config;
    this.shared = new Embedding(config.vocab_size, config.d_model, options);
    this.encoder = new T5Stack(config, this.shared, false, options);
    this.decoder = new T5Stack(config, this.shared, true, options);
    const { initializer_factor: factor, d_model: width } = config;
    this.lmHead = new OutputLayer(
      this.shared,
      { tie_word_embeddings: config.tie_word_embeddings, initializer_range: factor },
      options,
    );
    const inner = config.num_heads * config.d_kv;
    // The names of matrices and their deviations, as in Mesh TensorFlow.
    const deviations: readonly [RegExp, number][] = [
      [/^shared|lm_head/, 1],
      [/\.q\.weight$/, (width * config.d_kv) ** -0.5],
      [/\.o\.weight$/, inner ** -0.5],
      [/\.wo\.weight$/, config.d_ff ** -0.5],
    ];
    const deviation = (name: string): number =>
      factor * (deviations.find(([pattern]) => pattern.test(name))?.[1] ?? width ** -0.5);
    drawInitial(this, deviation, options.generator);
  }

  /** Source ids `[batch, positions]` → features `[batch, positions, d_model]`. */
  encode(ids: Tensor, attentionMask: Tensor | null = null): Tensor {
    checkIds("T5", ids);
    return this.encoder.forward(ids, keyMask("T5", attentionMask, ids.shape[0]!, ids.shape[1]!), null, null);
  }

  /**
   * Source ids `[batch, S]` and target ids `[batch, T]`, which begin with the start token, → logits of the next target token at each
   * position, `[batch, T, vocab_size]`.
   *
   * @throws RangeError for masks of another shape.
   */
  forward(ids: Tensor, decoderIds: Tensor, { attentionMask, decoderAttentionMask }: T5Options = {}): Tensor {
    checkIds("T5", decoderIds);
    const output = this.encode(ids, attentionMask ?? null);
    const mask = keyMask("T5", attentionMask, ids.shape[0]!, ids.shape[1]!);
    const own = keyMask("T5", decoderAttentionMask, decoderIds.shape[0]!, decoderIds.shape[1]!);
    return this.score(this.decoder.forward(decoderIds, own, { output, mask }, null));
  }

  protected override get modelDefaults(): GenerationConfig {
    return { eos_token_id: this.config.eos_token_id };
  }

  protected override async write(
    operation: string,
    rows: readonly (readonly number[])[],
    options: GenerateOptions,
  ): Promise<Decoded> {
    const { pad_token_id: pad, decoder_start_token_id } = this.config;
    const longest = Math.max(...rows.map(({ length }) => length));
    const layers = this.config.num_decoder_layers ?? this.config.num_layers;
    const caches = new CacheStack(
      Array.from({ length: layers }, () => new DecoderLayerCache(Math.max(newTokens(operation, options), 1))),
    );
    const held: Tensor[] = [];
    try {
      const state = noGrad(() =>
        tidy((): State => {
          const { device } = this.shared.weight;
          const padded = rows.flatMap((row) => [...row, ...Array<number>(longest - row.length).fill(pad)]);
          const there = rows.flatMap((row) => Array.from({ length: longest }, (_, i) => i < row.length ? 1 : 0));
          const shape = [rows.length, longest];
          const mask = there.includes(0) ? fromTypedArray(Uint8Array.from(there), shape, { device }).ne(0) : null;
          const output = this.encode(fromTypedArray(Int32Array.from(padded), shape, { device }), mask);
          for (const x of [output, mask]) if (x !== null) held.push(keep(x));
          return { caches, output, mask };
        })
      );
      const start = rows.map(() => decoder_start_token_id ?? pad);
      return await decode(
        operation,
        { step: (tokens, state) => this.step(tokens, state), reorder },
        state,
        start,
        options,
      );
    } finally {
      caches.dispose();
      for (const x of held) x.dispose();
    }
  }

  private step(tokens: Tensor, state: State): { logits: Tensor; state: State } {
    const mask = state.mask?.reshape([state.mask.shape[0]!, 1, 1, state.mask.shape[1]!]) ?? null;
    const x = this.decoder.forward(tokens.unsqueeze(1), null, { output: state.output, mask }, state.caches);
    return { logits: this.score(x).select(1, -1), state };
  }

  /** A tied table has larger weights than an output layer. */
  private score(x: Tensor): Tensor {
    return this.lmHead.forward(this.config.tie_word_embeddings ? x.mul(this.config.d_model ** -0.5) : x);
  }
}

function reorder({ caches, output, mask }: State, rows: Tensor): State {
  return {
    caches: caches.reorder(rows),
    output: output.indexSelect(0, rows),
    mask: mask && mask.indexSelect(0, rows),
  };
}
