/** The state of a tensor, below all operations: memory, dtype, geometry and lifetime. */
import { otherCopy } from "../brand.ts";
import type { Device } from "../device.ts";
import type { DType, HalfDType, Scalar } from "../dtype.ts";
import { activeCapture } from "../engine/capture/hooks.ts";
import { currentScope, handOver, isStray } from "../memory/scope.ts";
import type { Storage } from "../memory/storage.ts";
import type { Attrs, ViewPrim } from "../prims/attrs.ts";
import { type Geometry, type Shape, showShape, sizeOf } from "../shape.ts";
import type { Tensor } from "./tensor.ts";

/** An operand: a tensor, or a JavaScript value, which broadcasts. */
export type Operand = Tensor | Scalar;

/** Options of functions that create tensors. */
export interface TensorOptions {
  /** The element type. By default that of the JavaScript values: number → float32, boolean → bool, bigint → int64. */
  readonly dtype?: DType;
  /** The device; by default {@link defaultDevice}. */
  readonly device?: Device | string;
  /** Whether gradients are computed for the tensor (needs `@heddle/autograd`). */
  readonly requiresGrad?: boolean;
}

/** The names in {@link TensorOptions}. */
export const tensorOptions = ["dtype", "device", "requiresGrad"] as const;

/** The values of a tensor as nested JavaScript arrays. */
export type NestedArray = Scalar | NestedArray[];

/**
 * What `toTypedArray` and `data` return for a dtype, or for any: float16 and bfloat16 are widened to float32, bool is 0 and
 * 1, int64 is bigints.
 */
export type DataArray<D extends DType = DType> = D extends "float32" | HalfDType ? Float32Array<ArrayBuffer>
  : D extends "float64" ? Float64Array<ArrayBuffer>
  : D extends "int8" ? Int8Array<ArrayBuffer>
  : D extends "int16" ? Int16Array<ArrayBuffer>
  : D extends "int32" ? Int32Array<ArrayBuffer>
  : D extends "int64" ? BigInt64Array<ArrayBuffer>
  : Uint8Array<ArrayBuffer>;

/** The tensor that a view was taken of, and the step. In-place writes follow these links back to the base. */
export interface ViewSource {
  readonly tensor: Tensor;
  readonly prim: ViewPrim;
  readonly attrs: Attrs[ViewPrim];
}

/** The data that `@heddle/autograd` attaches to a tensor: opaque to this package. */
export interface TapeSlot {
  readonly requiresGrad: boolean;
  readonly isLeaf: boolean;
  /** Releases one reference to the recorded history. */
  release(): void;
}

/**
 * Memory, dtype, shape, strides and offset. All tensors are instances of `Tensor`, which adds the methods; code below the
 * operations uses this class.
 */
export abstract class TensorCore implements Geometry {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
  readonly numel: number;
  readonly device: Device;
  abstract readonly ndim: number;
  abstract readonly storage: Storage;
  abstract readonly isDisposed: boolean;
  protected kept: boolean;
  protected slot: TapeSlot | null;
  protected source: ViewSource | null;
  protected historyEpoch: number;
  protected owner: TensorCore | null;
  protected held: Storage | null;
  protected sheltered: boolean;
  protected gradient: Tensor | null;
  protected belongings: Set<TensorCore> | null;

  protected constructor(storage: Storage, dtype: DType, geometry: Geometry, tracked: boolean) {
    this.dtype = dtype;
    this.shape = geometry.shape;
    this.strides = geometry.strides;
    this.offset = geometry.offset;
    this.numel = sizeOf(geometry.shape);
    this.device = storage.device;
    this.kept = false;
    this.gradient = null;
    this.owner = null;
    this.belongings = null;
    this.slot = null;
    this.source = null;
    this.historyEpoch = 0;
    this.held = storage;
    this.sheltered = false;
    if (tracked) currentScope()?.track(internals(this));
    storage.retain();
  }

  protected shelter(): void {
    if (this.sheltered || this.held === null) return;
    this.sheltered = true;
    this.held.shelter();
  }

