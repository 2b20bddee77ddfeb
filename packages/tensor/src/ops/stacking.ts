/** Tensors joined side by side, as blocks, and in all combinations. */
import { checkTensor, checkTensors, wrongValue } from "../engine/checks.ts";
import { checkOptions } from "../options.ts";
import { broadcastShapes, checkHostSize, normalizeDim, showShape } from "../shape.ts";
import { isTensor } from "../tensor/core.ts";
import { tidy } from "../memory/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fromTypedArray } from "./creation.ts";
import { cat, meshgrid, padded, stack } from "./join.ts";

const atLeast: readonly ((x: Tensor) => Tensor)[] = [
  (x) => x.ndim === 0 ? x.reshape(1) : x,
  (x) => x.ndim < 2 ? atLeast[0]!(x).unsqueeze(0) : x,
  (x) => x.ndim < 3 ? atLeast[1]!(x).unsqueeze(-1) : x,
];

function withDims(operation: string, dims: 1 | 2 | 3, x: Tensor | readonly Tensor[]): Tensor | Tensor[] {
  if (isTensor(x)) return atLeast[dims - 1]!(x);
  if (!Array.isArray(x)) throw wrongValue(operation, "a tensor, or an array of them", x);
  return x.map((each) => {
    checkTensor(operation, each);
    return atLeast[dims - 1]!(each);
  });
}

/**
 * The tensor as one of at least one dimension: a 0-dimensional one becomes `[1]`, others stay as they are. Of an array, an array.
 *
 * @example
 * ```ts
 * import { atleast1d, tensor } from "@heddle/tensor";
 * atleast1d(tensor(3)).shape; // [1]
 * ```
 */
export function atleast1d(x: Tensor): Tensor;
/** Each of the tensors with at least one dimension. */
export function atleast1d(x: readonly Tensor[]): Tensor[];
export function atleast1d(x: Tensor | readonly Tensor[]): Tensor | Tensor[] {
  return withDims("atleast1d", 1, x);
}

/**
 * The tensor as one of at least two dimensions, with new ones in front: `[n]` becomes `[1, n]`. Of an array, an array.
 *
 * @example
 * ```ts
 * import { atleast2d, tensor } from "@heddle/tensor";
 * atleast2d(tensor([1, 2])).shape; // [1, 2]
 * ```
 */
export function atleast2d(x: Tensor): Tensor;
/** Each of the tensors with at least two dimensions. */
export function atleast2d(x: readonly Tensor[]): Tensor[];
export function atleast2d(x: Tensor | readonly Tensor[]): Tensor | Tensor[] {
  return withDims("atleast2d", 2, x);
}

/**
 * The tensor as one of at least three dimensions: `[n]` becomes `[1, n, 1]`, `[n, m]` becomes `[n, m, 1]`. Of an array, an array.
 *
 * @example
 * ```ts
 * import { atleast3d, tensor } from "@heddle/tensor";
 * atleast3d(tensor([1, 2])).shape; // [1, 2, 1]
 * ```
 */
export function atleast3d(x: Tensor): Tensor;
/** Each of the tensors with at least three dimensions. */
export function atleast3d(x: readonly Tensor[]): Tensor[];
export function atleast3d(x: Tensor | readonly Tensor[]): Tensor | Tensor[] {
  return withDims("atleast3d", 3, x);
}

/**
 * Tensors joined side by side: vectors end to end, others along their second dimension.
 *
 * @throws RangeError when another dimension differs in size.
 *
 * @example
 * ```ts
 * import { hstack, tensor } from "@heddle/tensor";
 * hstack([tensor([[1], [2]]), tensor([[3], [4]])]).toArray(); // [[1, 3], [2, 4]]
 * ```
 */
export function hstack(tensors: readonly Tensor[]): Tensor {
  checkTensors("hstack", tensors);
  const parts = atleast1d(tensors);
  return cat(parts, parts[0]!.ndim === 1 ? 0 : 1);
}

