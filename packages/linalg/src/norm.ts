/** Norms of vectors and matrices. */
import { checkDType, type DType, type Tensor } from "@heddle/tensor";
import { checkNumberArray, checkOptions, checkTensor, inFloat32, normalizeDims } from "@heddle/tensor/engine";
import { checkFloat, checkMatrix } from "./check.ts";
import { svdvals } from "./svd.ts";

/** Options of {@link vectorNorm}. */
export interface VectorNormOptions {
  /** The dimensions to reduce; all of them by default, the tensor being taken for one vector. */
  readonly dim?: number | readonly number[];
  /** Whether the result keeps reduced dimensions with one element. Default false. */
  readonly keepdim?: boolean;
  /** The floating-point dtype to compute in. */
  readonly dtype?: DType;
}

/** Options of {@link matrixNorm}. */
export interface MatrixNormOptions {
  /** The dimensions of rows and of columns. Default [-2, -1]. */
  readonly dim?: readonly [number, number];
  /** Whether the result keeps both with one element. Default false. */
  readonly keepdim?: boolean;
  /** The floating-point dtype to compute in. */
  readonly dtype?: DType;
}

/** "fro": Frobenius' norm; "nuc": the nuclear norm; ±2 by singular values; ±1 by sums of columns; ±Infinity by sums of rows. */
export type MatrixNormOrder = "fro" | "nuc" | 1 | -1 | 2 | -2 | number;

const names = ["dim", "keepdim", "dtype"] as const;

function converted(operation: string, x: Tensor, dtype: DType | undefined): Tensor {
  checkFloat(operation, x);
  if (dtype !== undefined) checkDType(operation, dtype);
  const wide = dtype === undefined ? x : x.to(dtype);
  checkFloat(operation, wide);
  return wide;
}

/**
 * The norm (Σ|x|^ord)^(1/ord) of each vector (PyTorch's `torch.linalg.vector_norm`). With `ord` ±Infinity it is the largest or the
 * smallest absolute value, with 0 the number of elements that are not 0. Its gradient at the zero vector is 0.
 *
 * @param x any shape.
 * @param ord any number. Default 2.
 * @returns the shape of `x` without the reduced dimensions.
 * @throws RangeError for wrong dimensions, and for a negative or infinite `ord` of vectors without elements; TypeError for integers.
 *
 * @example
 * ```ts
 * import { vectorNorm } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * vectorNorm(tensor([[3, 4], [6, 8]]), 2, { dim: 1 }).toArray(); // [5, 10]
 * vectorNorm(tensor([3, -4]), Infinity).item(); // 4
 * ```
 */
export function vectorNorm(x: Tensor, ord = 2, options: VectorNormOptions = {}): Tensor {
  checkOptions("vectorNorm", options, names);
  const { dim, keepdim = false } = options;
  if (typeof ord !== "number" || Number.isNaN(ord)) {
    throw new TypeError(`vectorNorm: ord is ${String(ord)}; it must be a number`);
  }
  const wide = converted("vectorNorm", x, options.dtype);
  const reduced = normalizeDims("vectorNorm", dim, wide.ndim);
  if ((ord < 0 || ord === Infinity) && reduced.some((d) => wide.shape[d] === 0)) {
    throw new RangeError(
      `vectorNorm: vectors without elements have no ${ord}-norm, got shape [${wide.shape.join(", ")}] along dims [${
        reduced.join(", ")
      }]; use an ord of at least 0`,
    );
  }
  return wide.norm(ord, dim, { keepdim });
}

const orders: readonly unknown[] = ["fro", "nuc", Infinity, -Infinity, 1, -1, 2, -2];

/**
 * The norm of each matrix (PyTorch's `torch.linalg.matrix_norm`): "fro" is √Σx², "nuc" the sum of the singular values, 2 and −2 the
 * largest and the smallest of them, Infinity and −Infinity the largest and the smallest sum of absolute values of a row, 1 and −1
 * that of a column.
 *
 * @param a `[..., m, n]`
 * @param ord Default "fro".
 * @returns `[...]`
 * @throws RangeError for fewer than two dimensions, an unknown `ord`, and one that needs elements where there are none; TypeError for
 * integers; Error for NaN and infinities where `ord` needs singular values.
 *
 * @example
 * ```ts
 * import { matrixNorm } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * const a = tensor([[1, -2], [3, 4]]);
 * matrixNorm(a, Infinity).item(); // 7
 * matrixNorm(a, 1).item(); // 6
 * ```
 */