  protected expose(): void {
    if (!this.sheltered) return;
    this.sheltered = false;
    this.held?.expose();
  }

  abstract dispose(): void;
}

/** An operand below the operations: an {@link Operand} without the methods of tensors. */
export type CoreOperand = TensorCore | Scalar;

/** The internal members of a tensor. */
export interface TensorInternals {
  /** Set by `keep`: no scope frees this tensor. */
  kept: boolean;
  /** The tape's data. */
  slot: TapeSlot | null;
  /** The tensor that this is a view of, else null. */
  source: ViewSource | null;
  /** The number of in-place writes that had replaced the base's history when this view was last refreshed. */
  historyEpoch: number;
  /** The tensor whose gradient or optimiser state this is, else null. While the owner is alive, no scope frees this tensor. */
  owner: TensorCore | null;
  /** The memory; null after the tensor was freed. */
  held: Storage | null;
  /** Whether an open scope holds this tensor. */
  sheltered: boolean;
  shelter(): void;
  expose(): void;
  /** The value of `grad`. */
  gradient: Tensor | null;
  /** Tensors that are freed together with this one. */
  belongings: Set<TensorCore> | null;
  readonly isDisposed: boolean;
  dispose(): void;
}

/** The internal members of a tensor. */
export function internals(x: TensorCore): TensorInternals {
  return x as unknown as TensorInternals;
}

type TensorClass = new (storage: Storage, dtype: DType, geometry: Geometry, tracked: boolean) => Tensor;

let tensorClass: TensorClass;

/** `Tensor` registers itself here. It imports the operations, so that they cannot import it to create tensors. */
export function installTensorClass(made: TensorClass): void {
  tensorClass = made;
}

/**
 * A tensor over existing memory.
 *
 * @param tracked whether the tensor belongs to the innermost scope.
 */
export function makeTensor(storage: Storage, dtype: DType, geometry: Geometry, tracked = true): Tensor {
  return new tensorClass(storage, dtype, geometry, tracked);
}

/** Whether a value is a tensor of this copy of the package. */
export function isTensor(value: unknown): value is Tensor {
  return value instanceof TensorCore;
}

/** Whether operations on a tensor concern the tape: it needs a gradient, or it is a view whose base may have changed. */
export function isRecorded(x: TensorCore): boolean {
  const { slot, source } = internals(x);
  return slot !== null || source !== null;
}

/** The size of one dimension. Negative dims count from the end. */
export function sizeAt({ shape }: TensorCore, dim: number): number {
  if (typeof dim !== "number") throw new TypeError(`size: dim is ${String(dim)}; it must be a number`);
  const size = shape[dim < 0 ? dim + shape.length : dim];
  if (size === undefined) throw new RangeError(`size: dim ${dim} is out of range for shape ${showShape(shape)}`);
  return size;
}

/** The memory of a tensor. @throws Error if the tensor was freed. */
export function storageOf(x: TensorCore): Storage {
  const { held } = internals(x);
  if (held === null) throw freedError(x, "storage");
  return held;
}

/** The error for using a freed tensor. */
export function freedError(x: TensorCore, operation: string): Error {
  return new Error(
    `${operation}: this ${x.dtype} tensor of shape ${
      showShape(x.shape)
    } was freed, by dispose() or at the end of the ` +
      `scope it was made in; call keep(t) inside the scope, or return it from tidy(() => …), to use it afterwards` +
      (isStray(x)
        ? ". That scope was open across an await, and the tensor was made after it: what another asynchronous function makes " +
          "meanwhile belongs to the scope too, as the innermost one. Close scopes before an await where such functions interleave"
        : ""),
  );
}

/** Frees a tensor and its gradient. */
export function dispose(x: TensorCore): void {
  const self = internals(x);
  if (self.held === null) return;
  self.held.release(self.sheltered);
  self.sheltered = false;
  self.held = null;
  self.slot?.release();
  self.slot = null;
  self.source = null;
  const { gradient } = self;
  if (gradient !== null) {
    const { owner, kept } = internals(gradient);
    if (owner === x && !kept) gradient.dispose();
  }
  if (self.belongings !== null) {
    for (const item of self.belongings) {
      const belonging = internals(item);
      if (!belonging.kept) belonging.dispose();
    }
    self.belongings = null;
  }
}