/**
 * Tensors joined one below the other, along their first dimension; vectors are rows.
 *
 * @throws RangeError when another dimension differs in size.
 *
 * @example
 * ```ts
 * import { tensor, vstack } from "@heddle/tensor";
 * vstack([tensor([1, 2]), tensor([3, 4])]).toArray(); // [[1, 2], [3, 4]]
 * ```
 */
export function vstack(tensors: readonly Tensor[]): Tensor {
  checkTensors("vstack", tensors);
  return cat(atleast2d(tensors), 0);
}

/**
 * Tensors joined along their third dimension: vectors `[n]` count as `[1, n, 1]`, matrices as `[n, m, 1]`.
 *
 * @throws RangeError when another dimension differs in size.
 *
 * @example
 * ```ts
 * import { dstack, tensor } from "@heddle/tensor";
 * dstack([tensor([1, 2]), tensor([3, 4])]).toArray(); // [[[1, 3], [2, 4]]]
 * ```
 */
export function dstack(tensors: readonly Tensor[]): Tensor {
  checkTensors("dstack", tensors);
  return cat(atleast3d(tensors), 2);
}

/**
 * Tensors joined along their second dimension; vectors are columns.
 *
 * @throws RangeError when another dimension differs in size.
 *
 * @example
 * ```ts
 * import { columnStack, tensor } from "@heddle/tensor";
 * columnStack([tensor([1, 2]), tensor([3, 4])]).toArray(); // [[1, 3], [2, 4]]
 * ```
 */
export function columnStack(tensors: readonly Tensor[]): Tensor {
  checkTensors("columnStack", tensors);
  return cat(tensors.map((x) => x.ndim < 2 ? x.reshape(x.numel, 1) : x), 1);
}

/**
 * Views of the tensors, expanded to the shape that all broadcast to.
 *
 * @throws RangeError when the shapes do not broadcast.
 *
 * @example
 * ```ts
 * import { broadcastTensors, tensor } from "@heddle/tensor";
 * const [a, b] = broadcastTensors([tensor([1, 2]), tensor([[3], [4]])]);
 * a!.toArray(); // [[1, 2], [1, 2]]
 * b!.toArray(); // [[3, 3], [4, 4]]
 * ```
 */
export function broadcastTensors(tensors: readonly Tensor[]): Tensor[] {
  if (!Array.isArray(tensors)) throw wrongValue("broadcastTensors", "an array of tensors", tensors);
  for (const x of tensors) checkTensor("broadcastTensors", x);
  const shape = broadcastShapes("broadcastTensors", ...tensors.map((x) => x.shape));
  return tensors.map((x) => x.expand(shape));
}

/**
 * The matrices along the diagonal of one, with zeros elsewhere: `[n, m]` and `[k, l]` give `[n + k, m + l]`. Vectors are rows, numbers
 * `[1, 1]`. Dtypes promote.
 *
 * @throws RangeError for a tensor of more than two dimensions.
 *
 * @example
 * ```ts
 * import { blockDiag, tensor } from "@heddle/tensor";
 * blockDiag([tensor([[1, 2]]), tensor([[3]])]).toArray(); // [[1, 2, 0], [0, 0, 3]]
 * ```
 */
export function blockDiag(tensors: readonly Tensor[]): Tensor {
  checkTensors("blockDiag", tensors);
  return tidy(() => {
    const blocks = tensors.map((x) => {
      if (x.ndim > 2) throw new RangeError(`blockDiag: expected matrices, got shape ${showShape(x.shape)}`);
      return atleast2d(x);
    });
    const width = blocks.reduce((sum, x) => sum + x.shape[1]!, 0);
    let before = 0;
    const rows = blocks.map((x) => {
      const row = padded(x, 1, before, width - before - x.shape[1]!);
      before += x.shape[1]!;
      return row;
    });
    return cat(rows, 0);
  });
}

/**
 * All ways to take one element of each vector, as rows: vectors of n and m elements give `[n · m, 2]`. A single vector is returned
 * as it is.
 *
 * @throws RangeError for what is no vector.
 *
 * @example
 * ```ts
 * import { cartesianProd, tensor } from "@heddle/tensor";
 * cartesianProd([tensor([1, 2]), tensor([3, 4])]).toArray(); // [[1, 3], [1, 4], [2, 3], [2, 4]]
 * ```
 */
