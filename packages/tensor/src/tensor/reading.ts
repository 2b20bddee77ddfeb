/** Values out of tensors, and tensors into other dtypes and devices. */
import { apply, applyInPlace, execute } from "../apply.ts";
import { constant, fill, produceOne } from "../launch.ts";
import { checkDType, type DType, dtypes, itemSize, type Scalar, type TypedArray, typedArrayOver } from "../dtype.ts";
import { Device, deviceNames, getDevice, type ToTarget } from "../device.ts";
import { halfTable } from "../half.ts";
import { formatTensor } from "../print.ts";
import { printOnConsole } from "../runtime.ts";
import { broadcastShapes, sameShape, type Shape, showShape, sizeOf } from "../shape.ts";
import { reclaiming } from "../storage.ts";
import { activeTape } from "../tape.ts";
import { type DataArray, type NestedArray, type Operand, TensorCore } from "./core.ts";
import { Tensor } from "./tensor.ts";

/** Tensors of more elements are not written as JSON. */
const longestJson = 10_000;

/** Part of {@link Tensor}: reading and conversion. */
export abstract class TensorReading extends TensorCore {
  /**
   * The one value of a tensor with one element, as a number (bool: 0 or 1).
   *
   * @throws Error when there are several elements, when an int64 is beyond ±2^53 (read it with `toArray()`), or when the device
   * cannot be read synchronously (`await t.data()`).
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).sum().item(); // 6
   * ```
   */
  item(this: Tensor): number {
    if (this.isDisposed) throw this.freedError("item");
    if (this.numel !== 1) {
      throw new Error(
        `item: the tensor of shape ${
          showShape(this.shape)
        } has ${this.numel} elements, not one; use toArray() for several`,
      );
    }
    const value = this.toTypedArray()[0]!;
    if (typeof value === "bigint" && (value > 2n ** 53n || value < -(2n ** 53n))) {
      throw new RangeError(
        `item: ${value} is beyond ±2^53, which a number cannot hold; use toArray(), which gives a bigint`,
      );
    }
    return Number(value);
  }

  /**
   * A fresh typed array of the elements in row-major order: float16 as a `Float32Array`, bool as a `Uint8Array` of 0 and 1, int64
   * as a `BigInt64Array`.
   *
   * @throws Error when the tensor was freed, or the device cannot be read synchronously.
   */
  toTypedArray(this: Tensor): DataArray {
    const bytes = packed(this, "toTypedArray", (x) => x.device.backend.read(x.storage.buffer, ...extent(x)));
    return decode(this.dtype, bytes);
  }

  /**
   * {@link toTypedArray}, on every device: resolves when the values have arrived. When much memory was taken since the last time, it is
   * also a turn of the event loop, in which what nobody refers to is freed.
   */
  async data(this: Tensor): Promise<DataArray> {
    const bytes = packed(this, "data", (x) => x.device.backend.readAsync(x.storage.buffer, ...extent(x)));
    const values = decode(this.dtype, await bytes);
    const turn = reclaiming();
    if (turn !== null) await turn;
    return values;
  }

  /**
   * The values as nested arrays (a bare value for a 0-dimensional tensor): numbers, booleans for bool, bigints for int64.
   *
   * @throws RangeError for more than 2^25 values and inner arrays together, or more than 1000 dimensions.
   */
  toArray(this: Tensor): NestedArray {
    checkNested(this.shape);
    return nest(this.toTypedArray(), this.shape, this.dtype === "bool");
  }

  /**
   * The tensor in another dtype, on another device, or both; itself when nothing changes. For a device of a name of
   * one's own, give `getDevice(name)`.
   *
   * @throws RangeError for what is neither a dtype nor a device.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1.7, -1.7]).to("int32").toArray(); // [1, -1]
   * ```
   */
  to<S extends string>(this: Tensor, ...targets: ToTarget<S>[]): Tensor {
    return (targets as (Device | string)[]).reduce<Tensor>((x, target) => {
      if (!(dtypes as readonly unknown[]).includes(target)) return moved(x, deviceNamed(target));
      return x.dtype === target ? x : apply("cast", [x], { dtype: target as DType });
    }, this);
  }

