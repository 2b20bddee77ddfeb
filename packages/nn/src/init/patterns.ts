/** Initialisers with structure: identities, orthogonal and sparse matrices. Made on the host in float64, then copied. */
import { noGrad } from "@heddle/autograd";
import { defaultGenerator, fromTypedArray, type Generator, type Tensor } from "@heddle/tensor";
import { checkOptions, sizeOf } from "@heddle/tensor/engine";
import { showSizes } from "../sizes.ts";
import { checkNoOptions } from "../surplus_arguments.ts";
import type { DrawOptions } from "./fill.ts";

function write<T extends Tensor>(tensor: T, values: Float64Array): T {
  noGrad(() => {
    const array = tensor.dtype === "float64" ? values : Float32Array.from(values);
    const made = fromTypedArray(array, tensor.shape, { device: tensor.device });
    tensor.copy_(made);
    made.dispose();
  });
  return tensor;
}

/** Normally distributed numbers on the host, by the Box–Muller transform. */
function normals(count: number, generator: Generator = defaultGenerator): Float64Array {
  const draws = generator.uniforms(2 * count);
  return Float64Array.from({ length: count }, (_, i) => {
    const radius = Math.sqrt(-2 * Math.log(1 - draws[2 * i]!)); // 1 − u is never 0
    return radius * Math.cos(2 * Math.PI * draws[2 * i + 1]!);
  });
}

/** The identity matrix, for any number of rows and columns. @throws RangeError unless 2-d. */
export function eye_<T extends Tensor>(tensor: T): T {
  checkNoOptions("eye_", arguments, 1);
  const [rows, columns] = matrixSize("eye_", tensor);
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < Math.min(rows, columns); i++) values[i * columns + i] = 1;
  return write(tensor, values);
}

function matrixSize(operation: string, tensor: Tensor): [rows: number, columns: number] {
  if (tensor.ndim !== 2) throw new RangeError(`${operation}: fills matrices, got shape ${showSizes(tensor.shape)}`);
  return [tensor.shape[0]!, tensor.shape[1]!];
}

/** Options of {@link dirac_}. */
export interface DiracOptions {
  /** Groups of the convolution; each passes on its own channels. */
  readonly groups?: number;
}

/**
 * A convolution weight `[out, in / groups, …kernel]` that passes on as many channels as it can unchanged.
 *
 * @throws RangeError unless there are one to three kernel dimensions and `out` is a multiple of `groups`.
 */
export function dirac_<T extends Tensor>(tensor: T, options: DiracOptions = {}): T {
  checkOptions("dirac_", options, ["groups"]);
  const { groups = 1 } = options;
  const [out, into, ...kernel] = tensor.shape;
  if (out === undefined || into === undefined || kernel.length < 1 || kernel.length > 3) {
    throw new RangeError(
      `dirac_: fills weights [out, in, …kernel] of 3 to 5 dimensions, got shape ${showSizes(tensor.shape)}`,
    );
  }
  if (!(Number.isInteger(groups) && groups > 0 && out % groups === 0)) {
    throw new RangeError(`dirac_: ${out} output channels cannot be split into ${groups} groups`);
  }
  const field = sizeOf(kernel);
  const centre = kernel.reduce((at, size) => at * size + Math.floor(size / 2), 0);
  const values = new Float64Array(out * into * field);
  const perGroup = out / groups;
  for (let g = 0; g < groups; g++) {
    for (let c = 0; c < Math.min(perGroup, into); c++) values[((g * perGroup + c) * into + c) * field + centre] = 1;
  }
  return write(tensor, values);
}

/** Options of {@link orthogonal_}. */
export interface OrthogonalOptions extends DrawOptions {
  /** Factor of the result; 1 by default. */
  readonly gain?: number;
}

/**
 * A random matrix whose rows (or, if there are more of them, columns) are orthonormal; further dimensions count as columns. Saxe et
 * al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks" (2013).
 *
 * @throws RangeError for fewer than two dimensions.
 *
 * @example
 * ```ts
 * import { init } from "@heddle/nn";
 * import { empty } from "@heddle/tensor";
 * const w = init.orthogonal_(empty([3, 5]));
 * w.matmul(w.t()); // the identity, up to rounding
 * ```
 */
export function orthogonal_<T extends Tensor>(tensor: T, options: OrthogonalOptions = {}): T {
  checkOptions("orthogonal_", options, ["gain", "generator"]);
  const { gain = 1, generator } = options;
  if (tensor.ndim < 2) {
    throw new RangeError(`orthogonal_: needs at least 2 dimensions, got shape ${showSizes(tensor.shape)}`);
  }
  if (tensor.numel === 0) return tensor;
  const rows = tensor.shape[0]!;
  const columns = tensor.numel / rows;
  // Gaussian vectors, orthonormalised: as many as the smaller of rows and columns, since no more can be orthogonal.
  const count = Math.min(rows, columns);
  const length = Math.max(rows, columns);
  const vectors = normals(count * length, generator);
  orthonormalise(vectors, count, length);
  const values = new Float64Array(rows * columns);
  for (let v = 0; v < count; v++) {
    for (let i = 0; i < length; i++) {
      values[rows <= columns ? v * columns + i : i * columns + v] = gain * vectors[v * length + i]!;
    }
  }
  return write(tensor, values);
}

/** Gram–Schmidt on the rows of a matrix, each twice over, which is enough ("twice is enough", Giraud et al. 2005). */
function orthonormalise(vectors: Float64Array, count: number, length: number): void {
  for (let v = 0; v < count; v++) {
    const vector = vectors.subarray(v * length, (v + 1) * length);
    for (let pass = 0; pass < 2; pass++) {
      for (let u = 0; u < v; u++) {
        const other = vectors.subarray(u * length, (u + 1) * length);
        let dot = 0;
        for (let i = 0; i < length; i++) dot += vector[i]! * other[i]!;
        for (let i = 0; i < length; i++) vector[i]! -= dot * other[i]!;
      }
      let square = 0;
      for (let i = 0; i < length; i++) square += vector[i]! ** 2;
      const scale = 1 / Math.sqrt(square);
      for (let i = 0; i < length; i++) vector[i]! *= scale;
    }
  }
}

/** Options of {@link sparse_}. */
export interface SparseOptions extends DrawOptions {
  /** Standard deviation of what is not zero; 0.01 by default. */
  readonly std?: number;
}

/**
 * A normally distributed matrix in each of whose columns a fraction `sparsity` of the elements (rounded up) is zero. Martens, "Deep
 * learning via Hessian-free optimization" (2010).
 *
 * @throws RangeError unless the tensor is 2-d and the fraction within 0 to 1.
 */
export function sparse_<T extends Tensor>(tensor: T, sparsity: number, options: SparseOptions = {}): T {
  checkOptions("sparse_", options, ["generator", "std"]);
  const { std = 0.01, generator } = options;
  const [rows, columns] = matrixSize("sparse_", tensor);
  if (!(sparsity >= 0 && sparsity <= 1)) throw new RangeError(`sparse_: sparsity ${sparsity} is not within 0 to 1`);
  const zeros = Math.ceil(sparsity * rows);
  const values = normals(rows * columns, generator).map((value) => std * value);
  for (let j = 0; j < columns; j++) {
    // The rows with the smallest random numbers: a uniformly random subset.
    const rank = (generator ?? defaultGenerator).uniforms(rows);
    const chosen = Array.from({ length: rows }, (_, i) => i).sort((a, b) => rank[a]! - rank[b]!);
    for (const i of chosen.slice(0, zeros)) values[i * columns + j] = 0;
  }
  return write(tensor, values);
}
