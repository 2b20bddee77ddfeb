/** Arithmetic of shapes, strides and dimensions. Errors name the operation and the values. */

/** The sizes of the dimensions, outermost first. */
export type Shape = readonly number[];

/** The layout of a tensor in its storage. Strides and offset count elements. */
export interface Geometry {
  /** The size of each dimension. */
  readonly shape: Shape;
  /** For each dimension, the distance in the storage from one element to the next, in elements. */
  readonly strides: readonly number[];
  /** The position of the first element in the storage, in elements. */
  readonly offset: number;
}

/** The number of elements. */
export function sizeOf(shape: Shape): number {
  let n = 1;
  for (let i = 0; i < shape.length; i++) n *= shape[i]!;
  return n;
}

/** Row-major strides. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= Math.max(shape[i]!, 1);
  }
  return strides;
}

/** Whether the elements are in row-major order without gaps. Dimensions of size 1 may have any stride. */
export function isContiguous(shape: Shape, strides: readonly number[]): boolean {
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const size = shape[i]!;
    if (size !== 1 && strides[i] !== step) return shape.includes(0);
    step *= size;
  }
  return true;
}

/** A shape as text, such as `[2, 3]`. */
export function showShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Whether two shapes are the same. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/**
 * A dimension as a non-negative number; negative ones count from the end.
 *
 * @throws RangeError if it is not an integer within `-ndim … ndim - 1`.
 */
export function normalizeDim(operation: string, dim: number, ndim: number): number {
  const n = Math.max(ndim, 1);
  if (!Number.isInteger(dim) || dim < -n || dim >= n) {
    throw new RangeError(
      `${operation}: dim ${String(dim)} is out of range for a tensor with ${ndim} dimensions; expected ${-n} to ${
        n - 1
      }`,
    );
  }
  return dim < 0 ? dim + n : dim;
}

/**
 * Several dimensions as non-negative numbers. `undefined` or an empty list means all.
 *
 * @throws RangeError for a dimension that is out of range or occurs twice.
 */
export function normalizeDims(operation: string, dims: number | readonly number[] | undefined, ndim: number): number[] {
  if (dims === undefined || (Array.isArray(dims) && dims.length === 0)) {
    const all: number[] = [];
    for (let d = 0; d < ndim; d++) all.push(d);
    return all;
  }
  if (typeof dims === "number") {
    return ndim === 0 ? (normalizeDim(operation, dims, 0), []) : [normalizeDim(operation, dims, ndim)];
  }
  if (!Array.isArray(dims)) {
    throw new TypeError(
      `${operation}: expected a dim or an array of dims, got ${
        typeof dims === "object" ? JSON.stringify(dims) : String(dims)
      }; options come after the dims (undefined: all)`,
    );
  }
  const result = dims.map((dim: number) => normalizeDim(operation, dim, ndim));
  if (new Set(result).size !== result.length) {
    throw new RangeError(`${operation}: dims [${dims.join(", ")}] name a dimension twice; name each once`);
  }
  return ndim === 0 ? [] : result;
}

/**
 * The shape to which all shapes broadcast (NumPy's rule).
 *
 * @throws RangeError that names the shapes and the dimension that differs.
 */
export function broadcastShapes(operation: string, ...shapes: Shape[]): Shape {
  let result = shapes[0] ?? [];
  for (let s = 1; s < shapes.length; s++) {
    const shape = shapes[s]!;
    if (shape === result || sameShape(shape, result)) continue;
    const n = Math.max(shape.length, result.length);
    const merged = new Array<number>(n);
    for (let i = 1; i <= n; i++) {
      const a = result[result.length - i] ?? 1;
      const b = shape[shape.length - i] ?? 1;
      if (a !== b && a !== 1 && b !== 1) {
        throw new RangeError(
          `${operation}: shapes ${
            shapes.map(showShape).join(" and ")
          } do not broadcast: dim -${i} is ${a} against ${b}; ` +
            `sizes must be equal or 1`,
        );
      }
      merged[n - i] = a === 1 ? b : a;
    }
    result = merged;
  }
  return result;
}

