/** Products summed over chosen dimensions, Kronecker products, differences of neighbours. */
import { apply } from "../engine/apply.ts";
import { checkTensor } from "../engine/checks.ts";
import { checkOptions } from "../options.ts";
import { normalizeDim, normalizeDims, showShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { cat } from "./join.ts";

/** Dimensions over which two tensors are multiplied and summed: the last and the first so many, or those of each. */
export type ContractedDims = number | readonly [readonly number[], readonly number[]];

export function tensordot(x: Tensor, other: Tensor, dims: ContractedDims = 2): Tensor {
  checkTensor("tensordot", other);
  if (typeof dims === "number") {
    if (!Number.isInteger(dims) || dims < 0 || dims > Math.min(x.ndim, other.ndim)) {
      throw new RangeError(
        `tensordot: ${dims} dims of shapes ${showShape(x.shape)} and ${showShape(other.shape)} cannot be contracted`,
      );
    }
    const count = Array.from({ length: dims }, (_, i) => i);
    return tensordot(x, other, [count.map((i) => x.ndim - dims + i), count]);
  }
  if (!Array.isArray(dims) || dims.length !== 2) {
    throw new TypeError(
      "tensordot: expected dims to be a number, or the dims of each tensor in two arrays, such as [[1], [0]]",
    );
  }
  const pick = (y: Tensor, given: readonly number[]) =>
    Array.isArray(given) && given.length === 0 ? [] : normalizeDims("tensordot", given, y.ndim);
  const [mine, theirs] = [pick(x, dims[0]), pick(other, dims[1])];
  if (mine.length !== theirs.length) {
    throw new RangeError(
      `tensordot: ${mine.length} dims of the first, ${theirs.length} of the second; give as many of each`,
    );
  }
  // A size of 1 broadcasts against the other's: sum that one first.
  let [left, right] = [x, other];
  mine.forEach((d, i) => {
    const [p, q] = [x.shape[d]!, other.shape[theirs[i]!]!];
    if (p === q) return;
    if (p === 1) right = right.sum(theirs[i]!, { keepdim: true, dtype: other.dtype });
    else if (q === 1) left = left.sum(d, { keepdim: true, dtype: x.dtype });
    else {
      throw new RangeError(
        `tensordot: dim ${d} of shape ${showShape(x.shape)} and dim ${theirs[i]} of shape ${
          showShape(other.shape)
        } differ in size`,
      );
    }
  });
  const rows = x.shape.map((_, d) => d).filter((d) => !mine.includes(d));
  const columns = other.shape.map((_, d) => d).filter((d) => !theirs.includes(d));
  const sizes = (y: Tensor, of: readonly number[]) => of.map((d) => y.shape[d]!);
  const inner = sizeOf(sizes(left, mine));
  const product = left.permute([...rows, ...mine]).reshape(sizeOf(sizes(left, rows)), inner)
    .matmul(right.permute([...theirs, ...columns]).reshape(inner, sizeOf(sizes(right, columns))));
  return product.reshape([...sizes(x, rows), ...sizes(other, columns)]);
}

export function inner(x: Tensor, other: Tensor): Tensor {
  checkTensor("inner", other);
  if (x.ndim === 0 || other.ndim === 0) return x.mul(other);
  if (x.shape.at(-1) !== other.shape.at(-1)) {
    throw new RangeError(
      `inner: shapes ${showShape(x.shape)} and ${
        showShape(other.shape)
      } must have the same size in their last dimension`,
    );
  }
  return tensordot(x, other, [[x.ndim - 1], [other.ndim - 1]]);
}

export function kron(x: Tensor, other: Tensor): Tensor {
  checkTensor("kron", other);
  const ndim = Math.max(x.ndim, other.ndim);
  const [a, b] = [x, other].map(({ shape }) => [...Array<number>(ndim - shape.length).fill(1), ...shape]) as [
    number[],
    number[],
  ];
  const product = x.reshape(a.flatMap((size) => [size, 1])).mul(other.reshape(b.flatMap((size) => [1, size])));
  return product.reshape(a.map((size, d) => size * b[d]!));
}

export function diff(
  x: Tensor,
  n = 1,
  dim = -1,
  options: { readonly prepend?: Tensor; readonly append?: Tensor } = {},
): Tensor {
  checkOptions("diff", options, ["append", "prepend"]);
  if (x.ndim === 0) {
    throw new RangeError("diff: a 0-dimensional tensor has no dims to work along; reshape(1) gives it one");
  }
  if (!Number.isInteger(n) || n < 0) throw new RangeError(`diff: n ${n} is not a non-negative integer`);
  const d = normalizeDim("diff", dim, x.ndim);
  if (n === 0) return x.clone(); // without what is joined, as in PyTorch
  const { prepend, append } = options;
  const parts = [prepend, x, append].filter((part) => part !== undefined);
  for (const part of parts) checkTensor("diff", part);
  let result = parts.length === 1 ? x : cat(parts, d);
  for (let i = 0; i < n && result.shape[d]! > 0; i++) {
    const rest = result.shape[d]! - 1;
    const [later, earlier] = [result.narrow(d, 1, rest), result.narrow(d, 0, rest)];
    result = apply(result.dtype === "bool" ? "logicalXor" : "sub", [later, earlier], {}, "diff");
  }
  return result === x ? x.clone() : result;
}
