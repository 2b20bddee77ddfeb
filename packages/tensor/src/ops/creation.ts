/** Functions that make tensors. */
import { checkScalar, checkTensor, wrongValue } from "../checks.ts";
import { allocate, constant } from "../launch.ts";
import { defaultDevice, type Device, getDevice } from "../device.ts";
import { type DType, isInteger, itemSize, type Scalar, scalarDType, type TypedArray } from "../dtype.ts";
import { toHalfBits } from "../half.ts";
import { checkOptions } from "../options.ts";
import { checkValue, elementValue } from "../scalar.ts";
import { checkShape, contiguousStrides, type Shape, showShape, sizeOf } from "../shape.ts";
import { Storage } from "../storage.ts";
import { type NestedArray, type TensorOptions, tensorOptions } from "../tensor/core.ts";
import { optionDType } from "../tensor/reading.ts";
import { Tensor } from "../tensor/tensor.ts";
import { typedArrayOver } from "../dtype.ts";

/** Values for {@link tensor}: one, or nested arrays of them (also typed ones); rows of a dimension are of equal length. */
export type TensorData = NestedArray | TypedArray | readonly TensorData[];

function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

function isRow(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || isTypedArray(value);
}

function deviceOf(options: TensorOptions): Device {
  return options.device === undefined ? defaultDevice() : getDevice(options.device);
}

function finished(result: Tensor, options: TensorOptions): Tensor {
  if (options.requiresGrad) result.requiresGrad = true;
  return result;
}

/** Elements on the host, uploaded. @throws RangeError for one that the dtype cannot hold, unless they are to wrap as casts do. */
function uploaded(
  operation: string,
  dtype: DType,
  shape: Shape,
  options: TensorOptions,
  value: (i: number) => Scalar,
  wraps = false,
): Tensor {
  const length = sizeOf(shape);
  if (!wraps && isInteger(dtype)) { for (let i = 0; i < length; i++) checkValue(operation, value(i), dtype); }
  const result = allocate(operation, deviceOf(options), dtype, shape);
  const bytes = new Uint8Array(length * itemSize(dtype));
  const values = typedArrayOver(dtype, bytes.buffer, 0, length) as { [i: number]: number | bigint };
  for (let i = 0; i < length; i++) {
    const element = elementValue(value(i), dtype);
    values[i] = dtype === "float16" ? toHalfBits(element as number) : element;
  }
  result.device.backend.write(result.storage.buffer, 0, bytes);
  return finished(result, options);
}

/**
 * A tensor of JavaScript values, copied: numbers make float32, booleans bool, bigints int64, unless `dtype` says otherwise. A
 * typed array keeps its own type.
 *
 * @throws RangeError when rows differ in length. TypeError for a value that is none of these.
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
  return uploaded("tensor", optionDType("tensor", options.dtype, inferred), shape, options, (i) => flat[i]!);
}

/** As many dimensions as PyTorch's tensors may have. */
const mostDims = 64;

function wrongItem(item: unknown, depth: number): TypeError {
  if (item instanceof Tensor) {
    return new TypeError(
      depth === 0
        ? "tensor: the value is a tensor already; clone() copies it"
        : "tensor: there is a tensor among the values; stack([…]) and cat([…]) join tensors",
    );
  }
  return wrongValue("tensor", "a number, a boolean or a bigint, or nested arrays of them", item);
}

/** Booleans give way to bigints, both to numbers. */
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
 * A tensor over a typed array, without a copy where the device can use it (the two then share memory). A `Uint8Array` with
 * `dtype: "bool"` holds 0 and 1 (another byte makes it copy); a `Uint16Array` with `dtype: "float16"` holds bits. Another dtype than the array's own casts.
 *
 * @param shape by default `[array.length]`.
 * @throws RangeError when the shape has another number of elements. TypeError for an array of a kind that has no dtype.
 */
export function fromTypedArray(
  array: TypedArray | Uint8ClampedArray,
  shape: Shape = [array.length],
  options: TensorOptions = {},
): Tensor {
  checkOptions("fromTypedArray", options, tensorOptions);
  if (!isTypedArray(array)) throw wrongValue("fromTypedArray", "a typed array such as Float32Array", array);
  checkShape("fromTypedArray", shape);
  if (sizeOf(shape) !== array.length) {
    throw new RangeError(
      `fromTypedArray: shape ${showShape(shape)} has ${sizeOf(shape)} elements, the array ${array.length}`,
    );
  }
  const bits = array instanceof Uint16Array && options.dtype === "float16";
  const flags = array instanceof Uint8Array && options.dtype === "bool";
  const own: DType | undefined = bits
    ? "float16"
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
    // What the device cannot cast.
    return uploaded("fromTypedArray", dtype, [...shape], options, (i) => array[i]!, true);
  }
  // Other bytes than 0 and 1 are no bools; the caller's array is not ours to mend.
  const source = flags && array.some((value) => value > 1) ? array.map((value) => value === 0 ? 0 : 1) : array;
  const adopted = device.backend.adopt(source);
  let result: Tensor;
  if (adopted !== null) {
    result = new Tensor(new Storage(device, adopted, "fromTypedArray"), own, {
      shape,
      strides: contiguousStrides(shape),
      offset: 0,
    });
  } else {
    result = allocate("fromTypedArray", device, own, shape);
    device.backend.write(result.storage.buffer, 0, new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  }
  if (dtype === own) return finished(result, options);
  const cast = result.to(dtype);
  result.dispose();
  return finished(cast, options);
}

