/** DistilBERT: Sanh et al., "DistilBERT, a distilled version of BERT" (2019). */
import { Dropout, Embedding, functional as F, LayerNorm, Linear, ModuleList, Parameter } from "@heddle/nn";
import { arange, type Tensor, zeros } from "@heddle/tensor";
import { activation } from "./activations.ts";
import type { EncoderOptions, EncoderOutput } from "./bert.ts";
import { headSize, readConfig } from "./config.ts";
import { checkIds, joinHeads, keyMask, splitHeads } from "./heads.ts";
import { drawInitial, HubModule, type ModelOptions, placement } from "./hub_module.ts";
import { type LabelConfig, labelCount } from "./labels.ts";
import { OutputLayer } from "./output_layer.ts";

/** The keys of `config.json` of DistilBERT. */
export interface DistilBertConfig extends LabelConfig {
  readonly vocab_size: number;
  readonly max_position_embeddings: number;
  readonly n_layers: number;
  readonly n_heads: number;
  readonly dim: number;
  readonly hidden_dim: number;
  readonly dropout: number;
  readonly attention_dropout: number;
  readonly activation: string;
  readonly initializer_range: number;
  readonly seq_classif_dropout: number;
  readonly pad_token_id: number | null;
  readonly tie_word_embeddings: boolean;
}

const DEFAULTS: DistilBertConfig = {
  vocab_size: 30522,
  max_position_embeddings: 512,
  n_layers: 6,
  n_heads: 12,
  dim: 768,
  hidden_dim: 3072,
  dropout: 0.1,
  attention_dropout: 0.1,
  activation: "gelu",
  initializer_range: 0.02,
  seq_classif_dropout: 0.2,
  pad_token_id: 0,
  tie_word_embeddings: true,
};

const norm = ({ dim }: DistilBertConfig, options: ModelOptions): LayerNorm =>
  new LayerNorm(dim, { eps: 1e-12, ...placement(options) });

/** The sum of the embeddings of words and positions, normalised. */
export class DistilBertEmbeddings extends HubModule {
  readonly wordEmbeddings: Embedding;
  readonly positionEmbeddings: Embedding;
  readonly LayerNorm: LayerNorm;
  readonly dropout: Dropout;

  constructor(config: DistilBertConfig, options: ModelOptions) {
    super();
    this.wordEmbeddings = new Embedding(config.vocab_size, config.dim, { ...options, paddingIdx: config.pad_token_id });
    this.positionEmbeddings = new Embedding(config.max_position_embeddings, config.dim, options);
    this.LayerNorm = norm(config, options);
    this.dropout = new Dropout(config.dropout);
  }

  forward(ids: Tensor): Tensor {
    const [length, most] = [ids.shape[1]!, this.positionEmbeddings.numEmbeddings];
    if (length > most) {
      throw new RangeError(`DistilBert: ${length} positions, but the model has ${most}; shorten the sequence`);
    }
    const positions = arange(0, length, 1, { dtype: "int32", device: ids.device });
    const x = this.wordEmbeddings.forward(ids).add(this.positionEmbeddings.forward(positions));
    return this.dropout.forward(this.LayerNorm.forward(x));
  }
}

/** Attention of DistilBERT. */
export class DistilBertAttention extends HubModule {
  readonly heads: number;
  readonly dropoutP: number;
  readonly qLin: Linear;
  readonly kLin: Linear;
  readonly vLin: Linear;
  readonly outLin: Linear;

  constructor(config: DistilBertConfig, options: ModelOptions) {
    super();
    const { dim } = config;
    headSize("DistilBert", dim, config.n_heads);
    this.heads = config.n_heads;
    this.dropoutP = config.attention_dropout;
    this.qLin = new Linear(dim, dim, options);
    this.kLin = new Linear(dim, dim, options);
    this.vLin = new Linear(dim, dim, options);
    this.outLin = new Linear(dim, dim, options);
  }

  forward(x: Tensor, mask: Tensor | null): Tensor {
    const heads = (layer: Linear): Tensor => splitHeads(layer.forward(x), this.heads);
    const attended = F.scaledDotProductAttention(heads(this.qLin), heads(this.kLin), heads(this.vLin), {
      attnMask: mask,
      dropoutP: this.training ? this.dropoutP : 0,
    });
    return this.outLin.forward(joinHeads(attended));
  }
}

/** The feed-forward network of a layer of DistilBERT. */
export class DistilBertFeedForward extends HubModule {
  readonly dropout: Dropout;
  readonly lin1: Linear;
  readonly lin2: Linear;
  readonly act: (x: Tensor) => Tensor;

  constructor(config: DistilBertConfig, options: ModelOptions) {
    super();
    this.dropout = new Dropout(config.dropout);
    this.lin1 = new Linear(config.dim, config.hidden_dim, options);
    this.lin2 = new Linear(config.hidden_dim, config.dim, options);
    this.act = activation("DistilBert", config.activation);
  }

  forward(x: Tensor): Tensor {
    return this.dropout.forward(this.lin2.forward(this.act(this.lin1.forward(x))));
  }
}

/** A layer of DistilBERT, with norms after attention and feed-forward network. */
export class DistilBertBlock extends HubModule {
  readonly attention: DistilBertAttention;
  readonly saLayerNorm: LayerNorm;
  readonly ffn: DistilBertFeedForward;
  readonly outputLayerNorm: LayerNorm;

  constructor(config: DistilBertConfig, options: ModelOptions) {
    super();
    this.attention = new DistilBertAttention(config, options);
    this.saLayerNorm = norm(config, options);
    this.ffn = new DistilBertFeedForward(config, options);
    this.outputLayerNorm = norm(config, options);
  }