export function cartesianProd(tensors: readonly Tensor[]): Tensor {
  checkTensors("cartesianProd", tensors);
  for (const x of tensors) {
    if (x.ndim !== 1) throw new RangeError(`cartesianProd: expected vectors, got shape ${showShape(x.shape)}`);
  }
  if (tensors.length === 1) return tensors[0]!;
  return tidy(() => stack(meshgrid(tensors).map((x) => x.flatten()), 1));
}

export function combinations(x: Tensor, r = 2, options: { readonly withReplacement?: boolean } = {}): Tensor {
  checkOptions("combinations", options, ["withReplacement"]);
  const { withReplacement = false } = options;
  if (x.ndim !== 1) throw new RangeError(`combinations: expected a vector, got shape ${showShape(x.shape)}`);
  if (!Number.isInteger(r) || r < 0) throw new RangeError(`combinations: r ${r} is not a non-negative integer`);
  checkHostSize("combinations", [r]);
  if (r === 0) return x.narrow(0, 0, 0).clone();
  const n = x.numel;
  // Row after row in lexicographic order.
  const chosen: number[] = [];
  const row = Array.from({ length: r }, (_, i) => withReplacement ? 0 : i);
  while (n > 0 && (withReplacement || r <= n)) {
    chosen.push(...row);
    checkHostSize("combinations", [chosen.length]);
    let place = r - 1;
    while (place >= 0 && row[place] === (withReplacement ? n - 1 : n - r + place)) place--;
    if (place < 0) break;
    row[place]!++;
    for (let i = place + 1; i < r; i++) row[i] = row[i - 1]! + (withReplacement ? 0 : 1);
  }
  const index = fromTypedArray(Int32Array.from(chosen), [chosen.length], { device: x.device });
  return x.indexSelect(0, index).reshape([chosen.length / r, r]);
}

export function repeatInterleave(
  x: Tensor,
  repeats: number | readonly number[] | Tensor,
  dim?: number,
  options: { readonly outputSize?: number } = {},
): Tensor {
  checkOptions("repeatInterleave", options, ["outputSize"]);
  if (dim === undefined) return x.reshape(-1).repeatInterleave(repeats, 0, options);
  const rows = x.ndim === 0 ? x.reshape(1) : x;
  const d = normalizeDim("repeatInterleave", dim, x.ndim);
  const size = rows.shape[d]!;
  if (isTensor(repeats)) {
    checkTensor("repeatInterleave", repeats, "repeats");
    if (!repeats.dtype.startsWith("int") || repeats.ndim > 1) {
      throw new TypeError(
        `repeatInterleave: repeats must be an int32 or int64 vector, got ${repeats.dtype} of shape ${
          showShape(repeats.shape)
        }`,
      );
    }
  }
  const given = isTensor(repeats) ? Array.from(repeats.toTypedArray(), Number) : [repeats].flat();
  if (given.length !== size && given.length !== 1) {
    throw new RangeError(
      `repeatInterleave: ${given.length} repeats for dim ${dim} of size ${size}; give one, or one for each element`,
    );
  }
  for (const count of given) {
    if (!Number.isInteger(count) || count < 0) {
      throw new RangeError(`repeatInterleave: ${count} is not a non-negative integer`);
    }
  }
  const counts = given.length === size ? given : Array<number>(size).fill(given[0]!);
  const total = counts.reduce((a, b) => a + b, 0);
  const { outputSize = total } = options;
  if (outputSize !== total) {
    throw new RangeError(`repeatInterleave: the repeats add up to ${total}, but outputSize is ${outputSize}`);
  }
  if (given.length === 1) {
    const shape = rows.shape.toSpliced(d + 1, 0, given[0]!);
    return rows.unsqueeze(d + 1).expand(shape).clone().reshape(rows.shape.with(d, total));
  }
  checkHostSize("repeatInterleave", [total]);
  const index = Int32Array.from(counts.flatMap((count, i) => Array<number>(count).fill(i)));
  return rows.indexSelect(d, fromTypedArray(index, [total], { device: x.device }));
}