/** A tensor whose elements are not set to anything in particular. */
export function empty(shape: Shape, options: TensorOptions = {}): Tensor {
  checkOptions("empty", options, tensorOptions);
  checkShape("empty", shape);
  return finished(
    allocate("empty", deviceOf(options), optionDType("empty", options.dtype, "float32"), [...shape]),
    options,
  );
}

function filled(operation: string, shape: Shape, value: Scalar, options: TensorOptions, fallback: DType): Tensor {
  checkOptions(operation, options, tensorOptions);
  checkShape(operation, shape);
  const dtype = optionDType(operation, options.dtype, fallback);
  return finished(constant(operation, value, dtype, deviceOf(options), [...shape]), options);
}

/** A tensor of one value; its dtype follows the value. */
export function full(shape: Shape, value: Scalar, options: TensorOptions = {}): Tensor {
  checkScalar("full", value);
  return filled("full", shape, value, options, scalarDType(value));
}

/** A tensor of zeros. */
export function zeros(shape: Shape, options: TensorOptions = {}): Tensor {
  return filled("zeros", shape, 0, options, "float32");
}

/** A tensor of ones. */
export function ones(shape: Shape, options: TensorOptions = {}): Tensor {
  return filled("ones", shape, 1, options, "float32");
}

/** Shape and options of the `…Like` functions: what is not given is as in the tensor that is followed. */
function like(operation: string, x: Tensor, options: TensorOptions): [shape: Shape, options: TensorOptions] {
  checkTensor(operation, x);
  checkOptions(operation, options, tensorOptions);
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
 * Evenly spaced numbers from `start` (default 0) up to but not including `end`: `arange(end)`, `arange(start, end, step)`.
 * float32 unless `dtype` is given (PyTorch: int64 for integers).
 *
 * @throws RangeError when the step is 0 or leads away from the end.
 */
export function arange(end: number, options?: TensorOptions): Tensor;
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
    if (given !== undefined && typeof given !== "number" && given !== options) throw wrongValue("arange", "a number", given);
  }
  checkOptions("arange", options, tensorOptions);
  const count = Math.ceil((end - start) / step);
  if (!(step !== 0 && Number.isFinite(count)) || count < 0) {
    throw new RangeError(
      `arange: from ${start} to ${end} by ${step} never arrives; use a finite step that leads from start to end`,
    );
  }
  return uploaded("arange", optionDType("arange", options.dtype, "float32"), [count], options, (i) => start + i * step);
}

/** `steps` numbers from `start` to `end`, both included. @throws RangeError when steps is not a non-negative integer. */
export function linspace(start: number, end: number, steps: number, options: TensorOptions = {}): Tensor {
  checkOptions("linspace", options, tensorOptions);
  for (const bound of [start, end]) if (typeof bound !== "number") throw wrongValue("linspace", "a number", bound);
  if (!Number.isInteger(steps) || steps < 0) {
    throw new RangeError(`linspace: steps ${steps} is not a non-negative integer`);
  }
  const step = (end - start) / (steps - 1);
  // From both ends, so that the last is exactly `end`.
  const value = (i: number) => steps === 1 ? start : i < steps / 2 ? start + i * step : end - (steps - 1 - i) * step;
  return uploaded("linspace", optionDType("linspace", options.dtype, "float32"), [steps], options, value);
}

/** The identity matrix of `n` rows and `m` (default n) columns. */
export function eye(n: number, m: number | TensorOptions = n, options: TensorOptions = {}): Tensor {
  const columns = typeof m === "number" ? m : n;
  const given = typeof m === "number" ? options : m;
  checkOptions("eye", given, tensorOptions);
  checkShape("eye", [n, columns]);
  const dtype = optionDType("eye", given.dtype, "float32");
  return uploaded("eye", dtype, [n, columns], given, (i) => Math.floor(i / columns) === i % columns ? 1 : 0);
}
