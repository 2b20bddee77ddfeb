/** Tables whose rows are looked up and reduced bag by bag; the function is in functional/embedding_bag.ts. */
import { empty, type Generator, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { drawTable, tableSizes } from "./embedding.ts";
import { paddingRow } from "./functional/embedding.ts";
import { type BagMode, checkBagMode, embeddingBag } from "./functional/embedding_bag.ts";
import type { LayerOptions } from "./layer_options.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { checkNumber, checkSize } from "./sizes.ts";

const bagOptions = [
  ...["device", "dtype", "generator", "includeLastOffset", "maxNorm", "mode", "normType", "paddingIdx"] as const,
  "scaleGradByFreq",
] as const;

/** Options of {@link EmbeddingBag}. */
export interface EmbeddingBagLayerOptions extends LayerOptions {
  /** How the rows of a bag become one; "mean" by default. */
  readonly mode?: BagMode;
  /** Whether the last offset is the number of indices rather than the beginning of a bag; false by default. */
  readonly includeLastOffset?: boolean;
  /** Index of a row that is initially zero and counts for nothing; negative ones count from the end. */
  readonly paddingIdx?: number | null;
  /** Rows that are looked up are scaled down to at most this norm. */
  readonly maxNorm?: number | null;
  /** Which norm `maxNorm` limits; 2 by default. */
  readonly normType?: number;
  /** Whether the gradient of each row is divided by how often the row is looked up; not for the mode "max"; false by default. */
  readonly scaleGradByFreq?: boolean;
}

/**
 * Sums, means or maxima of rows of a table, without the rows themselves as a result: see `functional.embeddingBag`. The table starts
 * normally distributed. PyTorch: `torch.nn.EmbeddingBag`.
 *
 * @throws RangeError from `forward` for an index out of range.
 *
 * @example
 * ```ts
 * import { EmbeddingBag } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * const words = new EmbeddingBag(1000, 64, { mode: "sum" });
 * words.forward(tensor([[5, 7, 0], [1, 1, 2]], { dtype: "int32" })).shape; // [2, 64]
 * ```
 */
export class EmbeddingBag extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly mode: BagMode;
  readonly includeLastOffset: boolean;
  readonly paddingIdx: number | null;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
  /** `[numEmbeddings, embeddingDim]` */
  weight: Parameter;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingBagLayerOptions = {}) {
    checkOptions("EmbeddingBag", options, bagOptions);
    super();
    const {
      mode = "mean",
      includeLastOffset = false,
      paddingIdx,
      maxNorm = null,
      normType = 2,
      scaleGradByFreq = false,
      generator,
      ...placement
    } = options;
    checkBagMode("EmbeddingBag", mode);
    this.numEmbeddings = checkSize("EmbeddingBag", "numEmbeddings", numEmbeddings);
    this.embeddingDim = checkSize("EmbeddingBag", "embeddingDim", embeddingDim);
    this.mode = mode;
    this.includeLastOffset = includeLastOffset;
    this.paddingIdx = paddingRow("EmbeddingBag", paddingIdx, numEmbeddings);
    this.maxNorm = maxNorm === null ? null : checkNumber("EmbeddingBag", "maxNorm", maxNorm, 0);
    this.normType = checkNumber("EmbeddingBag", "normType", normType, 0);
    if (scaleGradByFreq && mode === "max") {
      throw new RangeError('EmbeddingBag: scaleGradByFreq is for the modes "sum" and "mean", got "max"');
    }
    this.scaleGradByFreq = scaleGradByFreq;
    this.weight = new Parameter(empty([numEmbeddings, embeddingDim], placement));
    this.resetParameters(generator);
  }

  /** A layer with a given table, which is frozen unless `freeze` is false. */
  static fromPretrained(
    table: Tensor,
    options: EmbeddingBagLayerOptions & { readonly freeze?: boolean } = {},
  ): EmbeddingBag {
    checkOptions("EmbeddingBag.fromPretrained", options, [...bagOptions, "freeze"]);
    const { freeze = true, ...rest } = options;
    const [rows, size] = tableSizes("EmbeddingBag.fromPretrained", table);
    const layer = new EmbeddingBag(rows, size, { dtype: table.dtype, device: table.device, ...rest });
    layer.weight = new Parameter(table, { requiresGrad: !freeze });
    return layer;
  }

  /** Draws new initial values. */
  resetParameters(generator?: Generator): void {
    drawTable(this.weight, this.paddingIdx, generator);
  }

  /** Bags of `indices`: `[B, L]`, or `[L]` with `offsets` `[B]`; see `functional.embeddingBag`. */
  forward(indices: Tensor, offsets: Tensor | null = null, perSampleWeights: Tensor | null = null): Tensor {
    const { mode, includeLastOffset, paddingIdx, maxNorm, normType, scaleGradByFreq } = this;
    return embeddingBag(indices, this.weight, offsets, {
      mode,
      includeLastOffset,
      paddingIdx,
      maxNorm,
      normType,
      scaleGradByFreq,
      perSampleWeights,
    });
  }

  override extraRepr(): string {
    const { numEmbeddings, embeddingDim, mode, paddingIdx } = this;
    return `${numEmbeddings}, ${embeddingDim}, mode=${mode}${paddingIdx === null ? "" : `, paddingIdx=${paddingIdx}`}`;
  }
}
