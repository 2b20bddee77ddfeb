/** Reading values of tensors, and conversion to other dtypes and devices. */
import { activeCapture } from "../engine/capture/hooks.ts";
import { apply, applyInPlace, execute } from "../engine/apply.ts";
import { constant, fill } from "../engine/fill.ts";
import { produceOne } from "../engine/launch.ts";
import { checkDType, type DType, dtypes, isHalfDType, itemSize, type Scalar, typedArrayOver } from "../dtype.ts";
import { Device, deviceNames, getDevice, howToOpen, type ToTarget } from "../device.ts";
import { halfFormats } from "../half.ts";
import { broadcastShapes, sameShape, type Shape, showShape, sizeOf } from "../shape.ts";
import { reclaiming } from "../memory/storage.ts";
import { activeRecorder } from "../engine/recorder.ts";
import { activeTape } from "../engine/tape.ts";
import { type DataArray, freedError, isTensor, makeTensor, type NestedArray, type Operand } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The most elements of a tensor that `toJSON` writes. */
const longestJson = 10_000;

export function item(x: Tensor): number {
  if (x.isDisposed) throw freedError(x, "item");
  if (x.numel !== 1) {
    throw new Error(
      `item: the tensor of shape ${showShape(x.shape)} has ${x.numel} elements, not one; use toArray() for several`,
    );
  }
  const value = x.toTypedArray()[0]!;
  if (typeof value === "bigint" && (value > 2n ** 53n || value < -(2n ** 53n))) {
    throw new RangeError(
      `item: ${value} is beyond ±2^53, which a number cannot hold; use toArray(), which returns a bigint`,
    );
  }
  return Number(value);
}

export function toTypedArray(x: Tensor, dtype?: DType): DataArray {
  if (dtype !== undefined) expectDType("toTypedArray", x, dtype);
  const bytes = packed(x, "toTypedArray", (x) => x.device.backend.read(x.storage.buffer, ...extent(x)));
  return decode(x.dtype, bytes);
}

export async function data(x: Tensor, dtype?: DType): Promise<DataArray> {
  if (dtype !== undefined) expectDType("data", x, dtype);
  const bytes = packed(x, "data", (x) => x.device.backend.readAsync(x.storage.buffer, ...extent(x)));
  const values = decode(x.dtype, await bytes);
  const turn = reclaiming();
  if (turn !== null) await turn;
  return values;
}

export function toArray(x: Tensor): NestedArray {
  checkNested(x.shape);
  return nest(x.toTypedArray(), x.shape, x.dtype === "bool");
}

export function to<S extends string>(x: Tensor, targets: readonly ToTarget<S>[]): Tensor {
  return (targets as (Device | string)[]).reduce<Tensor>((x, target) => {
    if (!(dtypes as readonly unknown[]).includes(target)) return moved(x, deviceNamed(target));
    return x.dtype === target ? x : apply("cast", [x], { dtype: target as DType }, "to");
  }, x);
}

export function float(x: Tensor): Tensor {
  return x.to("float32");
}

export function double(x: Tensor): Tensor {
  return x.to("float64");
}

export function half(x: Tensor): Tensor {
  return x.to("float16");
}

export function bfloat16(x: Tensor): Tensor {
  return x.to("bfloat16");
}

export function int(x: Tensor): Tensor {
  return x.to("int32");
}

export function long(x: Tensor): Tensor {
  return x.to("int64");
}

export function bool(x: Tensor): Tensor {
  return x.to("bool");
}

export function clone(x: Tensor): Tensor {
  return apply("cast", [x], { dtype: x.dtype }, "clone");
}

export function contiguous(x: Tensor): Tensor {
  return x.isContiguous() ? x : apply("cast", [x], { dtype: x.dtype }, "contiguous");
}

export function detach(x: Tensor): Tensor {
  if (x.isDisposed) throw freedError(x, "detach");
  return makeTensor(x.storage, x.dtype, x);
}

export function copy_(x: Tensor, source: Operand): Tensor {
  if (!isTensor(source)) return filled("copy_", x, source);
  if (source.isDisposed) throw freedError(source, "copy_");
  const here = source.device === x.device ? source : moved(source, x.device);
  if (!sameShape(broadcastShapes("copy_", here.shape, x.shape), x.shape)) {
    throw new RangeError(`copy_: shape ${showShape(source.shape)} does not broadcast to ${showShape(x.shape)}`);
  }
  return applyInPlace(x, "cast", [here.expand(x.shape)], { dtype: x.dtype }, "copy_");
}

export function fill_(x: Tensor, value: Operand): Tensor {
  if (!isTensor(value)) return filled("fill_", x, value);
  if (value.ndim !== 0) {
    throw new RangeError(`fill_: expected a number or a 0-dimensional tensor, got shape ${showShape(value.shape)}`);
  }
  return x.copy_(value);
}

export function zero_(x: Tensor): Tensor {
  return x.fill_(0);
}

export function toJSON(x: Tensor): unknown {
  if (x.isDisposed) throw freedError(x, "toJSON");
  if (x.numel > longestJson) {
    throw new Error(
      `toJSON: a tensor of shape ${
        showShape(x.shape)
      } has ${x.numel} elements, too many for JSON (at most ${longestJson}); ` +
        `write the bytes of toTypedArray() to a file, or use toArray() if you really want the text`,
    );
  }
  return x.dtype === "int64" ? jsonIntegers(x.toArray()) : x.toArray();
}

