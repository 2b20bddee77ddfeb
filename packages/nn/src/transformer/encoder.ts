/** Layers that attend to their own input. */
import { type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { tidy } from "@heddle/tensor";
import { CacheStack, KeyValueCache } from "../attention/key_value_cache.ts";
import { MultiheadAttention } from "../attention/multihead_attention.ts";
import { ModuleList } from "../container.ts";
import { deepCopy } from "../deep_copy.ts";
import { Dropout } from "../dropout.ts";
import { Linear } from "../linear.ts";
import { type Layer, Module } from "../module.ts";
import { LayerNorm } from "../normalization.ts";
import { checkSize, mostLayers } from "../sizes.ts";
import { snakeCase } from "../state_dict.ts";
import { activated, type FeedForwardActivation } from "./activation.ts";
import { layerSettings, type TransformerLayerOptions } from "./layer_options.ts";

/** Options of {@link TransformerEncoderLayer.forward}. */
export interface EncoderLayerForwardOptions {
  /** `[positions, positions]` or one for each head: bool, true where a key is kept out, or numbers that are added to the scores. */
  readonly srcMask?: Tensor | null;
  /** `[batch, positions]`: bool, true where there is padding. */
  readonly srcKeyPaddingMask?: Tensor | null;
  /** Whether each position attends to itself and earlier ones only. */
  readonly isCausal?: boolean;
  /** The earlier positions, when a causal model decodes. */
  readonly cache?: KeyValueCache | null;
}

/**
 * Self-attention and a feed-forward network, each added to its input and normalised: Vaswani et al., "Attention is all you need" (2017);
 * with `normFirst` normalised first, as in Xiong et al., "On layer normalization in the transformer architecture" (2020). With `isCausal`
 * it is a layer of a GPT. PyTorch: `torch.nn.TransformerEncoderLayer`.
 *
 * @throws RangeError for sizes that do not fit, TypeError for an unknown activation.
 *
 * @example
 * ```ts
 * import { TransformerEncoderLayer } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * const layer = new TransformerEncoderLayer(16, 4, { dimFeedforward: 32, batchFirst: true, normFirst: true });
 * layer.forward(randn([2, 5, 16]), { isCausal: true }).shape; // [2, 5, 16]
 * ```
 */
export class TransformerEncoderLayer extends Module {
  readonly selfAttn: MultiheadAttention;
  readonly linear1: Linear;
  /** Dropout of hidden units. */
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  /** Dropout of the attention's output. */
  readonly dropout1: Dropout;
  /** Dropout of the feed-forward network's output. */
  readonly dropout2: Dropout;
  readonly activation: FeedForwardActivation;
  readonly normFirst: boolean;

  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    const { attention, rotary, product, norm, dimFeedforward, dropout, generator, activation, normFirst } =
      layerSettings(
        "TransformerEncoderLayer",
        options,
      );
    super();
    this.selfAttn = new MultiheadAttention(dModel, nhead, { ...attention, rotary });
    this.linear1 = new Linear(dModel, dimFeedforward, product);
    this.dropout = new Dropout(dropout, { generator });
    this.linear2 = new Linear(dimFeedforward, dModel, product);
    this.norm1 = new LayerNorm(dModel, norm);
    this.norm2 = new LayerNorm(dModel, norm);
    this.dropout1 = new Dropout(dropout, { generator });
    this.dropout2 = new Dropout(dropout, { generator });
    this.activation = activation;
    this.normFirst = normFirst;
  }

  override stateKey(property: string): string {
    return snakeCase(property);
  }

  /** `[batch, positions, dModel]` (in PyTorch's order unless `batchFirst`, or without a batch) in the same shape. */
  forward(src: Tensor, options: EncoderLayerForwardOptions = {}): Tensor {
    checkOptions("TransformerEncoderLayer.forward", options, ["cache", "isCausal", "srcKeyPaddingMask", "srcMask"]);
    return tidy(() => {
      if (this.normFirst) {
        const x = src.add(this.attended(this.norm1.forward(src), options));
        return x.add(this.fed(this.norm2.forward(x)));
      }
      const x = this.norm1.forward(src.add(this.attended(src, options)));
      return this.norm2.forward(x.add(this.fed(x)));
    });
  }

  private attended(x: Tensor, options: EncoderLayerForwardOptions): Tensor {
    const { srcMask: attnMask = null, srcKeyPaddingMask: keyPaddingMask = null, isCausal = false, cache } = options;
    const [y] = this.selfAttn.forward(x, x, x, { attnMask, keyPaddingMask, isCausal, cache: cache ?? null });
    return this.dropout1.forward(y);
  }

  private fed(x: Tensor): Tensor {
    const hidden = this.dropout.forward(activated(this.linear1, x, this.activation));
    return this.dropout2.forward(this.linear2.forward(hidden));
  }

  override extraRepr(): string {
    return `normFirst=${this.normFirst}`;
  }
}

