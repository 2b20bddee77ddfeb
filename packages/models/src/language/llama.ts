/** Llama: Touvron et al., "LLaMA: Open and efficient foundation language models" (2023); Mistral and Qwen2, which differ by a flag. */
import {
  Embedding,
  functional as F,
  type KeyValueCache,
  Linear,
  ModuleList,
  RMSNorm,
  RotaryPositions,
} from "@heddle/nn";
import { arange, type Tensor } from "@heddle/tensor";
import { activation } from "./activations.ts";
import { CausalLanguageModel, type CausalOptions } from "./causal_language_model.ts";
import { headSize, readConfig } from "./config.ts";
import { checkIds, joinHeads, keyMask, splitHeads } from "./heads.ts";
import { drawInitial, HubModule, type ModelOptions, placement } from "./hub_module.ts";
import { OutputLayer } from "./output_layer.ts";
import { type RopeScaling, scaleRope } from "./rope_scaling.ts";

/** The keys of `config.json` of Llama-style decoders. */
export interface LlamaConfig {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  /** Heads of keys and values, each shared by several heads of queries; null for as many as those. */
  readonly num_key_value_heads: number | null;
  /** Features of a head; null for hidden_size / num_attention_heads. */
  readonly head_dim: number | null;
  readonly hidden_act: string;
  /** The length that the model was trained for. Longer sequences are computed. */
  readonly max_position_embeddings: number;
  readonly initializer_range: number;
  readonly rms_norm_eps: number;
  readonly tie_word_embeddings: boolean;
  readonly rope_theta: number;
  /** How positions are scaled for longer sequences; null for not at all. */
  readonly rope_scaling: RopeScaling | null;
  /** Whether the four projections of attention have biases. */
  readonly attention_bias: boolean;
  readonly attention_dropout: number;
  readonly mlp_bias: boolean;
  /** Each token attends to itself and this many less one before it; null for all. */
  readonly sliding_window: number | null;
}

/** What distinguishes the families. */
export interface LlamaVariant {
  readonly name: string;
  readonly defaults: LlamaConfig;
  /** Whether the projections of queries, keys and values have biases, whatever `attention_bias` is. */
  readonly qkvBias?: boolean;
  /** Whether the queries and keys of each head are normalised. */
  readonly headNorm?: boolean;
  /** Whether a layer has the sliding window. */
  readonly slides: (config: LlamaConfig & Readonly<Record<string, unknown>>, layer: number) => boolean;
}

const DEFAULTS: LlamaConfig = {
  vocab_size: 32000,
  hidden_size: 4096,
  intermediate_size: 11008,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: null,
  head_dim: null,
  hidden_act: "silu",
  max_position_embeddings: 2048,
  initializer_range: 0.02,
  rms_norm_eps: 1e-6,
  tie_word_embeddings: false,
  rope_theta: 10000,
  rope_scaling: null,
  attention_bias: false,
  attention_dropout: 0,
  mlp_bias: false,
  sliding_window: null,
};

const LLAMA: LlamaVariant = { name: "Llama", defaults: DEFAULTS, slides: () => false };
const MISTRAL: LlamaVariant = {
  name: "Mistral",
  defaults: { ...DEFAULTS, intermediate_size: 14336, num_key_value_heads: 8, max_position_embeddings: 131072 },
  slides: () => true,
};
/** Layers below max_window_layers attend to everything, the others have the window, and only if use_sliding_window is set. */
const QWEN2: LlamaVariant = {
  name: "Qwen2",
  defaults: { ...DEFAULTS, vocab_size: 151936, intermediate_size: 22016, max_position_embeddings: 32768 },
  qkvBias: true,
  slides: ({ use_sliding_window, max_window_layers, layer_types }, layer) =>
    Array.isArray(layer_types)
      ? layer_types[layer] === "sliding_attention"
      : use_sliding_window === true && layer >= (typeof max_window_layers === "number" ? max_window_layers : 28),
};
const QWEN3: LlamaVariant = {
  ...QWEN2,
  name: "Qwen3",
  defaults: { ...QWEN2.defaults, head_dim: 128 },
  qkvBias: false,
  headNorm: true,
};

/** Causal attention with rotary positions, whose keys and values are shared by several heads of queries. */
export class LlamaAttention extends HubModule {
  readonly heads: number;
  readonly sharedHeads: number;
  readonly window: number | null;
  readonly scale: number;
  readonly dropout: number;
  readonly qProj: Linear;
  readonly kProj: Linear;
  readonly vProj: Linear;
  readonly oProj: Linear;
  readonly qNorm: RMSNorm | null;
  readonly kNorm: RMSNorm | null;

