/** Functions that create tensors. */
import { activeCapture } from "../engine/capture/hooks.ts";
import { checkScalar, checkTensor, wrongValue } from "../engine/checks.ts";
import { view } from "../engine/execute/view.ts";
import { constant, fill } from "../engine/fill.ts";
import { allocate, produceOne } from "../engine/launch.ts";
import { type DType, isHalfDType, type Scalar, scalarDType, type TypedArray } from "../dtype.ts";
import { checkOptions } from "../options.ts";
import { checkShape, contiguousStrides, type Shape, showShape, sizeOf } from "../shape.ts";
import { Storage } from "../memory/storage.ts";
import { isTensor, makeTensor, type NestedArray, type TensorOptions, tensorOptions } from "../tensor/core.ts";
import { optionDType } from "./conversion.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { deviceOf, fromElements, withOptions } from "./from_elements.ts";

/** Data for {@link tensor}: a value, or nested arrays (also typed arrays). Rows of a dimension have equal lengths. */
export type TensorData = NestedArray | TypedArray | readonly TensorData[];

function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

function isRow(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || isTypedArray(value);
}

/**
 * Creates a tensor from JavaScript values, which are copied. Numbers become float32, booleans bool and bigints int64, unless
 * `dtype` is given. A typed array keeps its own type.
 *
 * @throws RangeError if rows differ in length. TypeError for any other value.
 *
 * @example
 * ```ts
 * import { tensor } from "@heddle/tensor";
 * tensor([[1, 2], [3, 4]]).shape; // [2, 2]
 * tensor([1, 2], { dtype: "int32" });
 * ```
 */
export function tensor(data: TensorData, options: TensorOptions = {}): Tensor {
  checkOptions("tensor", options, tensorOptions);
  const shape: number[] = [];
  for (let level: unknown = data; isRow(level); level = level[0]) {
    shape.push(level.length);
    if (level.length === 0) break;
    if (shape.length > mostDims) {
      throw new RangeError(`tensor: arrays are nested more than ${mostDims} deep; does one contain itself?`);
    }
  }
  const flat: Scalar[] = [];
  const visit = (level: TensorData, depth: number): void => {
    if (isRow(level)) {
      const row = level as readonly TensorData[];
      if (depth >= shape.length || row.length !== shape[depth]) {
        throw new RangeError(
          `tensor: rows differ in length: expected ${
            shape[depth] ?? "a value"
          } at depth ${depth}, got ${row.length} elements`,
        );
      }
      for (const item of row) visit(item, depth + 1);
    } else if (depth !== shape.length) {
      throw new RangeError(`tensor: expected an array of ${shape[depth]} at depth ${depth}, got ${String(level)}`);
    } else if (typeof level !== "number" && typeof level !== "boolean" && typeof level !== "bigint") {
      throw wrongItem(level, depth);
    } else flat.push(level);
  };
  if (isTypedArray(data)) return fromTypedArray(data.slice(), [data.length], options);
  visit(data, 0);
  let inferred: DType = flat.length === 0 ? "float32" : scalarDType(flat[0]!);
  for (const value of flat) if (scalarDType(value) !== inferred) inferred = mixed(inferred, scalarDType(value));
  const dtype = optionDType("tensor", options.dtype, inferred);
  return withOptions(fromElements("tensor", dtype, shape, deviceOf(options), (i) => flat[i]!), options);
}

/** The most dimensions of nested arrays, as in PyTorch. */
const mostDims = 64;

function wrongItem(item: unknown, depth: number): TypeError {
  if (isTensor(item)) {
    return new TypeError(
      depth === 0
        ? "tensor: the value is a tensor already; clone() copies it"
        : "tensor: there is a tensor among the values; stack([…]) and cat([…]) join tensors",
    );
  }
  return wrongValue("tensor", "a number, a boolean or a bigint, or nested arrays of them", item);
}

/** The dtype of mixed values: bigints take precedence over booleans, and numbers over both. */
function mixed(a: DType, b: DType): DType {
  return a === "float32" || b === "float32" ? "float32" : "int64";
}

const arrayDTypes: readonly (readonly [new (...args: never[]) => ArrayBufferView, DType])[] = [
  [Float32Array, "float32"],
  [Float64Array, "float64"],
  [Int8Array, "int8"],
  [Int16Array, "int16"],
  [Int32Array, "int32"],
  [BigInt64Array, "int64"],
  [Uint8Array, "uint8"],
  [Uint8ClampedArray, "uint8"],
];

/**
 * Creates a tensor from a typed array. On the device `reference` the two share memory; `cpu` and GPUs copy. With `dtype: "bool"` a
 * `Uint8Array` holds 0 and 1 (with other bytes it is copied); with `dtype: "float16"` or `"bfloat16"` a `Uint16Array`
 * holds bits. Any other dtype
 * than the array's own casts the elements.
 *
 * @param sizes the shape; by default `[array.length]`.
 * @throws RangeError if the shape has another number of elements. TypeError for a kind of typed array without a dtype.
 */
