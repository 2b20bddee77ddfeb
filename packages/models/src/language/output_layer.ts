/** The layer that scores tokens, whose weight may be the table of embeddings. */
import { type Embedding, functional as F, init, Parameter } from "@heddle/nn";
import { empty, type Tensor } from "@heddle/tensor";
import { HubModule, type ModelOptions, placement } from "./hub_module.ts";

/** Options of an {@link OutputLayer} as configurations have them. */
export interface OutputConfig {
  readonly tie_word_embeddings: boolean;
  readonly initializer_range: number;
}

/** Features `[…, d]` → logits `[…, vocabulary]`. A tied weight is the embeddings' parameter itself (Press and Wolf 2017). */
export class OutputLayer extends HubModule {
  /** `[vocabulary, d]` */
  readonly weight: Parameter;
  /** `[vocabulary]` */
  readonly bias: Parameter | null;

  constructor(embeddings: Embedding, config: OutputConfig, options: ModelOptions, bias: Parameter | null = null) {
    super();
    const { tie_word_embeddings: tied, initializer_range: range } = config;
    this.weight = tied ? embeddings.weight : new Parameter(empty(embeddings.weight.shape, placement(options)));
    if (!tied) init.normal_(this.weight, 0, range, { generator: options.generator });
    this.bias = bias;
  }

  forward(x: Tensor): Tensor {
    return F.linear(x, this.weight, this.bias);
  }
}
