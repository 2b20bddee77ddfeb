/** Layers that attend to their own input and to an encoder's output. */
import { type Tensor, tidy } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { CacheStack, DecoderLayerCache } from "../attention/key_value_cache.ts";
import { MultiheadAttention } from "../attention/multihead_attention.ts";
import type { ModuleList } from "../container.ts";
import { Dropout } from "../dropout.ts";
import { Linear } from "../linear.ts";
import { type Layer, Module } from "../module.ts";
import { LayerNorm } from "../normalization.ts";
import { snakeCase } from "../state_dict.ts";
import { activated, type FeedForwardActivation } from "./activation.ts";
import { cachesFor, stackOf } from "./encoder.ts";
import { layerSettings, type TransformerLayerOptions } from "./layer_options.ts";

const decoderLayerForwardOptions = [
  "cache",
  "memoryIsCausal",
  "memoryKeyPaddingMask",
  "memoryMask",
  "tgtIsCausal",
  "tgtKeyPaddingMask",
  "tgtMask",
] as const;

/** Masks of decoders: bool, true where a key is kept out, or numbers that are added to the scores. */
export interface DecoderMasks {
  /** `[targets, targets]`, or one for each head. */
  readonly tgtMask?: Tensor | null;
  /** `[targets, sources]`, or one for each head. */
  readonly memoryMask?: Tensor | null;
  /** `[batch, targets]`: bool, true where there is padding. */
  readonly tgtKeyPaddingMask?: Tensor | null;
  /** `[batch, sources]`: bool, true where there is padding. */
  readonly memoryKeyPaddingMask?: Tensor | null;
  /** Whether each target attends to itself and earlier ones only. */
  readonly tgtIsCausal?: boolean;
  /** Whether target i attends to sources up to i only. */
  readonly memoryIsCausal?: boolean;
}

/** Options of {@link TransformerDecoderLayer.forward}. */
export interface DecoderLayerForwardOptions extends DecoderMasks {
  /** The earlier targets; and the memory, projected once. */
  readonly cache?: DecoderLayerCache | null;
}

/**
 * Self-attention, attention to an encoder's output, and a feed-forward network, each added to its input and normalised (before, with
 * `normFirst`). PyTorch: `torch.nn.TransformerDecoderLayer`.
 *
 * @throws RangeError for sizes that do not fit, TypeError for an unknown activation.
 *
 * @example
 * ```ts
 * import { TransformerDecoderLayer } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * const layer = new TransformerDecoderLayer(16, 4, { dimFeedforward: 32, batchFirst: true });
 * layer.forward(randn([2, 5, 16]), randn([2, 7, 16]), { tgtIsCausal: true }).shape; // [2, 5, 16]
 * ```
 */
