/** A learned table of vectors. */
import { noGrad } from "@heddle/autograd";
import { empty, type Generator, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { embedding, paddingRow } from "./functional/embedding.ts";
import { normal_ } from "./init/mod.ts";
import type { LayerOptions } from "./layer_options.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { checkNumber, checkSize, showSizes } from "./sizes.ts";

const embeddingOptions = [
  "dtype",
  "device",
  "generator",
  "paddingIdx",
  "maxNorm",
  "normType",
  "scaleGradByFreq",
] as const;

/** Options of {@link Embedding}. */
export interface EmbeddingLayerOptions extends LayerOptions {
  /** Index of a row that is initially zero and gets no gradient; negative ones count from the end. */
  readonly paddingIdx?: number | null;
  /** Rows that are looked up are scaled down to at most this norm. */
  readonly maxNorm?: number | null;
  /** Which norm `maxNorm` limits; 2 by default. */
  readonly normType?: number;
  /** Whether the gradient of each row is divided by how often the row is looked up; false by default. */
  readonly scaleGradByFreq?: boolean;
}

/** The number and the size of a table's rows. @throws RangeError for a tensor that is no matrix. */
export function tableSizes(operation: string, { shape }: Tensor): readonly [rows: number, size: number] {
  if (shape.length !== 2) {
    throw new RangeError(`${operation}: expected a table [rows, d], got shape ${showSizes(shape)}`);
  }
  return [shape[0]!, shape[1]!];
}

/** Draws the initial values of a table. The row of the padding is 0. */
export function drawTable(table: Tensor, paddingIdx: number | null, generator?: Generator): void {
  normal_(table, 0, 1, { generator });
  if (paddingIdx !== null) noGrad(() => table.select(0, paddingIdx).fill_(0));
}

/**
 * Rows of a table `[numEmbeddings, embeddingDim]` by number: integers of any shape `[…]` give `[…, embeddingDim]`. The table starts
 * normally distributed. PyTorch: `torch.nn.Embedding`.
 *
 * @throws RangeError from `forward` for an index out of range.
 *
 * @example
 * ```ts
 * import { Embedding } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * const words = new Embedding(1000, 64, { paddingIdx: 0 });
 * words.forward(tensor([[5, 7, 0]], { dtype: "int32" })).shape; // [1, 3, 64]
 * ```
 */
export class Embedding extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
  /** `[numEmbeddings, embeddingDim]` */
  weight: Parameter;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingLayerOptions = {}) {
    checkOptions("Embedding", options, embeddingOptions);
    super();
    const { paddingIdx, maxNorm = null, normType = 2, scaleGradByFreq = false, generator, ...placement } = options;
    this.numEmbeddings = checkSize("Embedding", "numEmbeddings", numEmbeddings);
    this.embeddingDim = checkSize("Embedding", "embeddingDim", embeddingDim);
    this.paddingIdx = paddingRow("Embedding", paddingIdx, numEmbeddings);
    this.maxNorm = maxNorm === null ? null : checkNumber("Embedding", "maxNorm", maxNorm, 0);
    this.normType = checkNumber("Embedding", "normType", normType, 0);
    this.scaleGradByFreq = scaleGradByFreq;
    this.weight = new Parameter(empty([numEmbeddings, embeddingDim], placement));
    this.resetParameters(generator);
  }

  /** An embedding with a given table, which is frozen unless `freeze` is false. */
  static fromPretrained(table: Tensor, options: EmbeddingLayerOptions & { readonly freeze?: boolean } = {}): Embedding {
    checkOptions("Embedding.fromPretrained", options, [...embeddingOptions, "freeze"]);
    const { freeze = true, ...rest } = options;
    const [rows, size] = tableSizes("Embedding.fromPretrained", table);
    const layer = new Embedding(rows, size, { dtype: table.dtype, device: table.device, ...rest });
    layer.weight = new Parameter(table, { requiresGrad: !freeze });
    return layer;
  }

  /** Draws new initial values. */
  resetParameters(generator?: Generator): void {
    drawTable(this.weight, this.paddingIdx, generator);
  }

  forward(indices: Tensor): Tensor {
    const { paddingIdx, maxNorm, normType, scaleGradByFreq } = this;
    return embedding(indices, this.weight, { paddingIdx, maxNorm, normType, scaleGradByFreq });
  }

  override extraRepr(): string {
    const { numEmbeddings, embeddingDim, paddingIdx, maxNorm } = this;
    return `${numEmbeddings}, ${embeddingDim}${paddingIdx === null ? "" : `, paddingIdx=${paddingIdx}`}${
      maxNorm === null ? "" : `, maxNorm=${maxNorm}`
    }`;
  }
}