  constructor(config: LlamaConfig, variant: LlamaVariant, layer: number, scale: number, options: ModelOptions) {
    super();
    const { hidden_size: width, num_attention_heads: heads } = config;
    const shared = config.num_key_value_heads ?? heads;
    headSize(`${variant.name}: heads of keys and values`, heads, shared);
    const size = config.head_dim ?? headSize(variant.name, width, heads);
    const bias = variant.qkvBias || config.attention_bias;
    this.heads = heads;
    this.sharedHeads = shared;
    this.window = variant.slides(config as LlamaConfig & Record<string, unknown>, layer) ? config.sliding_window : null;
    this.scale = scale;
    this.dropout = config.attention_dropout;
    this.qProj = new Linear(width, heads * size, { ...options, bias });
    this.kProj = new Linear(width, shared * size, { ...options, bias });
    this.vProj = new Linear(width, shared * size, { ...options, bias });
    this.oProj = new Linear(heads * size, width, { ...options, bias: config.attention_bias });
    const norm = (): RMSNorm | null =>
      variant.headNorm ? new RMSNorm(size, { eps: config.rms_norm_eps, ...placement(options) }) : null;
    this.qNorm = norm();
    this.kNorm = norm();
  }

  forward(x: Tensor, rotary: RotaryPositions, masks: LlamaMasks, cache: KeyValueCache | null): Tensor {
    const offset = cache?.length ?? 0;
    const normed = (x: Tensor, norm: RMSNorm | null): Tensor => norm?.forward(x) ?? x;
    const query = rotary.forward(normed(splitHeads(this.qProj.forward(x), this.heads), this.qNorm), { offset });
    const ownKeys = rotary.forward(normed(splitHeads(this.kProj.forward(x), this.sharedHeads), this.kNorm), { offset });
    const ownValues = splitHeads(this.vProj.forward(x), this.sharedHeads);
    const [key, value] = cache?.append(ownKeys, ownValues) ?? [ownKeys, ownValues];
    const attended = F.scaledDotProductAttention(query, key, value, {
      attnMask: masks.within(this.window),
      isCausal: true,
      causalOffset: offset,
      enableGqa: true,
      scale: this.scale,
      dropoutP: this.training ? this.dropout : 0,
    });
    return this.oProj.forward(joinHeads(attended));
  }
}

/** The gated feed-forward network of a layer of Llama. */
export class LlamaMLP extends HubModule {
  readonly gateProj: Linear;
  readonly upProj: Linear;
  readonly downProj: Linear;
  readonly act: (x: Tensor) => Tensor;

  constructor(config: LlamaConfig, options: ModelOptions) {
    super();
    const each = { ...options, bias: config.mlp_bias };
    this.gateProj = new Linear(config.hidden_size, config.intermediate_size, each);
    this.upProj = new Linear(config.hidden_size, config.intermediate_size, each);
    this.downProj = new Linear(config.intermediate_size, config.hidden_size, each);
    this.act = activation("Llama", config.hidden_act);
  }

  forward(x: Tensor): Tensor {
    return this.downProj.forward(this.act(this.gateProj.forward(x)).mul(this.upProj.forward(x)));
  }
}

/** A layer of Llama, with norms before attention and feed-forward network. */
export class LlamaDecoderLayer extends HubModule {
  readonly selfAttn: LlamaAttention;
  readonly mlp: LlamaMLP;
  readonly inputLayernorm: RMSNorm;
  readonly postAttentionLayernorm: RMSNorm;

  constructor(config: LlamaConfig, variant: LlamaVariant, layer: number, scale: number, options: ModelOptions) {
    super();
    const norm = { eps: config.rms_norm_eps, ...placement(options) };
    this.selfAttn = new LlamaAttention(config, variant, layer, scale, options);
    this.mlp = new LlamaMLP(config, options);
    this.inputLayernorm = new RMSNorm(config.hidden_size, norm);
    this.postAttentionLayernorm = new RMSNorm(config.hidden_size, norm);
  }

  forward(x: Tensor, rotary: RotaryPositions, masks: LlamaMasks, cache: KeyValueCache | null): Tensor {
    x = x.add(this.selfAttn.forward(this.inputLayernorm.forward(x), rotary, masks, cache));
    return x.add(this.mlp.forward(this.postAttentionLayernorm.forward(x)));
  }
}

/** The masks of one call: of padding, and of windows as they are asked for. */
export class LlamaMasks {
  private readonly padding: Tensor | null;
  private readonly queries: number;
  private readonly keys: number;
  private readonly ids: Tensor;
  private made: { readonly window: number; readonly mask: Tensor } | null = null;

  constructor(padding: Tensor | null, ids: Tensor, past: number) {
    this.padding = padding;
    this.ids = ids;
    this.queries = ids.shape[1]!;
    this.keys = past + this.queries;
  }

  /** Keys that are no padding, and lie less than `window` before the query. */
  within(window: number | null): Tensor | null {
    if (window === null || this.keys <= window) return this.padding;
    if (this.made?.window !== window) {
      const { queries, keys, ids: { device } } = this;
      const first = arange(keys - queries, keys, 1, { dtype: "int32", device }).unsqueeze(1).sub(window - 1);
      const near = arange(0, keys, 1, { dtype: "int32", device }).ge(first);
      this.made = { window, mask: this.padding === null ? near : this.padding.logicalAnd(near) };
    }
    return this.made.mask;
  }
}

