/** BERT (Devlin et al., 2019) and RoBERTa (Liu et al., 2019), which differ in their positions and heads. */
import { Dropout, Embedding, functional as F, LayerNorm, Linear, ModuleList, Parameter } from "@heddle/nn";
import { arange, type Tensor, zeros, zerosLike } from "@heddle/tensor";
import { activation } from "./activations.ts";
import { headSize, readConfig } from "./config.ts";
import { checkIds, joinHeads, keyMask, splitHeads } from "./heads.ts";
import { drawInitial, HubModule, type ModelOptions, placement } from "./hub_module.ts";
import { type LabelConfig, labelCount } from "./labels.ts";
import { OutputLayer } from "./output_layer.ts";

/** The keys of `config.json` of BERT and RoBERTa. */
export interface BertConfig extends LabelConfig {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly hidden_act: string;
  readonly hidden_dropout_prob: number;
  readonly attention_probs_dropout_prob: number;
  readonly max_position_embeddings: number;
  readonly type_vocab_size: number;
  readonly initializer_range: number;
  readonly layer_norm_eps: number;
  readonly pad_token_id: number | null;
  readonly classifier_dropout: number | null;
  readonly tie_word_embeddings: boolean;
}

const DEFAULTS: BertConfig = {
  vocab_size: 30522,
  hidden_size: 768,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  intermediate_size: 3072,
  hidden_act: "gelu",
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  initializer_range: 0.02,
  layer_norm_eps: 1e-12,
  pad_token_id: 0,
  classifier_dropout: null,
  tie_word_embeddings: true,
};

const ROBERTA_DEFAULTS: BertConfig = {
  ...DEFAULTS,
  vocab_size: 50265,
  max_position_embeddings: 514,
  type_vocab_size: 1,
  layer_norm_eps: 1e-5,
  pad_token_id: 1,
};

/** What distinguishes the two. */
export interface BertVariant {
  readonly name: string;
  readonly defaults: BertConfig;
  /** Whether positions are counted from pad_token_id + 1 on, tokens of padding left out. */
  readonly countsTokens: boolean;
}

const BERT: BertVariant = { name: "Bert", defaults: DEFAULTS, countsTokens: false };
const ROBERTA: BertVariant = { name: "Roberta", defaults: ROBERTA_DEFAULTS, countsTokens: true };

/** Options of `forward` of the encoders. */
export interface EncoderOptions {
  /** `[batch, positions]`, true (or not 0) where a token is one, and false where it is padding. */
  readonly attentionMask?: Tensor | null;
  /** `[batch, positions]`, int32: the segment of each token; 0 by default. DistilBERT has none. */
  readonly tokenTypeIds?: Tensor | null;
}

/** What an encoder returns. */
export interface EncoderOutput {
  /** `[batch, positions, hidden_size]` */
  readonly lastHiddenState: Tensor;
  /** `[batch, hidden_size]`: the first token's features, projected; null for a model without pooler. */
  readonly poolerOutput: Tensor | null;
}

/** The sum of the embeddings of words, positions and segments, normalised. */
export class BertEmbeddings extends HubModule {
  readonly wordEmbeddings: Embedding;
  readonly positionEmbeddings: Embedding;
  readonly tokenTypeEmbeddings: Embedding;
  readonly LayerNorm: LayerNorm;
  readonly dropout: Dropout;
  readonly variant: BertVariant;
  readonly paddingIdx: number;

  constructor(config: BertConfig, variant: BertVariant, options: ModelOptions) {
    super();
    const { hidden_size: width, pad_token_id: paddingIdx } = config;
    this.wordEmbeddings = new Embedding(config.vocab_size, width, { ...options, paddingIdx });
    this.positionEmbeddings = new Embedding(config.max_position_embeddings, width, options);
    this.tokenTypeEmbeddings = new Embedding(config.type_vocab_size, width, options);
    this.LayerNorm = new LayerNorm(width, { eps: config.layer_norm_eps, ...placement(options) });
    this.dropout = new Dropout(config.hidden_dropout_prob);
    this.variant = variant;
    this.paddingIdx = paddingIdx ?? 0;
  }