/** Copies of a layer, or layers from a function that is called for each. */
export function stackOf<L extends Module>(stack: string, layer: L | (() => L), numLayers: number): ModuleList<L> {
  checkSize(stack, "numLayers", numLayers, 1, mostLayers);
  return new ModuleList(Array.from({ length: numLayers }, () => layer instanceof Module ? deepCopy(layer) : layer()));
}

/** Options of {@link TransformerEncoder.forward}. */
export interface EncoderForwardOptions {
  /** As `srcMask` of the layers. */
  readonly mask?: Tensor | null;
  /** `[batch, positions]`: bool, true where there is padding. */
  readonly srcKeyPaddingMask?: Tensor | null;
  /** Whether each position attends to itself and earlier ones only. */
  readonly isCausal?: boolean;
  /** From {@link TransformerEncoder.newCache}: the earlier positions. */
  readonly cache?: CacheStack<KeyValueCache> | null;
}

/** The cache of each layer. @throws RangeError unless there is one for each layer. */
export function cachesFor<C extends { readonly layers: readonly unknown[] }>(
  stack: string,
  cache: C | null | undefined,
  layers: number,
): C | null {
  if (cache && cache.layers.length !== layers) {
    throw new RangeError(
      `${stack}: ${layers} layers, but caches for ${cache.layers.length}; make them with newCache(maxLength)`,
    );
  }
  return cache ?? null;
}

/**
 * `numLayers` copies of a layer, one after the other, and an optional norm. A function in place of the layer is called for each, so that
 * the layers do not all start from the same values, as they do in PyTorch. With `isCausal` it is a GPT without its embeddings. PyTorch:
 * `torch.nn.TransformerEncoder`.
 *
 * @example
 * ```ts
 * import { LayerNorm, TransformerEncoder, TransformerEncoderLayer } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * const layer = () => new TransformerEncoderLayer(16, 4, { dimFeedforward: 32, batchFirst: true, normFirst: true });
 * const encoder = new TransformerEncoder(layer, 2, { norm: new LayerNorm(16) });
 * encoder.forward(randn([2, 5, 16])).shape; // [2, 5, 16]
 * ```
 */
export class TransformerEncoder extends Module {
  readonly layers: ModuleList<TransformerEncoderLayer>;
  readonly norm: Layer | null;

  constructor(
    layer: TransformerEncoderLayer | (() => TransformerEncoderLayer),
    numLayers: number,
    options: { readonly norm?: Layer | null } = {},
  ) {
    checkOptions("TransformerEncoder", options, ["norm"]);
    super();
    this.layers = stackOf("TransformerEncoder", layer, numLayers);
    this.norm = options.norm ?? null;
  }

  /** As {@link TransformerEncoderLayer.forward}. */
  forward(src: Tensor, options: EncoderForwardOptions = {}): Tensor {
    checkOptions("TransformerEncoder.forward", options, ["cache", "isCausal", "mask", "srcKeyPaddingMask"]);
    const { mask = null, srcKeyPaddingMask = null, isCausal = false } = options;
    const cache = cachesFor("TransformerEncoder", options.cache, this.layers.length);
    let x = src;
    [...this.layers].forEach((layer, i) => {
      x = layer.forward(x, { srcMask: mask, srcKeyPaddingMask, isCausal, cache: cache?.layers[i] ?? null });
    });
    return this.norm?.forward(x) ?? x;
  }

  /** Caches for decoding sequences of up to `maxLength` positions. */
  newCache(maxLength: number): CacheStack<KeyValueCache> {
    return new CacheStack([...this.layers].map(() => new KeyValueCache(maxLength)));
  }
}