/** The layers of Llama without the output layer: token ids `[B, T]` → features `[B, T, hidden_size]`. */
export class LlamaModel extends HubModule {
  readonly config: LlamaConfig;
  readonly embedTokens: Embedding;
  readonly layers: ModuleList<LlamaDecoderLayer>;
  readonly norm: RMSNorm;
  readonly rotary: RotaryPositions;

  constructor(given: Partial<LlamaConfig> = {}, options: ModelOptions = {}, variant: LlamaVariant = LLAMA) {
    super();
    const config = readConfig(variant.name, given, variant.defaults, {
      counts: [
        "vocab_size",
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "num_attention_heads",
        "num_key_value_heads",
        "head_dim",
        "max_position_embeddings",
        "sliding_window",
      ],
    });
    this.config = config;
    const size = config.head_dim ?? headSize(variant.name, config.hidden_size, config.num_attention_heads);
    const { frequencies, factor } = scaleRope(variant.name, size, config);
    this.rotary = new RotaryPositions(size, { frequencies, layout: "halves" });
    this.embedTokens = new Embedding(config.vocab_size, config.hidden_size, options);
    // Queries and keys are both multiplied by the factor.
    const scale = factor ** 2 / Math.sqrt(size);
    this.layers = new ModuleList(
      Array.from(
        { length: config.num_hidden_layers },
        (_, i) => new LlamaDecoderLayer(config, variant, i, scale, options),
      ),
    );
    this.norm = new RMSNorm(config.hidden_size, { eps: config.rms_norm_eps, ...placement(options) });
    drawInitial(this, () => config.initializer_range, options.generator);
  }

  /** See {@link LlamaForCausalLM.forward}. */
  forward(ids: Tensor, { attentionMask, caches }: CausalOptions = {}): Tensor {
    checkIds(this.constructor.name, ids);
    const past = caches?.length ?? 0;
    const [batch, length] = ids.shape as [number, number];
    const masks = new LlamaMasks(keyMask("Llama", attentionMask, batch, past + length), ids, past);
    let x = this.embedTokens.forward(ids);
    [...this.layers].forEach((layer, i) => x = layer.forward(x, this.rotary, masks, caches?.layers[i] ?? null));
    return this.norm.forward(x);
  }
}

/**
 * A Llama-style decoder: RMSNorm before each layer, rotary positions, grouped-query attention, SwiGLU. Hugging Face: `LlamaForCausalLM`,
 * with its names in state dicts. Scores depend on distances between positions alone, so `positionIds` are not needed and ignored.
 *
 * @example
 * ```ts
 * import { LlamaForCausalLM } from "@heddle/models";
 * import { tensor } from "@heddle/tensor";
 * const sizes = { hidden_size: 16, intermediate_size: 32, num_hidden_layers: 2, num_attention_heads: 4 };
 * const model = new LlamaForCausalLM({ vocab_size: 50, ...sizes, num_key_value_heads: 2 });
 * model.forward(tensor([[1, 2, 3]], { dtype: "int32" })).shape; // [1, 3, 50]
 * ```
 */
export class LlamaForCausalLM extends CausalLanguageModel {
  readonly config: LlamaConfig;
  readonly model: LlamaModel;
  readonly lmHead: OutputLayer;

  /** @throws TypeError or RangeError for a configuration that cannot be. */
  constructor(config: Partial<LlamaConfig> = {}, options: ModelOptions = {}, variant: LlamaVariant = LLAMA) {
    super();
    this.model = new LlamaModel(config, options, variant);
    this.config = this.model.config;
    this.lmHead = new OutputLayer(this.model.embedTokens, this.config, options);
  }

  /**
   * Token ids `[B, T]` → logits of the next token at each position, `[B, T, vocab_size]`.
   *
   * @throws RangeError for masks of another shape.
   */
  forward(ids: Tensor, options: CausalOptions = {}): Tensor {
    return this.lmHead.forward(this.model.forward(ids, options));
  }

  override get maxPositions(): number {
    return Infinity;
  }

  protected override get layerCount(): number {
    return this.config.num_hidden_layers;
  }
}

/** {@link LlamaForCausalLM} with a sliding window. Hugging Face: `MistralForCausalLM`. */
export class MistralForCausalLM extends LlamaForCausalLM {
  constructor(config: Partial<LlamaConfig> = {}, options: ModelOptions = {}) {
    super(config, options, MISTRAL);
  }
}

/** {@link LlamaForCausalLM} with biases of queries, keys and values. Hugging Face: `Qwen2ForCausalLM`. */
export class Qwen2ForCausalLM extends LlamaForCausalLM {
  constructor(config: Partial<LlamaConfig> = {}, options: ModelOptions = {}) {
    super(config, options, QWEN2);
  }
}

/** {@link LlamaForCausalLM} with normalised queries and keys. Hugging Face: `Qwen3ForCausalLM`. */
export class Qwen3ForCausalLM extends LlamaForCausalLM {
  constructor(config: Partial<LlamaConfig> = {}, options: ModelOptions = {}) {
    super(config, options, QWEN3);
  }
}