  forward(ids: Tensor, tokenTypeIds: Tensor | null): Tensor {
    const [length, most] = [ids.shape[1]!, this.positionEmbeddings.numEmbeddings];
    const room = this.variant.countsTokens ? most - this.paddingIdx - 1 : most;
    if (length > room) {
      throw new RangeError(
        `${this.variant.name}: ${length} positions, but the model has ${room}; shorten the sequence`,
      );
    }
    const x = this.wordEmbeddings.forward(ids)
      .add(this.tokenTypeEmbeddings.forward(tokenTypeIds ?? zerosLike(ids)))
      .add(this.positionEmbeddings.forward(this.positions(ids)));
    return this.dropout.forward(this.LayerNorm.forward(x));
  }

  private positions(ids: Tensor): Tensor {
    if (!this.variant.countsTokens) return arange(0, ids.shape[1]!, 1, { dtype: "int32", device: ids.device });
    const isToken = ids.ne(this.paddingIdx).to("int32");
    return isToken.cumsum(1).to("int32").mul(isToken).add(this.paddingIdx);
  }
}

/** Attention of BERT, without the projection of its output. */
export class BertSelfAttention extends HubModule {
  readonly heads: number;
  readonly dropoutP: number;
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;

  constructor(config: BertConfig, options: ModelOptions) {
    super();
    const { hidden_size: width, num_attention_heads: heads } = config;
    headSize("Bert", width, heads);
    this.heads = heads;
    this.dropoutP = config.attention_probs_dropout_prob;
    this.query = new Linear(width, width, options);
    this.key = new Linear(width, width, options);
    this.value = new Linear(width, width, options);
  }

  forward(x: Tensor, mask: Tensor | null): Tensor {
    const heads = (layer: Linear): Tensor => splitHeads(layer.forward(x), this.heads);
    return joinHeads(F.scaledDotProductAttention(heads(this.query), heads(this.key), heads(this.value), {
      attnMask: mask,
      dropoutP: this.training ? this.dropoutP : 0,
    }));
  }
}

/** A projection that is added to the layer's input, and normalised. */
export class BertOutput extends HubModule {
  readonly dense: Linear;
  readonly LayerNorm: LayerNorm;
  readonly dropout: Dropout;

  constructor(config: BertConfig, inFeatures: number, options: ModelOptions) {
    super();
    this.dense = new Linear(inFeatures, config.hidden_size, options);
    this.LayerNorm = new LayerNorm(config.hidden_size, { eps: config.layer_norm_eps, ...placement(options) });
    this.dropout = new Dropout(config.hidden_dropout_prob);
  }

  forward(x: Tensor, input: Tensor): Tensor {
    return this.LayerNorm.forward(this.dropout.forward(this.dense.forward(x)).add(input));
  }
}

/** Attention of BERT, added to its input and normalised. */
export class BertAttention extends HubModule {
  readonly self: BertSelfAttention;
  readonly output: BertOutput;

  constructor(config: BertConfig, options: ModelOptions) {
    super();
    this.self = new BertSelfAttention(config, options);
    this.output = new BertOutput(config, config.hidden_size, options);
  }

  forward(x: Tensor, mask: Tensor | null): Tensor {
    return this.output.forward(this.self.forward(x, mask), x);
  }
}

/** The first half of the feed-forward network. */
export class BertIntermediate extends HubModule {
  readonly dense: Linear;
  readonly act: (x: Tensor) => Tensor;

  constructor(config: BertConfig, options: ModelOptions) {
    super();
    this.dense = new Linear(config.hidden_size, config.intermediate_size, options);
    this.act = activation("Bert", config.hidden_act);
  }