  forward(x: Tensor, mask: Tensor | null): Tensor {
    x = this.saLayerNorm.forward(this.attention.forward(x, mask).add(x));
    return this.outputLayerNorm.forward(this.ffn.forward(x).add(x));
  }
}

/** The layers of DistilBERT. */
export class DistilBertLayers extends HubModule {
  readonly layer: ModuleList<DistilBertBlock>;

  constructor(config: DistilBertConfig, options: ModelOptions) {
    super();
    this.layer = new ModuleList(Array.from({ length: config.n_layers }, () => new DistilBertBlock(config, options)));
  }
}

/**
 * The encoder of DistilBERT: BERT without segments and pooler. Hugging Face: `DistilBertModel`, with its names in state dicts.
 *
 * @example
 * ```ts
 * import { DistilBertModel } from "@heddle/models";
 * import { tensor } from "@heddle/tensor";
 * const model = new DistilBertModel({ vocab_size: 50, dim: 16, hidden_dim: 32, n_layers: 2, n_heads: 2 }).eval();
 * model.forward(tensor([[5, 6, 7]], { dtype: "int32" })).lastHiddenState.shape; // [1, 3, 16]
 * ```
 */
export class DistilBertModel extends HubModule {
  readonly config: DistilBertConfig;
  readonly embeddings: DistilBertEmbeddings;
  readonly transformer: DistilBertLayers;

  /** @throws TypeError or RangeError for a configuration that cannot be. */
  constructor(given: Partial<DistilBertConfig> = {}, options: ModelOptions = {}) {
    super();
    this.config = readConfig("DistilBert", given, DEFAULTS, {
      counts: ["vocab_size", "max_position_embeddings", "n_layers", "n_heads", "dim", "hidden_dim"],
    });
    this.embeddings = new DistilBertEmbeddings(this.config, options);
    this.transformer = new DistilBertLayers(this.config, options);
    drawInitial(this, () => this.config.initializer_range, options.generator);
  }

  /**
   * Token ids `[batch, positions]` → features.
   *
   * @throws RangeError for more positions than the model has, and for masks of another shape.
   */
  forward(ids: Tensor, { attentionMask }: Pick<EncoderOptions, "attentionMask"> = {}): EncoderOutput {
    checkIds("DistilBert", ids);
    const mask = keyMask("DistilBert", attentionMask, ids.shape[0]!, ids.shape[1]!);
    let x = this.embeddings.forward(ids);
    for (const block of this.transformer.layer) x = block.forward(x, mask);
    return { lastHiddenState: x, poolerOutput: null };
  }
}

/** DistilBERT that fills in masked words. Hugging Face: `DistilBertForMaskedLM`. */
export class DistilBertForMaskedLM extends HubModule {
  readonly config: DistilBertConfig;
  readonly distilbert: DistilBertModel;
  readonly vocabTransform: Linear;
  readonly vocabLayerNorm: LayerNorm;
  readonly vocabProjector: OutputLayer;
  readonly act: (x: Tensor) => Tensor;

  constructor(config: Partial<DistilBertConfig> = {}, options: ModelOptions = {}) {
    super();
    this.distilbert = new DistilBertModel(config, options);
    this.config = this.distilbert.config;
    this.act = activation("DistilBert", this.config.activation);
    this.vocabTransform = new Linear(this.config.dim, this.config.dim, options);
    this.vocabLayerNorm = norm(this.config, options);
    const bias = new Parameter(zeros([this.config.vocab_size], placement(options)));
    this.vocabProjector = new OutputLayer(this.distilbert.embeddings.wordEmbeddings, this.config, options, bias);
    drawInitial(this.vocabTransform, () => this.config.initializer_range, options.generator);
  }

  /** Token ids `[batch, positions]` → logits of the word at each position, `[batch, positions, vocab_size]`. */
  forward(ids: Tensor, options: Pick<EncoderOptions, "attentionMask"> = {}): Tensor {
    const { lastHiddenState } = this.distilbert.forward(ids, options);
    const x = this.vocabLayerNorm.forward(this.act(this.vocabTransform.forward(lastHiddenState)));
    return this.vocabProjector.forward(x);
  }
}

/** DistilBERT that classifies texts. Hugging Face: `DistilBertForSequenceClassification`. */
export class DistilBertForSequenceClassification extends HubModule {
  readonly config: DistilBertConfig;
  readonly distilbert: DistilBertModel;
  readonly preClassifier: Linear;
  readonly classifier: Linear;
  readonly dropout: Dropout;

  constructor(config: Partial<DistilBertConfig> = {}, options: ModelOptions = {}) {
    super();
    this.distilbert = new DistilBertModel(config, options);
    this.config = this.distilbert.config;
    this.preClassifier = new Linear(this.config.dim, this.config.dim, options);
    this.classifier = new Linear(this.config.dim, labelCount("DistilBert", this.config), options);
    this.dropout = new Dropout(this.config.seq_classif_dropout);
    for (const layer of [this.preClassifier, this.classifier]) {
      drawInitial(layer, () => this.config.initializer_range, options.generator);
    }
  }

  /** Token ids `[batch, positions]` → logits of the labels, `[batch, labels]`. */
  forward(ids: Tensor, options: Pick<EncoderOptions, "attentionMask"> = {}): Tensor {
    const first = this.distilbert.forward(ids, options).lastHiddenState.select(1, 0);
    return this.classifier.forward(this.dropout.forward(this.preClassifier.forward(first).relu()));
  }
}