/** Makes `other` live as long as `x`, whatever scope it was created in. For optimiser state. */
export function own(x: TensorCore, other: TensorCore): void {
  const belonging = internals(other);
  belonging.owner = x;
  belonging.kept = false;
  (internals(x).belongings ??= new Set()).add(other);
}

/** Undoes {@link own}: `other` moves to the innermost scope. */
export function disown(x: TensorCore, other: TensorCore): void {
  if (!internals(x).belongings?.delete(other)) return;
  internals(other).owner = null;
  handOver(internals(other));
}

/** Replaces the gradient of a tensor. @throws as {@link checkGradient}. */
export function setGradient(x: TensorCore, value: Tensor | null): void {
  const self = internals(x);
  const before = self.gradient;
  if (value === before) return;
  if (value !== null && value !== undefined) checkGradient("grad", x, value);
  self.gradient = value ?? null;
  activeCapture()?.gradient(x as Tensor, before);
  if (before !== null && internals(before).owner === x) {
    internals(before).owner = null;
    handOver(internals(before));
  }
  if (self.gradient !== null) internals(self.gradient).owner = x;
}

/**
 * Gives `x` the memory, dtype, shape and device of `other`, as an assignment to `.data` does in PyTorch. Modules convert parameters
 * this way, so that an optimiser keeps the same tensor objects. No recorded history may refer to `x`.
 */
export function become(x: TensorCore, other: TensorCore): void {
  const storage = storageOf(other);
  storage.retain();
  internals(x).expose();
  const before = internals(x).held;
  storage.lasting ||= before?.lasting === true;
  before?.release();
  internals(x).held = storage;
  const fields = x as { -readonly [K in keyof TensorCore]: TensorCore[K] };
  fields.dtype = other.dtype;
  fields.shape = other.shape;
  fields.strides = other.strides;
  fields.offset = other.offset;
  fields.numel = other.numel;
  fields.device = other.device;
}

/** Moves a handle that only its maker holds to other elements of its memory. This is cheaper than a new handle for each step of a loop. */
export function moveTo(x: TensorCore, offset: number): void {
  (x as { offset: number }).offset = offset;
}

/** @throws TypeError, RangeError or Error for a value that cannot be the gradient: not a tensor, or of another shape, dtype or device. */
export function checkGradient(
  operation: string,
  of: Pick<TensorCore, "shape" | "dtype" | "device">,
  value: unknown,
): asserts value is Tensor {
  if (!(value instanceof TensorCore)) {
    const shown = typeof value === "object" || typeof value === "function" ? `a ${typeof value}` : String(value);
    throw new TypeError(
      `${operation}: the gradient of a tensor of shape ${showShape(of.shape)} is a tensor or null, got ${
        otherCopy(value, "Tensor") ?? `${shown}; full(shape, value) makes a tensor of one value`
      }`,
    );
  }
  if (internals(value).held === null) throw freedError(value, operation);
  const { shape } = of;
  let fits = value.shape.length === shape.length;
  for (let d = 0; fits && d < shape.length; d++) fits = value.shape[d] === shape[d];
  if (!fits) {
    throw new RangeError(
      `${operation}: the gradient has shape ${showShape(value.shape)}, its tensor ${
        showShape(shape)
      }; they must be equal, ` +
        `expand(…) or reshape(…) it`,
    );
  }
  if (value.dtype !== of.dtype) {
    throw new TypeError(
      `${operation}: the gradient of shape ${showShape(value.shape)} is ${value.dtype}, its tensor of shape ${
        showShape(shape)
      } ${of.dtype}; cast it with .to("${of.dtype}")`,
    );
  }
  if (value.device !== of.device) {
    throw new Error(
      `${operation}: the gradient of shape ${
        showShape(value.shape)
      } is on "${value.device.name}", its tensor of shape ${
        showShape(shape)
      } on "${of.device.name}"; move it with .to("${of.device.name}")`,
    );
  }
}
