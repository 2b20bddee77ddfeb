/** Looks up rows of a table, and reduces them bag by bag. */
import { noGrad } from "@heddle/autograd";
import { arange, full, isFloat, ones, type Tensor, where, zeros } from "@heddle/tensor";
import { checkOptions, checkTensor, checkValues, hasHalfGradient, inFloat32 } from "@heddle/tensor/engine";
import { showSizes } from "../sizes.ts";
import { checkIndices, embedding, paddingRow } from "./embedding.ts";

/** How the rows of a bag become one. */
export type BagMode = "sum" | "mean" | "max";

/** Options of {@link embeddingBag}. */
export interface EmbeddingBagOptions {
  /** "mean" by default. */
  readonly mode?: BagMode;
  /** A factor for each row that is looked up, in the shape of the indices; for the mode "sum" only. */
  readonly perSampleWeights?: Tensor | null;
  /** Whether the last offset is the number of indices rather than the beginning of a bag; false by default. */
  readonly includeLastOffset?: boolean;
  /** Indices that count for nothing; negative ones count from the end. */
  readonly paddingIdx?: number | null;
  /** Rows that are looked up are first scaled down to at most this norm, in place. */
  readonly maxNorm?: number | null;
  /** Which norm `maxNorm` limits; 2 by default. */
  readonly normType?: number;
  /** Whether the gradient of each row is divided by how often the row is looked up; not for the mode "max"; false by default. */
  readonly scaleGradByFreq?: boolean;
}

const modes: readonly string[] = ["sum", "mean", "max"];

/** @throws RangeError that names the known modes. */
export function checkBagMode(operation: string, mode: string): void {
  if (modes.includes(mode)) return;
  throw new RangeError(`${operation}: mode ${JSON.stringify(mode)} is unknown; use "sum", "mean" or "max"`);
}

/** For each index the number of its bag, and how many bags there are. */
function bagsOf(indices: Tensor, offsets: Tensor | null, includeLast: boolean): { bags: Tensor; count: number } {
  const int32 = { dtype: "int32", device: indices.device } as const;
  if (indices.ndim === 2) {
    if (offsets !== null) {
      throw new RangeError(
        `embeddingBag: indices of shape ${showSizes(indices.shape)} are one bag a row; offsets are for indices [L]`,
      );
    }
    const [count, length] = indices.shape as [number, number];
    return { bags: arange(count, int32).unsqueeze(1).expand(count, length).reshape(-1), count };
  }
  if (indices.ndim !== 1 || offsets === null || offsets.ndim !== 1 || isFloat(offsets.dtype)) {
    throw new RangeError(
      `embeddingBag: indices of shape ${showSizes(indices.shape)} and ${
        offsets === null ? "no offsets" : `${offsets.dtype} offsets of shape ${showSizes(offsets.shape)}`
      }; expected indices [B, L], or [L] with the integers [B] at which bags begin`,
    );
  }
  const count = offsets.numel - (includeLast ? 1 : 0);
  if (count < 0) throw new RangeError("embeddingBag: includeLastOffset needs at least one offset");
  const length = indices.numel;
  checkValues(offsets, (offsets) => checkOffsets(Array.from(offsets.toTypedArray(), Number), length));
  // Each bag begins at its offset: the beginnings so far number the bags.
  const starts = zeros([length + 1], int32).scatterAdd(
    0,
    offsets.to("int32").narrow(0, 0, count),
    ones([count], int32),
  );
  return { bags: starts.cumsum(0).narrow(0, 0, length).sub(1), count };
}

function checkOffsets(offsets: readonly number[], length: number): void {
  const wrong = offsets.findIndex((at, i) => i === 0 ? at !== 0 : at < offsets[i - 1]! || at > length);
  if (wrong < 0) return;
  throw new RangeError(
    `embeddingBag: offsets[${wrong}] is ${
      offsets[wrong]
    }; they begin with 0 and rise to at most ${length}, the number of indices`,
  );
}