/** Bigints for JSON, which has none: as numbers where these are exact, else as strings. */
function jsonIntegers(values: NestedArray): unknown {
  if (Array.isArray(values)) return values.map(jsonIntegers);
  return Number.isSafeInteger(Number(values)) ? Number(values) : String(values);
}

/** Sets all elements to a value, as an operation that the tape records. */
function filled(operation: string, x: Tensor, value: Scalar): Tensor {
  if (activeTape()?.enabled || x.isDisposed || x.strides.includes(0)) {
    const everywhere = constant(operation, value, x.dtype, x.device).expand(x.shape);
    return applyInPlace(x, "cast", [everywhere], { dtype: x.dtype }, operation);
  }
  fill(operation, x, value);
  x.storage.version++;
  return x;
}

/** @throws RangeError for a name that is neither a dtype nor a device. */
function deviceNamed(target: Device | string): Device {
  if (target instanceof Device || deviceNames().includes(target)) return getDevice(target);
  const names = (all: readonly string[]) => all.map((name) => `"${name}"`).join(", ");
  throw new RangeError(
    `to: there is no device "${target}" and no dtype of that name; devices are ${names(deviceNames())}, dtypes ${
      names(dtypes)
    }${howToOpen(target)}`,
  );
}

/** @throws TypeError for an unknown dtype, and for a tensor of another dtype. */
function expectDType(operation: string, x: Tensor, dtype: DType): void {
  if (x.dtype === dtype) return;
  checkDType(operation, dtype);
  throw new TypeError(
    `${operation}: the tensor of shape ${
      showShape(x.shape)
    } is ${x.dtype}, not ${dtype}; cast with .to("${dtype}") first, ` +
      `or ask for "${x.dtype}"`,
  );
}

/** Calls `read` with a contiguous form of the tensor, without recording. */
function packed<T>(tensor: Tensor, operation: string, read: (source: Tensor) => T): T {
  if (tensor.isDisposed) throw freedError(tensor, operation);
  activeRecorder()?.read(operation, tensor);
  activeCapture()?.read(operation, tensor);
  if (tensor.isContiguous()) return read(tensor);
  const [copy] = execute("cast", [tensor], { dtype: tensor.dtype }, null);
  try {
    return read(copy!);
  } finally {
    copy!.dispose();
  }
}

/** The byte offset and the number of bytes of a contiguous tensor. */
function extent({ offset, numel, dtype, shape, storage }: Tensor): [byteOffset: number, bytes: number] {
  const [start, bytes] = [offset * itemSize(dtype), numel * itemSize(dtype)];
  if (sizeOf(shape) !== numel || !(start >= 0 && start + bytes <= storage.buffer.bytes)) {
    throw new RangeError(
      `reading ${numel} elements from ${offset} on as shape ${
        showShape(shape)
      }: they are not within the tensor's memory of ` +
        `${storage.buffer.bytes} bytes; do not write to the array that shape returns`,
    );
  }
  return [start, bytes];
}

function decode(dtype: DType, bytes: Uint8Array<ArrayBuffer>): DataArray {
  const values = typedArrayOver(dtype, bytes.buffer, bytes.byteOffset, bytes.byteLength / itemSize(dtype));
  if (!isHalfDType(dtype)) return values as DataArray;
  const table = halfFormats[dtype].values();
  return Float32Array.from(values as Uint16Array, (bits) => table[bits]!);
}

/**
 * The most values and inner arrays that `toArray` creates: they take some seconds, and two to four GB. An expanded tensor may
 * have far more.
 */
const mostNested = 2 ** 25;
/** The most dimensions that `toArray` takes, since callers walk nested arrays recursively. */
const mostNestedDims = 1000;

/** @throws RangeError, before the tensor is read, if its nested arrays would take minutes or all memory. */
function checkNested(shape: Shape): void {
  if (shape.length > mostNestedDims) {
    throw new RangeError(
      `toArray: ${shape.length} dimensions are too many for nested arrays (at most ${mostNestedDims}); use toTypedArray()`,
    );
  }
  let [rows, made] = [1, 0];
  for (const size of shape) made += rows *= size;
  if (made > mostNested) {
    throw new RangeError(
      `toArray: shape ${showShape(shape)} makes ${made} values and inner arrays, too many (at most ${mostNested}); ` +
        `use toTypedArray(), or a part of the tensor`,
    );
  }
}

function nest(values: DataArray, shape: Shape, bool: boolean): NestedArray {
  let at = 0;
  const build = (d: number): NestedArray => {
    if (d === shape.length) {
      const value = values[at++]!;
      return bool ? value === 1 : value;
    }
    const result = new Array<NestedArray>(shape[d]!);
    for (let i = 0; i < result.length; i++) result[i] = build(d + 1);
    return result;
  };
  return build(0);
}

function moved(tensor: Tensor, device: Device): Tensor {
  if (device === tensor.device) return tensor;
  if (tensor.requiresGrad && activeTape()?.enabled) {
    throw new Error(
      `to: gradients do not cross devices; move the leaf with detach().to("${device.name}").requiresGrad_()`,
    );
  }
  const bytes = packed(tensor, "to", (x) => x.device.backend.read(x.storage.buffer, ...extent(x)));
  return produceOne("to", device, tensor.dtype, tensor.shape, ({ storage }) => {
    storage.write(0, bytes);
  });
}

/** Checks a `dtype` option. */
export function optionDType(operation: string, dtype: DType | undefined, fallback: DType): DType {
  if (dtype === undefined) return fallback;
  checkDType(operation, dtype);
  return dtype;
}
