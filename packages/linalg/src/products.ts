/** Products of several matrices, of vectors, and Kronecker's. */
import { broadcastShapes, type Tensor } from "@heddle/tensor";
import { checkOptions, checkTensor, checkTensors, inFloat32, normalizeDims } from "@heddle/tensor/engine";

const shown = (x: Tensor): string => `[${x.shape.join(", ")}]`;

/**
 * Kronecker's product: every element of `a` times the whole of `b` (PyTorch's `torch.kron`).
 *
 * @param a any shape and dtype; a tensor of fewer dimensions than the other gets leading ones.
 * @returns dimension by dimension, the product of both sizes.
 *
 * @example
 * ```ts
 * import { kron } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * kron(tensor([[1, 2]]), tensor([[1], [10]])).toArray(); // [[1, 2], [10, 20]]
 * ```
 */
export function kron(a: Tensor, b: Tensor): Tensor {
  checkTensor("kron", a);
  return a.kron(b);
}

/**
 * The product of two or more matrices, in the order that takes the fewest multiplications (PyTorch's `torch.linalg.multi_dot`).
 *
 * @param tensors `[m, k]`, `[k, l]`, …; the first may be a row `[k]`, the last a column `[k]`.
 * @returns `[m, n]`, or without the dimensions that the first and the last did not have.
 * @throws RangeError for fewer than two tensors, other numbers of dimensions, and sizes that do not fit.
 *
 * @example
 * ```ts
 * import { multiDot } from "@heddle/linalg";
 * import { ones } from "@heddle/tensor";
 * multiDot([ones([2, 100]), ones([100, 3]), ones([3])]).toArray(); // [300, 300]
 * ```
 */
export function multiDot(tensors: readonly Tensor[]): Tensor {
  checkTensors("multiDot", tensors);
  const count = tensors.length;
  if (count < 2) throw new RangeError(`multiDot: expected at least 2 matrices, got ${count}`);
  for (const [i, x] of tensors.entries()) {
    if (x.ndim === 2 || (x.ndim === 1 && (i === 0 || i === count - 1))) continue;
    throw new RangeError(
      `multiDot: tensor ${i} has shape ${shown(x)}; all are matrices, only the first and the last may be vectors`,
    );
  }
  const [isRow, isColumn] = [tensors[0]!.ndim === 1, tensors[count - 1]!.ndim === 1];
  const product = inFloat32(tensors, (...wide) => {
    const matrices = wide.map((x, i) => x.ndim === 2 ? x : x.unsqueeze(i === 0 ? 0 : 1));
    for (let i = 1; i < count; i++) {
      if (matrices[i - 1]!.shape[1] === matrices[i]!.shape[0]) continue;
      throw new RangeError(
        `multiDot: tensors ${i - 1} and ${i} of shapes ${shown(wide[i - 1]!)} and ${shown(wide[i]!)} do not fit`,
      );
    }
    const sizes = [...matrices.map((x) => x.shape[0]!), matrices[count - 1]!.shape[1]!];
    const cuts = cheapestCuts(sizes);
    const multiplied = (from: number, to: number): Tensor => {
      if (from === to) return matrices[from]!;
      const cut = cuts[from]![to]!;
      return multiplied(from, cut).matmul(multiplied(cut + 1, to));
    };
    return multiplied(0, count - 1);
  });
  const row = isRow ? product.squeeze(0) : product;
  return isColumn ? row.squeeze(-1) : row;
}

/**
 * For matrices of sizes[i] × sizes[i + 1] where to cut the product of those from i to j. Cormen et al.: Introduction to Algorithms,
 * section 15.2.
 */
function cheapestCuts(sizes: readonly number[]): number[][] {
  const count = sizes.length - 1;
  const costs = Array.from({ length: count }, () => new Array<number>(count).fill(0));
  const cuts = Array.from({ length: count }, () => new Array<number>(count).fill(0));
  for (let length = 1; length < count; length++) {
    for (let i = 0; i + length < count; i++) {
      const j = i + length;
      costs[i]![j] = Infinity;
      for (let cut = i; cut < j; cut++) {
        const cost = costs[i]![cut]! + costs[cut + 1]![j]! + sizes[i]! * sizes[cut + 1]! * sizes[j + 1]!;
        if (cost >= costs[i]![j]!) continue;
        costs[i]![j] = cost;
        cuts[i]![j] = cut;
      }
    }
  }
  return cuts;
}

/** Options of {@link vecdot}. */
export interface VecdotOptions {
  /** The dimension of the vectors. Default -1. */
  readonly dim?: number;
}

/**
 * The dot product of vectors in batches that broadcast (PyTorch's `torch.linalg.vecdot`).
 *
 * @returns the broadcast shape without `dim`.
 * @throws RangeError when the shapes do not broadcast.
 *
 * @example
 * ```ts
 * import { vecdot } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * vecdot(tensor([[1, 2], [3, 4]]), tensor([1, 10])).toArray(); // [21, 43]
 * ```
 */
export function vecdot(x: Tensor, y: Tensor, options: VecdotOptions = {}): Tensor {
  checkOptions("vecdot", options, ["dim"]);
  const { dim = -1 } = options;
  for (const each of [x, y]) checkTensor("vecdot", each);
  normalizeDims("vecdot", dim, broadcastShapes("vecdot", x.shape, y.shape).length);
  return inFloat32([x, y], (x, y) => x.mul(y).sum(dim));
}
