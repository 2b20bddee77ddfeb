/** GPT-2: Radford et al., "Language models are unsupervised multitask learners" (2019). */
import { Dropout, Embedding, functional as F, type KeyValueCache, LayerNorm, ModuleList, Parameter } from "@heddle/nn";
import { arange, empty, type Tensor } from "@heddle/tensor";
import { activation } from "./activations.ts";
import { CausalLanguageModel, type CausalOptions } from "./causal_language_model.ts";
import { headSize, readConfig } from "./config.ts";
import { checkIds, joinHeads, keyMask } from "./heads.ts";
import { OutputLayer } from "./output_layer.ts";
import { drawInitial, HubModule, type ModelOptions, placement } from "./hub_module.ts";

/** The keys of `config.json` of GPT-2. */
export interface GPT2Config {
  readonly vocab_size: number;
  /** The longest sequence. */
  readonly n_positions: number;
  readonly n_embd: number;
  readonly n_layer: number;
  readonly n_head: number;
  /** Features inside the feed-forward networks; null for 4 · n_embd. */
  readonly n_inner: number | null;
  readonly activation_function: string;
  readonly resid_pdrop: number;
  readonly embd_pdrop: number;
  readonly attn_pdrop: number;
  readonly layer_norm_epsilon: number;
  readonly initializer_range: number;
  readonly scale_attn_weights: boolean;
  /** Whether the scores of layer i are divided by i + 1 too. */
  readonly scale_attn_by_inverse_layer_idx: boolean;
  /** Whether the output layer is the table of embeddings. */
  readonly tie_word_embeddings: boolean;
}

const DEFAULTS: GPT2Config = {
  vocab_size: 50257,
  n_positions: 1024,
  n_embd: 768,
  n_layer: 12,
  n_head: 12,
  n_inner: null,
  activation_function: "gelu_new",
  resid_pdrop: 0.1,
  embd_pdrop: 0.1,
  attn_pdrop: 0.1,
  layer_norm_epsilon: 1e-5,
  initializer_range: 0.02,
  scale_attn_weights: true,
  scale_attn_by_inverse_layer_idx: false,
  tie_word_embeddings: true,
};

/** A linear layer whose weight is stored `[in, out]`, as GPT-2's are. */
export class Conv1D extends HubModule {
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor(inFeatures: number, outFeatures: number, options: ModelOptions) {
    super();
    this.weight = new Parameter(empty([inFeatures, outFeatures], placement(options)));
    this.bias = new Parameter(empty([outFeatures], placement(options)));
  }

  forward(x: Tensor): Tensor {
    return F.linear(x, this.weight.transpose(0, 1), this.bias);
  }
}

/** Causal attention of GPT-2, whose queries, keys and values have one projection. */
export class GPT2Attention extends HubModule {
  readonly heads: number;
  readonly scale: number;
  readonly attnPdrop: number;
  readonly cAttn: Conv1D;
  readonly cProj: Conv1D;
  readonly residDropout: Dropout;

  constructor(config: GPT2Config, layer: number, options: ModelOptions) {
    super();
    const { n_embd: width, n_head: heads } = config;
    const size = headSize("GPT2", width, heads);
    this.heads = heads;
    this.scale = (config.scale_attn_weights ? 1 / Math.sqrt(size) : 1) /
      (config.scale_attn_by_inverse_layer_idx ? layer + 1 : 1);
    this.attnPdrop = config.attn_pdrop;
    this.cAttn = new Conv1D(width, 3 * width, options);
    this.cProj = new Conv1D(width, width, options);
    this.residDropout = new Dropout(config.resid_pdrop);
  }

  forward(x: Tensor, mask: Tensor | null, cache: KeyValueCache | null): Tensor {
    const parts = this.cAttn.forward(x).unflatten(-1, [3 * this.heads, x.shape[2]! / this.heads]).transpose(1, 2);
    const [query, ownKeys, ownValues] = [0, 1, 2].map((i) => parts.narrow(1, i * this.heads, this.heads)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const causalOffset = cache?.length ?? 0;
    const [key, value] = cache?.append(ownKeys, ownValues) ?? [ownKeys, ownValues];
    const attended = F.scaledDotProductAttention(query, key, value, {
      attnMask: mask,
      isCausal: true,
      causalOffset,
      scale: this.scale,
      dropoutP: this.training ? this.attnPdrop : 0,
    });
    return this.residDropout.forward(this.cProj.forward(joinHeads(attended)));
  }
}

/** The feed-forward network of a layer of GPT-2. */
export class GPT2MLP extends HubModule {
  readonly cFc: Conv1D;
  readonly cProj: Conv1D;
  readonly dropout: Dropout;
  readonly act: (x: Tensor) => Tensor;

  constructor(config: GPT2Config, options: ModelOptions) {
    super();
    const inner = config.n_inner ?? 4 * config.n_embd;
    this.cFc = new Conv1D(config.n_embd, inner, options);
    this.cProj = new Conv1D(inner, config.n_embd, options);
    this.dropout = new Dropout(config.resid_pdrop);
    this.act = activation("GPT2", config.activation_function);
  }