export function fromTypedArray(
  array: TypedArray | Uint8ClampedArray,
  sizes: Shape = [array?.length],
  options: TensorOptions = {},
): Tensor {
  checkOptions("fromTypedArray", options, tensorOptions);
  if (!isTypedArray(array)) throw wrongValue("fromTypedArray", "a typed array such as Float32Array", array);
  checkShape("fromTypedArray", sizes);
  const shape = [...sizes];
  if (sizeOf(shape) !== array.length) {
    throw new RangeError(
      `fromTypedArray: shape ${showShape(shape)} has ${sizeOf(shape)} elements, the array ${array.length}`,
    );
  }
  const bits = array instanceof Uint16Array && options.dtype !== undefined && isHalfDType(options.dtype);
  const flags = array instanceof Uint8Array && options.dtype === "bool";
  const own: DType | undefined = bits
    ? options.dtype
    : flags
    ? "bool"
    : arrayDTypes.find(([kind]) => array instanceof kind)?.[1];
  if (own === undefined) {
    throw new TypeError(
      `fromTypedArray: a ${array.constructor.name} has no dtype; use one of ${
        arrayDTypes.map(([kind]) => kind.name).join(", ")
      }`,
    );
  }
  const device = deviceOf(options);
  const dtype = optionDType("fromTypedArray", options.dtype, own);
  if (dtype !== own && !bits && !device.backend.supports(own)) {
    // The device cannot cast from this dtype.
    return withOptions(fromElements("fromTypedArray", dtype, shape, device, (i) => array[i]!, true), options);
  }
  // Bytes other than 0 and 1 are not valid bools. Copy, since the caller's array must not change.
  const source = flags && array.some((value) => value > 1) ? array.map((value) => value === 0 ? 0 : 1) : array;
  const adopted = device.backend.adopt(source);
  let result: Tensor;
  if (adopted !== null) {
    const storage = new Storage(device, adopted, "fromTypedArray");
    activeCapture()?.wrote(storage, 0, new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
    result = makeTensor(storage, own, {
      shape,
      strides: contiguousStrides(shape),
      offset: 0,
    });
  } else {
    const bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    result = produceOne("fromTypedArray", device, own, shape, ({ storage }) => {
      storage.write(0, bytes);
    });
  }
  if (dtype === own) return withOptions(result, options);
  try {
    return withOptions(result.to(dtype), options);
  } finally {
    result.dispose();
  }
}

/**
 * Creates a tensor without setting its elements: they hold what was in the memory before. Write them before you read them. With
 * `HEDDLE_POISON=1` they are NaN (−1 in integers) on the CPU, which reveals reads of unwritten elements.
 */
export function empty(shape: Shape, options: TensorOptions = {}): Tensor {
  checkOptions("empty", options, tensorOptions);
  checkShape("empty", shape);
  return withOptions(
    allocate("empty", deviceOf(options), optionDType("empty", options.dtype, "float32"), [...shape]),
    options,
  );
}

function filled(operation: string, shape: Shape, value: Scalar, options: TensorOptions, fallback: DType): Tensor {
  checkOptions(operation, options, tensorOptions);
  checkShape(operation, shape);
  const dtype = optionDType(operation, options.dtype, fallback);
  return withOptions(constant(operation, value, dtype, deviceOf(options), [...shape]), options);
}

/** Creates a tensor with all elements equal to `value`. The default dtype follows the value. */
export function full(shape: Shape, value: Scalar, options: TensorOptions = {}): Tensor {
  checkOptions("full", options, tensorOptions);
  checkScalar("full", value);
  return filled("full", shape, value, options, scalarDType(value));
}

/** Creates a tensor of zeros. */
export function zeros(shape: Shape, options: TensorOptions = {}): Tensor {
  return filled("zeros", shape, 0, options, "float32");
}

/** Creates a tensor of ones. */
export function ones(shape: Shape, options: TensorOptions = {}): Tensor {
  return filled("ones", shape, 1, options, "float32");
}

/** Shape and options of the `…Like` functions. Dtype and device default to those of the given tensor. */
function like(operation: string, x: Tensor, options: TensorOptions): [shape: Shape, options: TensorOptions] {
  checkOptions(operation, options, tensorOptions);
  checkTensor(operation, x);
  return [x.shape, { dtype: x.dtype, device: x.device, ...options }];
}

/** {@link empty} in the shape, dtype and device of another tensor. */
export function emptyLike(x: Tensor, options: TensorOptions = {}): Tensor {
  return empty(...like("emptyLike", x, options));
}

/** {@link zeros} in the shape, dtype and device of another tensor. */
export function zerosLike(x: Tensor, options: TensorOptions = {}): Tensor {
  return zeros(...like("zerosLike", x, options));
}

/** {@link ones} in the shape, dtype and device of another tensor. */
export function onesLike(x: Tensor, options: TensorOptions = {}): Tensor {
  return ones(...like("onesLike", x, options));
}

/** {@link full} in the shape, dtype and device of another tensor. */
export function fullLike(x: Tensor, value: Scalar, options: TensorOptions = {}): Tensor {
  const [shape, given] = like("fullLike", x, options);
  return full(shape, value, given);
}

/**
 * Evenly spaced numbers from `start` (default 0) up to but excluding `end`: `arange(end)` or `arange(start, end, step)`. The dtype
 * is float32 unless given (PyTorch: int64 for integers).
 *
 * @throws RangeError if the step is 0 or leads away from the end.
 */
export function arange(end: number, options?: TensorOptions): Tensor;
/** The numbers from `start` up to, but not including, `end`, in steps of `step` (default 1). */
export function arange(start: number, end: number, step?: number | TensorOptions, options?: TensorOptions): Tensor;
export function arange(
  first: number,
  second?: number | TensorOptions,
  third?: number | TensorOptions,
  last?: TensorOptions,
): Tensor {
  const [start, end] = typeof second === "number" ? [first, second] : [0, first];
  const step = typeof third === "number" ? third : 1;
  const options = last ?? (typeof third === "object" ? third : typeof second === "object" ? second : {});
  for (const given of [first, second, third]) {
    if (given !== undefined && typeof given !== "number" && given !== options) {
      throw wrongValue("arange", "a number", given);
    }
  }
  checkOptions("arange", options, tensorOptions);
  const count = Math.ceil((end - start) / step);
  if (!(step !== 0 && Number.isFinite(count)) || count < 0) {
    throw new RangeError(
      `arange: from ${start} to ${end} by ${step} never reaches the end; use a finite step that leads from start to end`,
    );
  }
  const dtype = optionDType("arange", options.dtype, "float32");
  return withOptions(fromElements("arange", dtype, [count], deviceOf(options), (i) => start + i * step), options);
}

/** `steps` evenly spaced numbers from `start` to `end`, both included. @throws RangeError if `steps` is not a non-negative integer. */
export function linspace(start: number, end: number, steps: number, options: TensorOptions = {}): Tensor {
  return spaced("linspace", start, end, steps, options, (value) => value);
}

function spaced(
  operation: string,
  start: number,
  end: number,
  steps: number,
  options: TensorOptions,
  value: (place: number) => number,
): Tensor {
  checkOptions(operation, options, tensorOptions);
  for (const bound of [start, end]) if (typeof bound !== "number") throw wrongValue(operation, "a number", bound);
  if (!Number.isInteger(steps) || steps < 0) {
    throw new RangeError(`${operation}: steps ${steps} is not a non-negative integer`);
  }
  const step = (end - start) / (steps - 1);
  // Computed from both ends, so that the last number is exactly `end`.
  const place = (i: number) => steps === 1 ? start : i < steps / 2 ? start + i * step : end - (steps - 1 - i) * step;
  const dtype = optionDType(operation, options.dtype, "float32");
  return withOptions(fromElements(operation, dtype, [steps], deviceOf(options), (i) => value(place(i))), options);
}

/** Options of {@link logspace}. */
export interface LogspaceOptions extends TensorOptions {
  /** What is raised to the powers, by default 10. */
  readonly base?: number;
}

/**
 * `steps` numbers from `base` (default 10) to the power of `start` to that of `end`, both included, each the same factor apart.
 *
 * @throws RangeError when steps is not a non-negative integer.
 *
 * @example
 * ```ts
 * import { logspace } from "@heddle/tensor";
 * logspace(0, 2, 3).toArray(); // [1, 10, 100]
 * ```
 */
export function logspace(start: number, end: number, steps: number, options: LogspaceOptions = {}): Tensor {
  const { base = 10, ...rest } = options;
  return spaced("logspace", start, end, steps, rest, (exponent) => base ** exponent);
}

/** The identity matrix with `n` rows and `m` (default `n`) columns. */
export function eye(n: number, m: number | TensorOptions = n, options: TensorOptions = {}): Tensor {
  const [columns, given] = typeof m === "object" ? [n, m] : [m, options];
  checkOptions("eye", given, tensorOptions);
  checkShape("eye", [n, columns]);
  const dtype = optionDType("eye", given.dtype, "float32");
  const result = produceOne("eye", deviceOf(given), dtype, [n, columns], (made) => {
    fill("eye", made, 0);
    const diagonal = view({ prim: "diagonal", attrs: { offset: 0, dim1: 0, dim2: 1 } }, made);
    try {
      fill("eye", diagonal, 1);
    } finally {
      diagonal.dispose();
    }
  });
  return withOptions(result, given);
}