/**
 * Sums, means or maxima of rows of `weight` `[rows, d]`, `[B, d]`: of each row of `indices` `[B, L]`; or of `indices` `[L]` in bags that
 * begin at `offsets` `[B]`. An empty bag gives zeros. PyTorch: `torch.nn.functional.embedding_bag`.
 *
 * @throws RangeError for indices or offsets out of range, or shapes that do not fit. TypeError for indices that are not integers.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { eye, tensor } from "@heddle/tensor";
 * const [indices, offsets] = [tensor([0, 1, 2], { dtype: "int32" }), tensor([0, 2], { dtype: "int32" })];
 * F.embeddingBag(indices, eye(3), offsets, { mode: "sum" }).toArray(); // [[1, 1, 0], [0, 0, 1]]
 * ```
 */
export function embeddingBag(
  indices: Tensor,
  weight: Tensor,
  offsets: Tensor | null = null,
  options: EmbeddingBagOptions = {},
): Tensor {
  checkOptions("embeddingBag", options, [
    "includeLastOffset",
    "maxNorm",
    "mode",
    "normType",
    "paddingIdx",
    "perSampleWeights",
    "scaleGradByFreq",
  ]);
  const { mode = "mean", perSampleWeights = null, includeLastOffset = false, maxNorm, normType, scaleGradByFreq } =
    options;
  checkIndices("embeddingBag", indices);
  if (offsets !== null) checkTensor("embeddingBag", offsets, "offsets");
  if (perSampleWeights !== null) checkTensor("embeddingBag", perSampleWeights, "perSampleWeights");
  checkBagMode("embeddingBag", mode);
  if (scaleGradByFreq && mode === "max") {
    throw new RangeError('embeddingBag: scaleGradByFreq is for the modes "sum" and "mean", got "max"');
  }
  if (perSampleWeights !== null && mode !== "sum") {
    throw new RangeError(`embeddingBag: perSampleWeights are for the mode "sum", got "${mode}"`);
  }
  if (perSampleWeights !== null && showSizes(perSampleWeights.shape) !== showSizes(indices.shape)) {
    throw new RangeError(
      `embeddingBag: perSampleWeights have shape ${showSizes(perSampleWeights.shape)}, the indices ${
        showSizes(indices.shape)
      }; they must be equal`,
    );
  }
  const flat = indices.reshape(-1);
  // Shortens the rows of the table itself, of which a copy in float32 is looked up below.
  if (maxNorm !== undefined && maxNorm !== null) noGrad(() => embedding(flat, weight, { maxNorm, normType }));
  const { bags, count } = bagsOf(indices, offsets, includeLastOffset);
  const padding = paddingRow("embeddingBag", options.paddingIdx, weight.shape[0]!);
  const kept = padding === null ? null : flat.ne(padding).unsqueeze(1);
  const factors = perSampleWeights?.reshape([flat.numel, 1]) ?? null;
  const reduce = (found: Tensor, factors: Tensor | null): Tensor =>
    reducedBags(found, bags, count, mode, kept, factors);
  return hasHalfGradient(weight)
    ? inFloat32([weight, factors], (weight, factors) => reduce(embedding(flat, weight, { scaleGradByFreq }), factors))
    : inFloat32([embedding(flat, weight, { scaleGradByFreq }), factors], reduce);
}

/** Rows `[L, d]` reduced by the numbers of their bags. */
function reducedBags(
  found: Tensor,
  bags: Tensor,
  count: number,
  mode: BagMode,
  kept: Tensor | null,
  factors: Tensor | null,
): Tensor {
  const { dtype, device } = found;
  const shape = [count, found.shape[1]!];
  const index = bags.unsqueeze(1).expand(found.shape);
  const masked = (value: number): Tensor => kept === null ? found : where(kept, found, value);
  if (mode === "sum") {
    const rows = factors === null ? masked(0) : masked(0).mul(factors);
    return zeros(shape, { dtype, device }).scatterAdd(0, index, rows);
  }
  const each = kept === null ? ones([found.shape[0]!, 1], { dtype, device }) : kept.to(dtype);
  const sizes = zeros([count, 1], { dtype, device }).scatterAdd(0, bags.unsqueeze(1), each);
  if (mode === "mean") {
    return zeros(shape, { dtype, device }).scatterAdd(0, index, masked(0)).div(sizes.clamp({ min: 1 }));
  }
  const largest = full(shape, -Infinity, { dtype, device }).scatter(0, index, masked(-Infinity), { reduce: "amax" });
  return where(sizes.eq(0), 0, largest);
}