  forward(x: Tensor): Tensor {
    return this.act(this.dense.forward(x));
  }
}

/** A layer of BERT, with norms after attention and feed-forward network. */
export class BertLayer extends HubModule {
  readonly attention: BertAttention;
  readonly intermediate: BertIntermediate;
  readonly output: BertOutput;

  constructor(config: BertConfig, options: ModelOptions) {
    super();
    this.attention = new BertAttention(config, options);
    this.intermediate = new BertIntermediate(config, options);
    this.output = new BertOutput(config, config.intermediate_size, options);
  }

  forward(x: Tensor, mask: Tensor | null): Tensor {
    const attended = this.attention.forward(x, mask);
    return this.output.forward(this.intermediate.forward(attended), attended);
  }
}

/** The layers of BERT. */
export class BertEncoder extends HubModule {
  readonly layer: ModuleList<BertLayer>;

  constructor(config: BertConfig, options: ModelOptions) {
    super();
    this.layer = new ModuleList(Array.from({ length: config.num_hidden_layers }, () => new BertLayer(config, options)));
  }

  forward(x: Tensor, mask: Tensor | null): Tensor {
    for (const layer of this.layer) x = layer.forward(x, mask);
    return x;
  }
}

/** The projection of the first token's features. */
export class BertPooler extends HubModule {
  readonly dense: Linear;

  constructor(config: BertConfig, options: ModelOptions) {
    super();
    this.dense = new Linear(config.hidden_size, config.hidden_size, options);
  }

  forward(x: Tensor): Tensor {
    return this.dense.forward(x.select(1, 0)).tanh();
  }
}

/** Options of {@link BertModel}. */
export interface BertModelOptions extends ModelOptions {
  /** Whether the first token's features are projected for a sentence's; true by default. */
  readonly addPoolingLayer?: boolean;
}

/**
 * The encoder of BERT. Hugging Face: `BertModel`, with its names in state dicts.
 *
 * @example
 * ```ts
 * import { BertModel } from "@heddle/models";
 * import { tensor } from "@heddle/tensor";
 * const sizes = { hidden_size: 16, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 32 };
 * const model = new BertModel({ vocab_size: 50, ...sizes }).eval();
 * const ids = tensor([[5, 6, 7], [8, 9, 0]], { dtype: "int32" });
 * const { lastHiddenState, poolerOutput } = model.forward(ids, { attentionMask: ids.ne(0) });
 * lastHiddenState.shape; // [2, 3, 16]
 * poolerOutput!.shape; // [2, 16]
 * ```
 */
export class BertModel extends HubModule {
  readonly config: BertConfig;
  readonly embeddings: BertEmbeddings;
  readonly encoder: BertEncoder;
  readonly pooler: BertPooler | null;

  /** @throws TypeError or RangeError for a configuration that cannot be. */
  constructor(given: Partial<BertConfig> = {}, options: BertModelOptions = {}, variant: BertVariant = BERT) {
    super();
    const { addPoolingLayer = true, ...rest } = options;
    const config = readConfig(variant.name, given, variant.defaults, {
      counts: [
        "vocab_size",
        "hidden_size",
        "num_hidden_layers",
        "num_attention_heads",
        "intermediate_size",
        "max_position_embeddings",
        "type_vocab_size",
      ],
      only: { position_embedding_type: ["absolute"], is_decoder: [false], add_cross_attention: [false] },
    });
    this.config = config;
    this.embeddings = new BertEmbeddings(config, variant, rest);
    this.encoder = new BertEncoder(config, rest);
    this.pooler = addPoolingLayer ? new BertPooler(config, rest) : null;
    drawInitial(this, () => config.initializer_range, rest.generator);
  }

