/** A transformer with encoder and decoder. */
import { full, type Tensor, type TensorOptions } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { xavierUniform_ } from "../init/mod.ts";
import { Module } from "../module.ts";
import { LayerNorm } from "../normalization.ts";
import { checkSize } from "../sizes.ts";
import { type DecoderMasks, TransformerDecoder, TransformerDecoderLayer } from "./decoder.ts";
import { TransformerEncoder, TransformerEncoderLayer } from "./encoder.ts";
import type { TransformerLayerOptions } from "./layer_options.ts";

/** Options of {@link Transformer}. */
export interface TransformerOptions extends TransformerLayerOptions {
  /** Features of the inputs; 512 by default. */
  readonly dModel?: number;
  /** Heads of each attention; 8 by default. */
  readonly nhead?: number;
  /** 6 by default. */
  readonly numEncoderLayers?: number;
  /** 6 by default. */
  readonly numDecoderLayers?: number;
}

/** Options of {@link Transformer.forward}. */
export interface TransformerForwardOptions extends DecoderMasks {
  /** `[sources, sources]`, or one for each head. */
  readonly srcMask?: Tensor | null;
  /** `[batch, sources]`: bool, true where there is padding. */
  readonly srcKeyPaddingMask?: Tensor | null;
}

/**
 * The encoder and decoder of Vaswani et al., "Attention is all you need" (2017), without embeddings and output layer. PyTorch:
 * `torch.nn.Transformer`.
 *
 * To decode step by step, call `encoder` once, and `decoder` with `decoder.newCache(maxLength)`.
 *
 * @example
 * ```ts
 * import { Transformer } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * const model = new Transformer({ dModel: 16, nhead: 4, numEncoderLayers: 1, numDecoderLayers: 1, dimFeedforward: 32, batchFirst: true });
 * model.forward(randn([2, 7, 16]), randn([2, 5, 16]), { tgtIsCausal: true }).shape; // [2, 5, 16]
 * ```
 */
export class Transformer extends Module {
  readonly encoder: TransformerEncoder;
  readonly decoder: TransformerDecoder;

  constructor(options: TransformerOptions = {}) {
    checkOptions("Transformer", options, [
      "activation",
      "batchFirst",
      "bias",
      "dModel",
      "device",
      "dimFeedforward",
      "dropout",
      "dtype",
      "generator",
      "layerNormEps",
      "nhead",
      "normFirst",
      "numDecoderLayers",
      "numEncoderLayers",
      "rotary",
    ]);
    super();
    const { dModel = 512, nhead = 8, numEncoderLayers = 6, numDecoderLayers = 6, ...layer } = options;
    const { layerNormEps: eps = 1e-5, bias = true, dtype, device, generator } = layer;
    const norm = (): LayerNorm =>
      new LayerNorm(dModel, { eps, bias, ...(dtype ? { dtype } : {}), ...(device ? { device } : {}) });
    this.encoder = new TransformerEncoder(() => new TransformerEncoderLayer(dModel, nhead, layer), numEncoderLayers, {
      norm: norm(),
    });
    this.decoder = new TransformerDecoder(() => new TransformerDecoderLayer(dModel, nhead, layer), numDecoderLayers, {
      norm: norm(),
    });
    for (const parameter of this.parameters()) if (parameter.ndim > 1) xavierUniform_(parameter, { generator });
  }

  /**
   * Sources `[batch, sources, dModel]` and targets `[batch, targets, dModel]` (in PyTorch's order unless `batchFirst`); returns the shape
   * of the targets. The padding of the sources is given twice, as in PyTorch: as `srcKeyPaddingMask` and as `memoryKeyPaddingMask`.
   */
  forward(src: Tensor, tgt: Tensor, options: TransformerForwardOptions = {}): Tensor {
    checkOptions("Transformer.forward", options, [
      "memoryIsCausal",
      "memoryKeyPaddingMask",
      "memoryMask",
      "srcKeyPaddingMask",
      "srcMask",
      "tgtIsCausal",
      "tgtKeyPaddingMask",
      "tgtMask",
    ]);
    const { srcMask: mask = null, srcKeyPaddingMask = null, ...masks } = options;
    return this.decoder.forward(tgt, this.encoder.forward(src, { mask, srcKeyPaddingMask }), masks);
  }

  /** See {@link generateSquareSubsequentMask}. */
  static generateSquareSubsequentMask(size: number, options: TensorOptions = {}): Tensor {
    return generateSquareSubsequentMask(size, options);
  }
}

/**
 * The mask `[size, size]` that is added to scores so that no position attends to a later one: −∞ above the diagonal, 0 elsewhere.
 * `isCausal` and `tgtIsCausal` do the same faster. PyTorch: `torch.nn.Transformer.generate_square_subsequent_mask`.
 *
 * @example
 * ```ts
 * import { generateSquareSubsequentMask } from "@heddle/nn";
 * generateSquareSubsequentMask(2).toArray(); // [[0, -Infinity], [0, 0]]
 * ```
 */
export function generateSquareSubsequentMask(size: number, options: TensorOptions = {}): Tensor {
  checkOptions("generateSquareSubsequentMask", options, ["device", "dtype", "requiresGrad"]);
  checkSize("generateSquareSubsequentMask", "size", size, 0);
  return full([size, size], -Infinity, options).triu(1);
}