export function matrixNorm(a: Tensor, ord: MatrixNormOrder = "fro", options: MatrixNormOptions = {}): Tensor {
  checkOptions("matrixNorm", options, names);
  const { dim = [-2, -1], keepdim = false, dtype } = options;
  checkMatrix("matrixNorm", a);
  checkNumberArray("matrixNorm", "dim", dim);
  if (!orders.includes(ord)) {
    throw new RangeError(
      `matrixNorm: ord is ${
        typeof ord === "string" ? `"${ord}"` : String(ord)
      }; it must be "fro", "nuc", 1, -1, 2, -2, Infinity or -Infinity`,
    );
  }
  const x = converted("matrixNorm", a, dtype);
  const [rows, columns] = dim.map((d) => d < 0 ? d + x.ndim : d) as [number, number];
  if (
    dim.length !== 2 || rows === columns || [rows, columns].some((d) => !(Number.isInteger(d) && d >= 0 && d < x.ndim))
  ) {
    throw new RangeError(
      `matrixNorm: dim is [${dim.join(", ")}]; it must be two different dims of shape [${x.shape.join(", ")}]`,
    );
  }
  if (ord === "fro") return vectorNorm(x, 2, { dim: [rows, columns], keepdim });
  const perColumn = Math.abs(ord as number) === 1;
  const chosen = perColumn ? [columns] : ord === Infinity || ord === -Infinity ? [rows] : [rows, columns];
  if (ord !== "nuc" && chosen.some((d) => x.shape[d] === 0)) {
    throw new RangeError(
      `matrixNorm: matrices without elements have no norm of ord ${ord}, got shape [${
        x.shape.join(", ")
      }]; use "fro" or "nuc"`,
    );
  }
  const norms = inFloat32([x], (x) => {
    if (chosen.length === 1) {
      const sums = x.abs().sum(perColumn ? rows : columns, { keepdim: true });
      return (ord as number) > 0 ? sums.amax(chosen, { keepdim: true }) : sums.amin(chosen, { keepdim: true });
    }
    const values = svdvals(x.movedim([rows, columns], [-2, -1]));
    const norm = ord === "nuc" ? values.sum(-1) : values.select(-1, ord === 2 ? 0 : values.shape.at(-1)! - 1);
    const [first, second] = rows < columns ? [rows, columns] : [columns, rows];
    return norm.unsqueeze(first).unsqueeze(second);
  });
  return keepdim ? norms : norms.squeeze(Math.max(rows, columns)).squeeze(Math.min(rows, columns));
}

/** Options of {@link norm}. */
export interface NormOptions {
  /** One dimension for vectors, two for matrices. */
  readonly dim?: number | readonly number[];
  /** Whether the result keeps reduced dimensions with one element. Default false. */
  readonly keepdim?: boolean;
  /** The floating-point dtype to compute in. */
  readonly dtype?: DType;
}

/**
 * A norm of vectors or matrices (PyTorch's `torch.linalg.norm`). Without `ord` it is the 2-norm of the elements along `dim`, or of all
 * elements. With one, {@link vectorNorm} along one dimension, or {@link matrixNorm} along two; without `dim` the tensor must then have
 * one or two.
 *
 * @throws as these; RangeError when `ord` is given and it is open what the norm is of.
 *
 * @example
 * ```ts
 * import { norm } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * norm(tensor([[1, 2], [2, 4]])).item(); // 5
 * norm(tensor([[1, 2], [2, 4]]), "nuc").item(); // about 5
 * norm(tensor([[3, 4], [0, 1]]), 1, { dim: 1 }).toArray(); // [7, 1]
 * ```
 */
export function norm(x: Tensor, ord?: MatrixNormOrder | null, options: NormOptions = {}): Tensor {
  checkOptions("norm", options, names);
  checkTensor("norm", x);
  const { dim, ...rest } = options;
  const dims = dim === undefined ? undefined : [dim].flat();
  if (dims !== undefined && dims.length !== 1 && dims.length !== 2) {
    throw new RangeError(`norm: dim is [${dims.join(", ")}]; it must be one dim for vectors or two for matrices`);
  }
  if (ord === undefined || ord === null) return vectorNorm(x, 2, { ...rest, dim: dims });
  const along = dims?.length ?? x.ndim;
  if (along !== 1 && along !== 2) {
    throw new RangeError(
      `norm: with ord ${typeof ord === "string" ? `"${ord}"` : String(ord)} and shape [${
        x.shape.join(", ")
      }] give a dim, one for norms of vectors or two for those of matrices`,
    );
  }
  if (along === 2) return matrixNorm(x, ord, { ...rest, dim: dims as [number, number] | undefined });
  if (typeof ord !== "number") throw new RangeError(`norm: ord "${ord}" is for matrices; give two dims, or a number`);
  return vectorNorm(x, ord, { ...rest, dim: dims });
}