  /**
   * Token ids `[batch, positions]` → features.
   *
   * @throws RangeError for more positions than the model has, and for masks of another shape.
   */
  forward(ids: Tensor, { attentionMask, tokenTypeIds }: EncoderOptions = {}): EncoderOutput {
    const name = this.constructor.name;
    checkIds(name, ids);
    const mask = keyMask(name, attentionMask, ids.shape[0]!, ids.shape[1]!);
    const lastHiddenState = this.encoder.forward(this.embeddings.forward(ids, tokenTypeIds ?? null), mask);
    return { lastHiddenState, poolerOutput: this.pooler?.forward(lastHiddenState) ?? null };
  }
}

/** The encoder of RoBERTa. Hugging Face: `RobertaModel`. Padding is found by its token id. */
export class RobertaModel extends BertModel {
  constructor(config: Partial<BertConfig> = {}, options: BertModelOptions = {}) {
    super(config, options, ROBERTA);
  }
}

/** A dense layer with activation and norm before the scores of words. */
export class BertTransform extends HubModule {
  readonly dense: Linear;
  readonly LayerNorm: LayerNorm;
  readonly act: (x: Tensor) => Tensor;

  constructor(config: BertConfig, options: ModelOptions) {
    super();
    this.dense = new Linear(config.hidden_size, config.hidden_size, options);
    this.LayerNorm = new LayerNorm(config.hidden_size, { eps: config.layer_norm_eps, ...placement(options) });
    this.act = activation("Bert", config.hidden_act);
  }

  forward(x: Tensor): Tensor {
    return this.LayerNorm.forward(this.act(this.dense.forward(x)));
  }
}

/** The scores of words; the bias has two names, as in Hugging Face. */
export class BertPredictions extends HubModule {
  readonly bias: Parameter;
  readonly transform: BertTransform;
  readonly decoder: OutputLayer;

  constructor(words: Embedding, config: BertConfig, options: ModelOptions) {
    super();
    this.bias = new Parameter(zeros([config.vocab_size], placement(options)));
    this.transform = new BertTransform(config, options);
    this.decoder = new OutputLayer(words, config, options, this.bias);
    drawInitial(this.transform, () => config.initializer_range, options.generator);
  }

  forward(x: Tensor): Tensor {
    return this.decoder.forward(this.transform.forward(x));
  }
}

/** The heads of BERT's training, of which the one for masked words is here. */
export class BertHeads extends HubModule {
  readonly predictions: BertPredictions;

  constructor(words: Embedding, config: BertConfig, options: ModelOptions) {
    super();
    this.predictions = new BertPredictions(words, config, options);
  }
}

/** BERT that fills in masked words. Hugging Face: `BertForMaskedLM`. */
export class BertForMaskedLM extends HubModule {
  readonly config: BertConfig;
  readonly bert: BertModel;
  readonly cls: BertHeads;

  constructor(config: Partial<BertConfig> = {}, options: ModelOptions = {}) {
    super();
    this.bert = new BertModel(config, { ...options, addPoolingLayer: false });
    this.config = this.bert.config;
    this.cls = new BertHeads(this.bert.embeddings.wordEmbeddings, this.config, options);
  }

  /** Token ids `[batch, positions]` → logits of the word at each position, `[batch, positions, vocab_size]`. */
  forward(ids: Tensor, options: EncoderOptions = {}): Tensor {
    return this.cls.predictions.forward(this.bert.forward(ids, options).lastHiddenState);
  }
}

/** BERT that classifies texts. Hugging Face: `BertForSequenceClassification`. */
export class BertForSequenceClassification extends HubModule {
  readonly config: BertConfig;
  readonly bert: BertModel;
  readonly dropout: Dropout;
  readonly classifier: Linear;

  constructor(config: Partial<BertConfig> = {}, options: ModelOptions = {}) {
    super();
    this.bert = new BertModel(config, options);
    this.config = this.bert.config;
    this.dropout = new Dropout(this.config.classifier_dropout ?? this.config.hidden_dropout_prob);
    this.classifier = new Linear(this.config.hidden_size, labelCount("Bert", this.config), options);
    drawInitial(this.classifier, () => this.config.initializer_range, options.generator);
  }