  /** To float32. */
  float(this: Tensor): Tensor {
    return this.to("float32");
  }

  /** To float64. */
  double(this: Tensor): Tensor {
    return this.to("float64");
  }

  /** To float16. */
  half(this: Tensor): Tensor {
    return this.to("float16");
  }

  /** To int32. */
  int(this: Tensor): Tensor {
    return this.to("int32");
  }

  /** To int64. */
  long(this: Tensor): Tensor {
    return this.to("int64");
  }

  /** To bool: whether each element differs from zero. */
  bool(this: Tensor): Tensor {
    return this.to("bool");
  }

  /** A copy in memory of its own, contiguous; gradients flow through it. */
  clone(this: Tensor): Tensor {
    return apply("cast", [this], { dtype: this.dtype });
  }

  /** Itself when it is contiguous, else a contiguous copy. */
  contiguous(this: Tensor): Tensor {
    return this.isContiguous() ? this : this.clone();
  }

  /** The same storage, cut off from the recorded history. */
  detach(this: Tensor): Tensor {
    if (this.isDisposed) throw this.freedError("detach");
    return new Tensor(this.storage, this.dtype, this);
  }

  /**
   * Writes another tensor's values (broadcast, cast), or one number, into this one.
   *
   * @throws RangeError when the source does not broadcast to this shape, or is a number that the dtype cannot hold. TypeError for
   * what is neither.
   */
  copy_(this: Tensor, source: Operand): Tensor {
    if (!(source instanceof Tensor)) return filled("copy_", this, source);
    if (source.isDisposed) throw source.freedError("copy_");
    const here = source.device === this.device ? source : moved(source, this.device);
    if (!sameShape(broadcastShapes("copy_", here.shape, this.shape), this.shape)) {
      throw new RangeError(`copy_: shape ${showShape(source.shape)} does not broadcast to ${showShape(this.shape)}`);
    }
    return applyInPlace(this, "cast", [here.expand(this.shape)], { dtype: this.dtype }, "copy_");
  }

  /**
   * Writes one value everywhere.
   *
   * @throws TypeError for what is no number, boolean, bigint or tensor. RangeError for a value that the dtype cannot hold.
   */
  fill_(this: Tensor, value: Operand): Tensor {
    if (!(value instanceof Tensor)) return filled("fill_", this, value);
    if (value.ndim !== 0) {
      throw new RangeError(`fill_: expected a number or a 0-dimensional tensor, got shape ${showShape(value.shape)}`);
    }
    return this.copy_(value);
  }

  /** Writes zeros. */
  zero_(this: Tensor): Tensor {
    return this.fill_(0);
  }

  /**
   * What `JSON.stringify` writes: the nested array of {@link toArray}, with int64 beyond ±2^53 as strings. NaN and infinities become
   * null, since JSON has neither. A replacer is given the array, and finds the tensor as `this[key]`.
   *
   * @throws Error for more than 10,000 elements.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * JSON.stringify({ loss: tensor(0.5), shifts: tensor([1, 2]) }); // {"loss":0.5,"shifts":[1,2]}
   * ```
   */
  toJSON(this: Tensor): unknown {
    if (this.isDisposed) throw this.freedError("toJSON");
    if (this.numel > longestJson) {
      throw new Error(
        `toJSON: a tensor of shape ${
          showShape(this.shape)
        } has ${this.numel} elements, too many for JSON (at most ${longestJson}); ` +
          `write the bytes of toTypedArray() to a file, or take toArray() if the text is really wanted`,
      );
    }
    return this.dtype === "int64" ? jsonIntegers(this.toArray()) : this.toArray();
  }

  /** As PyTorch prints tensors: `tensor([1., 2.])`. */
  override toString(this: Tensor): string {
    return formatTensor(this);
  }