  forward(x: Tensor): Tensor {
    return this.dropout.forward(this.cProj.forward(this.act(this.cFc.forward(x))));
  }
}

/** A layer of GPT-2, with norms before attention and feed-forward network. */
export class GPT2Block extends HubModule {
  readonly ln1: LayerNorm;
  readonly attn: GPT2Attention;
  readonly ln2: LayerNorm;
  readonly mlp: GPT2MLP;

  constructor(config: GPT2Config, layer: number, options: ModelOptions) {
    super();
    const norm = { eps: config.layer_norm_epsilon, ...placement(options) };
    this.ln1 = new LayerNorm(config.n_embd, norm);
    this.attn = new GPT2Attention(config, layer, options);
    this.ln2 = new LayerNorm(config.n_embd, norm);
    this.mlp = new GPT2MLP(config, options);
  }

  forward(x: Tensor, mask: Tensor | null, cache: KeyValueCache | null): Tensor {
    x = x.add(this.attn.forward(this.ln1.forward(x), mask, cache));
    return x.add(this.mlp.forward(this.ln2.forward(x)));
  }
}

/** The layers of GPT-2 without the output layer: token ids `[B, T]` → features `[B, T, n_embd]`. */
export class GPT2Model extends HubModule {
  readonly config: GPT2Config;
  readonly wte: Embedding;
  readonly wpe: Embedding;
  readonly drop: Dropout;
  readonly h: ModuleList<GPT2Block>;
  readonly lnF: LayerNorm;

  constructor(given: Partial<GPT2Config> = {}, options: ModelOptions = {}) {
    super();
    const config = readConfig("GPT2", given, DEFAULTS, {
      counts: ["vocab_size", "n_positions", "n_embd", "n_layer", "n_head", "n_inner"],
      only: { add_cross_attention: [false], is_encoder_decoder: [false] },
    });
    this.config = config;
    this.wte = new Embedding(config.vocab_size, config.n_embd, options);
    this.wpe = new Embedding(config.n_positions, config.n_embd, options);
    this.drop = new Dropout(config.embd_pdrop);
    this.h = new ModuleList(Array.from({ length: config.n_layer }, (_, i) => new GPT2Block(config, i, options)));
    this.lnF = new LayerNorm(config.n_embd, { eps: config.layer_norm_epsilon, ...placement(options) });
    // Layers that add to the residual stream start smaller, so that its size does not grow with their number (section 2.3).
    drawInitial(
      this,
      (name) => config.initializer_range / (/c_proj/.test(name) ? Math.sqrt(2 * config.n_layer) : 1),
      options.generator,
    );
  }

  /** See {@link GPT2LMHeadModel.forward}. */
  forward(ids: Tensor, { attentionMask, positionIds, caches }: CausalOptions = {}): Tensor {
    checkIds("GPT2", ids);
    const [batch, length] = ids.shape as [number, number];
    const past = caches?.length ?? 0;
    if (past + length > this.config.n_positions) {
      throw new RangeError(
        `GPT2: ${past + length} positions, but the model has ${this.config.n_positions}; shorten the sequence`,
      );
    }
    const mask = keyMask("GPT2", attentionMask, batch, past + length);
    const positions = positionIds ?? arange(past, past + length, 1, { dtype: "int32", device: ids.device });
    let x = this.drop.forward(this.wte.forward(ids).add(this.wpe.forward(positions)));
    [...this.h].forEach((block, i) => x = block.forward(x, mask, caches?.layers[i] ?? null));
    return this.lnF.forward(x);
  }
}

/**
 * GPT-2 with its output layer, which is the table of embeddings. Hugging Face: `GPT2LMHeadModel`, with its names in state dicts.
 *
 * @example
 * ```ts
 * import { GPT2LMHeadModel } from "@heddle/models";
 * import { tensor } from "@heddle/tensor";
 * const model = new GPT2LMHeadModel({ vocab_size: 50, n_positions: 16, n_embd: 8, n_layer: 2, n_head: 2 }).eval();
 * model.forward(tensor([[1, 2, 3]], { dtype: "int32" })).shape; // [1, 3, 50]
 * const { tokens } = await model.generate([[1, 2, 3]], { maxNewTokens: 4 });
 * tokens[0]!.length; // 4
 * ```
 */
export class GPT2LMHeadModel extends CausalLanguageModel {
  readonly config: GPT2Config;
  readonly transformer: GPT2Model;
  readonly lmHead: OutputLayer;

  /** @throws TypeError or RangeError for a configuration that cannot be. */
  constructor(config: Partial<GPT2Config> = {}, options: ModelOptions = {}) {
    super();
    this.transformer = new GPT2Model(config, options);
    this.config = this.transformer.config;
    this.lmHead = new OutputLayer(this.transformer.wte, this.config, options);
  }

  /**
   * Token ids `[B, T]` → logits of the next token at each position, `[B, T, vocab_size]`.
   *
   * @throws RangeError for more positions than the model has, and for masks of another shape.
   */
  forward(ids: Tensor, options: CausalOptions = {}): Tensor {
    return this.lmHead.forward(this.transformer.forward(ids, options));
  }

  override get maxPositions(): number {
    return this.config.n_positions;
  }

  protected override get layerCount(): number {
    return this.config.n_layer;
  }
}