  /** Token ids `[batch, positions]` → logits of the labels, `[batch, labels]`. */
  forward(ids: Tensor, options: EncoderOptions = {}): Tensor {
    return this.classifier.forward(this.dropout.forward(this.bert.forward(ids, options).poolerOutput!));
  }
}

/** The scores of words of RoBERTa; the bias has two names, as in Hugging Face. */
export class RobertaLMHead extends HubModule {
  readonly bias: Parameter;
  readonly dense: Linear;
  readonly layerNorm: LayerNorm;
  readonly decoder: OutputLayer;

  constructor(words: Embedding, config: BertConfig, options: ModelOptions) {
    super();
    this.bias = new Parameter(zeros([config.vocab_size], placement(options)));
    this.dense = new Linear(config.hidden_size, config.hidden_size, options);
    this.layerNorm = new LayerNorm(config.hidden_size, { eps: config.layer_norm_eps, ...placement(options) });
    this.decoder = new OutputLayer(words, config, options, this.bias);
    drawInitial(this.dense, () => config.initializer_range, options.generator);
  }

  forward(x: Tensor): Tensor {
    return this.decoder.forward(this.layerNorm.forward(F.gelu(this.dense.forward(x))));
  }
}

/** RoBERTa that fills in masked words. Hugging Face: `RobertaForMaskedLM`. */
export class RobertaForMaskedLM extends HubModule {
  readonly config: BertConfig;
  readonly roberta: RobertaModel;
  readonly lmHead: RobertaLMHead;

  constructor(config: Partial<BertConfig> = {}, options: ModelOptions = {}) {
    super();
    this.roberta = new RobertaModel(config, { ...options, addPoolingLayer: false });
    this.config = this.roberta.config;
    this.lmHead = new RobertaLMHead(this.roberta.embeddings.wordEmbeddings, this.config, options);
  }

  /** Token ids `[batch, positions]` → logits of the word at each position, `[batch, positions, vocab_size]`. */
  forward(ids: Tensor, options: EncoderOptions = {}): Tensor {
    return this.lmHead.forward(this.roberta.forward(ids, options).lastHiddenState);
  }
}

/** The scores of labels of RoBERTa, from the first token's features. */
export class RobertaClassificationHead extends HubModule {
  readonly dense: Linear;
  readonly dropout: Dropout;
  readonly outProj: Linear;

  constructor(config: BertConfig, options: ModelOptions) {
    super();
    this.dense = new Linear(config.hidden_size, config.hidden_size, options);
    this.dropout = new Dropout(config.classifier_dropout ?? config.hidden_dropout_prob);
    this.outProj = new Linear(config.hidden_size, labelCount("Roberta", config), options);
    drawInitial(this, () => config.initializer_range, options.generator);
  }

  forward(x: Tensor): Tensor {
    const first = this.dropout.forward(x.select(1, 0));
    return this.outProj.forward(this.dropout.forward(this.dense.forward(first).tanh()));
  }
}

/** RoBERTa that classifies texts. Hugging Face: `RobertaForSequenceClassification`. */
export class RobertaForSequenceClassification extends HubModule {
  readonly config: BertConfig;
  readonly roberta: RobertaModel;
  readonly classifier: RobertaClassificationHead;

  constructor(config: Partial<BertConfig> = {}, options: ModelOptions = {}) {
    super();
    this.roberta = new RobertaModel(config, { ...options, addPoolingLayer: false });
    this.config = this.roberta.config;
    this.classifier = new RobertaClassificationHead(this.config, options);
  }

  /** Token ids `[batch, positions]` → logits of the labels, `[batch, labels]`. */
  forward(ids: Tensor, options: EncoderOptions = {}): Tensor {
    return this.classifier.forward(this.roberta.forward(ids, options).lastHiddenState);
  }
}