/** The strides of a tensor broadcast to `target`: 0 in dimensions along which it is repeated. */
export function broadcastStrides(shape: Shape, strides: readonly number[], target: Shape): readonly number[] {
  if (shape.length === target.length && sameShape(shape, target)) return strides;
  const lead = target.length - shape.length;
  const result = new Array<number>(target.length);
  for (let i = 0; i < target.length; i++) {
    const j = i - lead;
    result[i] = j < 0 || (shape[j] === 1 && target[i] !== 1) ? 0 : strides[j]!;
  }
  return result;
}

/**
 * Checks a shape from a caller.
 *
 * @throws RangeError if a size is not a non-negative integer, or the number of elements is not a safe integer.
 */
export function checkShape(operation: string, shape: readonly number[]): void {
  if (!Array.isArray(shape)) throw new TypeError(`${operation}: expected a shape such as [2, 3], got ${String(shape)}`);
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw new RangeError(`${operation}: shape ${showShape(shape)} has size ${size}; sizes are non-negative integers`);
    }
  }
  if (!Number.isSafeInteger(sizeOf(shape))) {
    throw new RangeError(`${operation}: shape ${showShape(shape)} has more elements than can be counted`);
  }
}

/**
 * Checks the size of a tensor whose elements are about to be computed one by one in JavaScript: too large a one would take minutes,
 * and all memory.
 *
 * @param most the most elements. Plain arrays take at least 8 bytes an element, so that the limit for them is lower than for typed arrays.
 * @throws RangeError if there are more.
 */
export function checkHostSize(operation: string, shape: Shape, most: number = 2 ** 30): void {
  if (!(sizeOf(shape) <= most)) {
    throw new RangeError(
      `${operation}: shape ${showShape(shape)} has ${
        sizeOf(shape)
      } elements, more than can be made (${most}); use smaller sizes`,
    );
  }
}

/**
 * Replaces a size of -1 by the size that the number of elements implies.
 *
 * @throws RangeError if the number of elements does not match.
 */
export function inferShape(operation: string, sizes: readonly number[], shape: Shape): number[] {
  const numel = sizeOf(shape);
  const unknown = sizes.indexOf(-1);
  const result = [...sizes];
  const fail = (why: string): never => {
    throw new RangeError(
      `${operation}: cannot give a tensor of shape ${showShape(shape)} (${numel} elements) the shape ${
        showShape(sizes)
      }: ${why}`,
    );
  };
  if (unknown >= 0) {
    if (sizes.indexOf(-1, unknown + 1) >= 0) fail("only one size can be -1");
    const known = sizes.reduce((n, size, i) => i === unknown ? n : n * size, 1);
    if (known === 0) fail("with a size of 0 the size for -1 could be anything; write it out");
    result[unknown] = numel / known;
    if (!Number.isInteger(result[unknown])) fail(`${numel} is not a multiple of ${known}`);
  }
  for (const size of result) if (!Number.isInteger(size) || size < 0) fail(`${size} is not a size`);
  if (sizeOf(result) !== numel) fail(`that has ${sizeOf(result)} elements`);
  return result;
}

/**
 * The strides that show the same storage in another shape, or null if that takes a copy.
 *
 * Dimensions of the old shape that are contiguous with each other form chunks. Each chunk must consist of whole dimensions of the
 * new shape.
 */
export function viewStrides(shape: Shape, strides: readonly number[], target: Shape): number[] | null {
  const size = sizeOf(shape);
  if (size === 0 || (size === sizeOf(target) && isContiguous(shape, strides))) return contiguousStrides(target);
  const result = new Array<number>(target.length).fill(1);
  let t = target.length - 1;
  let chunk = 1;
  let base = 1;
  let started = false;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (!started) {
      base = strides[i]!;
      started = true;
    }
    chunk *= shape[i]!;
    const next = i - 1;
    if (next >= 0 && (shape[next] === 1 || strides[next] === chunk * base)) continue;
    let covered = 1;
    while (t >= 0 && (covered < chunk || target[t] === 1)) {
      result[t] = covered * base;
      covered *= target[t]!;
      t--;
    }
    if (covered !== chunk) return null;
    chunk = 1;
    started = false;
  }
  while (t >= 0) {
    if (target[t] !== 1) return null;
    t--;
  }
  return result;
}
