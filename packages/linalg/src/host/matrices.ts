/** Conversion between tensors and the matrices of ml-matrix, in float64. */
import { fromTypedArray, type Shape, type Tensor } from "@heddle/tensor";
import { sizeOf } from "@heddle/tensor/engine";
import { Matrix } from "ml-matrix";

/** A batch of matrices, read from a tensor `[..., rows, columns]`. */
export interface Matrices {
  readonly batch: Shape;
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  /** All elements, matrix after matrix, row after row. */
  readonly values: Float64Array;
}

/** Reads a tensor of at least two dimensions. */
export function read(x: Tensor): Matrices {
  const batch = x.shape.slice(0, -2);
  const [rows, columns] = [x.shape.at(-2)!, x.shape.at(-1)!];
  const values = x.detach().toTypedArray();
  return {
    batch,
    count: sizeOf(batch),
    rows,
    columns,
    values: values instanceof Float64Array ? values : Float64Array.from<number | bigint>(values, Number),
  };
}

/** One matrix of a batch. */
export function matrixAt({ rows, columns, values }: Matrices, index: number): Matrix {
  const at = index * rows * columns;
  return matrix(rows, columns, (i, j) => values[at + i * columns + j]!);
}

/** A batch of square matrices of which one triangle is read, as LAPACK does, and the other is its mirror image. */
export function mirrored(a: Matrices, upper: boolean): Matrices {
  const { count, rows: n } = a;
  const values = Float64Array.from(a.values);
  for (let at = 0; at < count * n * n; at += n * n) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) {
        const [lower, higher] = [at + i * n + j, at + j * n + i];
        if (upper) values[lower] = values[higher]!;
        else values[higher] = values[lower]!;
      }
    }
  }
  return { ...a, values };
}

/** A matrix with elements of about 1, and the power of two that it was divided by. */
export interface Scaled {
  readonly matrix: Matrix;
  readonly scale: number;
}

/** Scales a matrix to about 1, without rounding: ml-matrix squares elements, and does not terminate when that overflows. */
export function scaled(a: Matrix): Scaled {
  const largest = a.isEmpty() ? 0 : Math.max(Math.abs(a.max()), Math.abs(a.min()));
  const scale = largest === 0 ? 1 : 2 ** Math.min(Math.max(Math.ceil(Math.log2(largest)), -1022), 1023);
  return { matrix: a.clone().mul(1 / scale), scale };
}

/** A matrix by its elements. */
export function matrix(rows: number, columns: number, value: (i: number, j: number) => number): Matrix {
  const result = new Matrix(rows, columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result.set(i, j, value(i, j));
  }
  return result;
}

/** A tensor `[...batch, ...shape]` in the dtype and on the device of another, filled item by item. */
export function write(
  batch: Shape,
  shape: Shape,
  like: Tensor,
  fill: (item: Float64Array, index: number) => void,
): Tensor {
  const size = sizeOf(shape);
  const count = sizeOf(batch);
  const values = new Float64Array(count * size);
  for (let i = 0; i < count; i++) fill(values.subarray(i * size, (i + 1) * size), i);
  return fromTypedArray(values, [...batch, ...shape], { dtype: like.dtype, device: like.device });
}

/** A tensor of matrices, all of one size. */
export function writeMatrices(
  batch: Shape,
  rows: number,
  columns: number,
  like: Tensor,
  results: readonly Matrix[],
): Tensor {
  return write(batch, [rows, columns], like, (item, index) => {
    const result = results[index]!;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) item[i * columns + j] = result.get(i, j);
    }
  });
}
