/** Looks up rows of a table by index. */
import { customFunction, noGrad } from "@heddle/autograd";
import { ones, type Tensor, where, zeros } from "@heddle/tensor";
import { checkOptions, widened } from "@heddle/tensor/engine";
import { shown, showSizes } from "../sizes.ts";
import { lookUp } from "./lookup.ts";

/** Options of {@link embedding}. */
export interface EmbeddingOptions {
  /** A row that gets no gradient; negative ones count from the end. */
  readonly paddingIdx?: number | null;
  /** Rows that are looked up are first scaled down to at most this norm, in place. */
  readonly maxNorm?: number | null;
  /** Which norm `maxNorm` limits; 2 by default. */
  readonly normType?: number;
  /** Whether the gradient of each row is divided by how often the row is looked up; false by default. */
  readonly scaleGradByFreq?: boolean;
}

/** The row of a padding index. @throws RangeError when there is none. */
export function paddingRow(operation: string, paddingIdx: number | null | undefined, rows: number): number | null {
  if (paddingIdx === undefined || paddingIdx === null) return null;
  if (!Number.isInteger(paddingIdx) || paddingIdx < -rows || paddingIdx >= rows) {
    throw new RangeError(
      `${operation}: paddingIdx ${shown(paddingIdx)} is out of range for ${rows} rows; expected ${-rows} to ${
        rows - 1
      }`,
    );
  }
  return paddingIdx < 0 ? paddingIdx + rows : paddingIdx;
}

/** @throws TypeError unless the indices are integers. */
export function checkIndices(operation: string, indices: Tensor): void {
  if (/^u?int/.test(indices.dtype)) return;
  throw new TypeError(`${operation}: indices are integers, got ${indices.dtype}; cast with .to("int32")`);
}

/**
 * Rows of `weight` `[rows, d]`, selected by integers of any shape `[…]`: `[…, d]`. PyTorch: `torch.nn.functional.embedding`.
 *
 * @throws RangeError for an index out of range. TypeError for indices that are not integers.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { eye, tensor } from "@heddle/tensor";
 * F.embedding(tensor([2, 0], { dtype: "int32" }), eye(3)).toArray(); // [[0, 0, 1], [1, 0, 0]]
 * ```
 */
export function embedding(indices: Tensor, weight: Tensor, options: EmbeddingOptions = {}): Tensor {
  checkOptions("embedding", options, ["maxNorm", "normType", "paddingIdx", "scaleGradByFreq"]);
  const { maxNorm, normType = 2 } = options;
  checkIndices("embedding", indices);
  if (weight.ndim !== 2) {
    throw new RangeError(`embedding: the weight has shape ${showSizes(weight.shape)}; expected [rows, d]`);
  }
  const [rows, size] = weight.shape as [number, number];
  const padding = paddingRow("embedding", options.paddingIdx, rows);
  const wide = indices.dtype === "int64" ? indices : indices.to("int32");
  const flat = wide.reshape(-1);
  const explain = (index: number | bigint) =>
    `embedding: index ${index} is out of range for ${rows} rows; expected 0 to ${rows - 1}`;
  const select = () => lookUp(flat, rows, explain, () => weight.indexSelect(0, flat));
  if (maxNorm !== undefined && maxNorm !== null) shorten(select, weight, flat, maxNorm, normType);
  const found = options.scaleGradByFreq ? dividingGradient(select(), counts(flat, rows)) : select();
  const result = padding === null ? found : where(flat.eq(padding).unsqueeze(1), found.detach(), found);
  return result.reshape([...indices.shape, size]);
}

/** How often the row of each index is looked up: `[L, 1]`. */
function counts(flat: Tensor, rows: number): Tensor {
  const { device } = flat;
  return zeros([rows], { dtype: "int32", device }).scatterAdd(0, flat, ones(flat.shape, { dtype: "int32", device }))
    .indexSelect(0, flat).unsqueeze(1);
}

/** The same values; the gradient is divided by `counts`. */
const dividingGradient = customFunction({
  name: "scaleGradByFreq",
  forward(context, found: Tensor, counts: Tensor) {
    context.saveForBackward(counts);
    return found.clone();
  },
  backward: ({ savedTensors: [counts] }, gradient) => [gradient.div(counts!.to(gradient.dtype)), null],
});

/** Rows that are looked up more than once are written more than once, with the same values. */
function shorten(select: () => Tensor, weight: Tensor, flat: Tensor, maxNorm: number, normType: number): void {
  noGrad(() => {
    const found = widened(select());
    const norm = found.norm(normType, 1, { keepdim: true });
    const scale = where(norm.gt(maxNorm), norm.add(1e-7).reciprocal().mul(maxNorm), 1);
    weight.indexCopy_(0, flat, found.mul(scale).to(weight.dtype));
  });
}