export class TransformerDecoderLayer extends Module {
  readonly selfAttn: MultiheadAttention;
  readonly multiheadAttn: MultiheadAttention;
  readonly linear1: Linear;
  /** Dropout of hidden units. */
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly norm3: LayerNorm;
  /** Dropout of the self-attention's output. */
  readonly dropout1: Dropout;
  /** Dropout of the output of attention to the memory. */
  readonly dropout2: Dropout;
  /** Dropout of the feed-forward network's output. */
  readonly dropout3: Dropout;
  readonly activation: FeedForwardActivation;
  readonly normFirst: boolean;

  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    const { attention, rotary, product, norm, dimFeedforward, dropout, generator, activation, normFirst } =
      layerSettings(
        "TransformerDecoderLayer",
        options,
      );
    super();
    this.selfAttn = new MultiheadAttention(dModel, nhead, { ...attention, rotary });
    this.multiheadAttn = new MultiheadAttention(dModel, nhead, attention);
    this.linear1 = new Linear(dModel, dimFeedforward, product);
    this.dropout = new Dropout(dropout, { generator });
    this.linear2 = new Linear(dimFeedforward, dModel, product);
    this.norm1 = new LayerNorm(dModel, norm);
    this.norm2 = new LayerNorm(dModel, norm);
    this.norm3 = new LayerNorm(dModel, norm);
    this.dropout1 = new Dropout(dropout, { generator });
    this.dropout2 = new Dropout(dropout, { generator });
    this.dropout3 = new Dropout(dropout, { generator });
    this.activation = activation;
    this.normFirst = normFirst;
  }

  override stateKey(property: string): string {
    return snakeCase(property);
  }

  /**
   * Targets `[batch, targets, dModel]` (in PyTorch's order unless `batchFirst`) and a memory `[batch, sources, dModel]`; returns the
   * shape of the targets.
   */
  forward(tgt: Tensor, memory: Tensor, options: DecoderLayerForwardOptions = {}): Tensor {
    checkOptions("TransformerDecoderLayer.forward", options, decoderLayerForwardOptions);
    return tidy(() => {
      if (this.normFirst) {
        let x = tgt.add(this.attended(this.norm1.forward(tgt), options));
        x = x.add(this.informed(this.norm2.forward(x), memory, options));
        return x.add(this.fed(this.norm3.forward(x)));
      }
      let x = this.norm1.forward(tgt.add(this.attended(tgt, options)));
      x = this.norm2.forward(x.add(this.informed(x, memory, options)));
      return this.norm3.forward(x.add(this.fed(x)));
    });
  }

  private attended(x: Tensor, options: DecoderLayerForwardOptions): Tensor {
    const { tgtMask: attnMask = null, tgtKeyPaddingMask: keyPaddingMask = null, tgtIsCausal = false } = options;
    const given = { attnMask, keyPaddingMask, isCausal: tgtIsCausal, cache: options.cache?.self ?? null };
    return this.dropout1.forward(this.selfAttn.forward(x, x, x, given)[0]);
  }

  private informed(x: Tensor, memory: Tensor, options: DecoderLayerForwardOptions): Tensor {
    const { memoryMask: attnMask = null, memoryKeyPaddingMask: keyPaddingMask = null, memoryIsCausal = false } =
      options;
    const given = { attnMask, keyPaddingMask, isCausal: memoryIsCausal, cache: options.cache?.memory ?? null };
    return this.dropout2.forward(this.multiheadAttn.forward(x, memory, memory, given)[0]);
  }

  private fed(x: Tensor): Tensor {
    const hidden = this.dropout.forward(activated(this.linear1, x, this.activation));
    return this.dropout3.forward(this.linear2.forward(hidden));
  }

  override extraRepr(): string {
    return `normFirst=${this.normFirst}`;
  }
}

/** Options of {@link TransformerDecoder.forward}. */
export interface DecoderForwardOptions extends DecoderMasks {
  /** From {@link TransformerDecoder.newCache}: the earlier targets, and the memory. */
  readonly cache?: CacheStack<DecoderLayerCache> | null;
}

/**
 * `numLayers` copies of a layer (or layers from a function, called for each), one after the other, and an optional norm. PyTorch:
 * `torch.nn.TransformerDecoder`.
 *
 * @example
 * ```ts
 * import { noGrad } from "@heddle/autograd";
 * import { TransformerDecoder, TransformerDecoderLayer } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * const layer = () => new TransformerDecoderLayer(16, 4, { dimFeedforward: 32, batchFirst: true });
 * const decoder = new TransformerDecoder(layer, 2).eval();
 * const [memory, cache] = [randn([2, 7, 16]), decoder.newCache(50)];
 * noGrad(() => {
 *   for (let step = 0; step < 3; step++) decoder.forward(randn([2, 1, 16]), memory, { tgtIsCausal: true, cache });
 * });
 * cache.length; // 3
 * ```
 */
export class TransformerDecoder extends Module {
  readonly layers: ModuleList<TransformerDecoderLayer>;
  readonly norm: Layer | null;

  constructor(
    layer: TransformerDecoderLayer | (() => TransformerDecoderLayer),
    numLayers: number,
    options: { readonly norm?: Layer | null } = {},
  ) {
    checkOptions("TransformerDecoder", options, ["norm"]);
    super();
    this.layers = stackOf("TransformerDecoder", layer, numLayers);
    this.norm = options.norm ?? null;
  }

  /** As {@link TransformerDecoderLayer.forward}. */
  forward(tgt: Tensor, memory: Tensor, options: DecoderForwardOptions = {}): Tensor {
    checkOptions("TransformerDecoder.forward", options, decoderLayerForwardOptions);
    const { cache: given, ...masks } = options;
    const cache = cachesFor("TransformerDecoder", given, this.layers.length);
    let x = tgt;
    [...this.layers].forEach((layer, i) => {
      x = layer.forward(x, memory, { ...masks, cache: cache?.layers[i] ?? null });
    });
    return this.norm?.forward(x) ?? x;
  }

  /** Caches for decoding sequences of up to `maxLength` positions. */
  newCache(maxLength: number): CacheStack<DecoderLayerCache> {
    return new CacheStack([...this.layers].map(() => new DecoderLayerCache(maxLength)));
  }
}