  /** What Node's, Bun's and Deno's `console.log` print. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "number") {
      throw new TypeError(
        "a tensor is not a number: use item() for its value, and methods such as add(…) instead of operators",
      );
    }
    return String((this as unknown as Tensor).toString());
  }
}

printOnConsole(TensorReading.prototype);

/** JSON has no bigints: numbers where they are exact, else strings. */
function jsonIntegers(values: NestedArray): unknown {
  if (Array.isArray(values)) return values.map(jsonIntegers);
  return Number.isSafeInteger(Number(values)) ? Number(values) : String(values);
}

/** Writes one value everywhere, as an operation that is recorded. */
function filled(operation: string, x: Tensor, value: Scalar): Tensor {
  if (activeTape()?.enabled || x.isDisposed || x.strides.includes(0)) {
    const everywhere = constant(operation, value, x.dtype, x.device).expand(x.shape);
    return applyInPlace(x, "cast", [everywhere], { dtype: x.dtype }, operation);
  }
  fill(operation, x, value);
  x.storage.version++;
  return x;
}

/** @throws RangeError for what is neither a dtype nor a device. */
function deviceNamed(target: Device | string): Device {
  if (target instanceof Device || deviceNames().includes(target)) return getDevice(target);
  const names = (all: readonly string[]) => all.map((name) => `"${name}"`).join(", ");
  throw new RangeError(
    `to: there is no device "${target}" and no dtype of that name; devices are ${names(deviceNames())}, dtypes ${
      names(dtypes)
    }`,
  );
}

/** Runs a reader on a contiguous form of the tensor, below the tape. */
function packed<T>(tensor: Tensor, operation: string, read: (source: Tensor) => T): T {
  if (tensor.isDisposed) throw tensor.freedError(operation);
  if (tensor.isContiguous()) return read(tensor);
  const [copy] = execute("cast", [tensor], { dtype: tensor.dtype }, null);
  try {
    return read(copy!);
  } finally {
    copy!.dispose();
  }
}

/** The bytes of a contiguous tensor: where they begin and how many. */
function extent({ offset, numel, dtype, shape, storage }: Tensor): [byteOffset: number, bytes: number] {
  const [start, bytes] = [offset * itemSize(dtype), numel * itemSize(dtype)];
  if (sizeOf(shape) !== numel || !(start >= 0 && start + bytes <= storage.buffer.bytes)) {
    throw new RangeError(
      `reading ${numel} elements from ${offset} on as shape ${
        showShape(shape)
      }: they are not within the tensor's memory of ` +
        `${storage.buffer.bytes} bytes; the array that shape gives must not be written to`,
    );
  }
  return [start, bytes];
}

function decode(dtype: DType, bytes: Uint8Array<ArrayBuffer>): DataArray {
  const values: TypedArray = typedArrayOver(dtype, bytes.buffer, bytes.byteOffset, bytes.byteLength / itemSize(dtype));
  if (!(values instanceof Uint16Array)) return values;
  const table = halfTable();
  return Float32Array.from(values, (bits) => table[bits]!);
}

/** Values and inner arrays that `toArray` makes: some seconds, and two to four GB. An expanded tensor may have far more of them. */
const mostNested = 2 ** 25;
/** Dimensions that it takes: arrays within arrays, which callers walk recursively. */
const mostNestedDims = 1000;

/** @throws RangeError for a tensor whose nested arrays would take minutes or all memory, before it is read. */
function checkNested(shape: Shape): void {
  if (shape.length > mostNestedDims) {
    throw new RangeError(
      `toArray: ${shape.length} dimensions are too many for nested arrays (at most ${mostNestedDims}); take toTypedArray()`,
    );
  }
  let [rows, made] = [1, 0];
  for (const size of shape) made += rows *= size;
  if (made > mostNested) {
    throw new RangeError(
      `toArray: shape ${showShape(shape)} makes ${made} values and inner arrays, too many (at most ${mostNested}); ` +
        `take toTypedArray(), or a part of the tensor`,
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
    device.backend.write(storage.buffer, 0, bytes);
  });
}

/** Checks a `dtype` option. */
export function optionDType(operation: string, dtype: DType | undefined, fallback: DType): DType {
  if (dtype === undefined) return fallback;
  checkDType(operation, dtype);
  return dtype;
}
