/** What every tensor is, below all operations: memory, dtype and geometry, and who frees it. */
import { otherCopy } from "../brand.ts";
import type { Device } from "../device.ts";
import type { DType, Scalar } from "../dtype.ts";
import { currentScope, handOver, isStray } from "../memory/scope.ts";
import type { Storage } from "../memory/storage.ts";
import type { Attrs, ViewPrim } from "../prims/attrs.ts";
import { type Geometry, type Shape, showShape, sizeOf } from "../shape.ts";
import type { Tensor } from "./tensor.ts";

/** An argument of an operation: a tensor, or a JavaScript value, which broadcasts. */
export type Operand = Tensor | Scalar;

/** Options of functions that make tensors. */
export interface TensorOptions {
  /** Element type; by default that of the JavaScript values (number → float32, boolean → bool, bigint → int64). */
  readonly dtype?: DType;
  /** Where the tensor lives; by default {@link defaultDevice}. */
  readonly device?: Device | string;
  /** Whether gradients are computed for it (needs `@heddle/autograd`). */
  readonly requiresGrad?: boolean;
}

/** The names in {@link TensorOptions}. */
export const tensorOptions = ["dtype", "device", "requiresGrad"] as const;

/** Nested JavaScript arrays of a tensor's values. */
export type NestedArray = Scalar | NestedArray[];

/**
 * What `toTypedArray` and `data` return for a dtype, or for any: float16 is widened to float32, bool is 0 and 1, int64 is
 * bigints.
 */
export type DataArray<D extends DType = DType> = D extends "float32" | "float16" ? Float32Array<ArrayBuffer>
  : D extends "float64" ? Float64Array<ArrayBuffer>
  : D extends "int8" ? Int8Array<ArrayBuffer>
  : D extends "int16" ? Int16Array<ArrayBuffer>
  : D extends "int32" ? Int32Array<ArrayBuffer>
  : D extends "int64" ? BigInt64Array<ArrayBuffer>
  : Uint8Array<ArrayBuffer>;

/** The tensor that a view was taken of, and how. In-place writes follow it back to the base. */
export interface ViewSource {
  readonly tensor: Tensor;
  readonly prim: ViewPrim;
  readonly attrs: Attrs[ViewPrim];
}

/** What the engine of `@heddle/autograd` attaches to a tensor: opaque to this package. */
export interface TapeSlot {
  readonly requiresGrad: boolean;
  readonly isLeaf: boolean;
  /** One handle less refers to the recorded history. */
  release(): void;
}

/**
 * Memory, dtype, shape, strides and offset. All tensors are of the class `Tensor`, which adds the methods; code below the operations
 * works on this one.
 */
export class TensorCore implements Geometry {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
  readonly numel: number;
  readonly device: Device;
  protected kept: boolean;
  protected slot: TapeSlot | null;
  protected source: ViewSource | null;
  protected historyEpoch: number;
  protected owner: TensorCore | null;
  protected held: Storage | null;
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
    storage.retain();
    if (tracked) currentScope()?.track(internals(this));
  }
}

/** The members of a tensor that the library alone uses. */
export interface TensorInternals {
  /** Set by `keep`: no scope frees this tensor. */
  kept: boolean;
  /** The tape's own record. */
  slot: TapeSlot | null;
  /** Whose view this is, else null. */
  source: ViewSource | null;
  /** How often the history of the base had been replaced by an in-place write when this tensor last looked. */
  historyEpoch: number;
  /** Whose gradient or state this is, else null: no scope frees it as long as that tensor lives. */
  owner: TensorCore | null;
  /** The memory, null once the tensor was freed. */
  held: Storage | null;
  /** What `grad` returns. */
  gradient: Tensor | null;
  /** What else is freed with this tensor. */
  belongings: Set<TensorCore> | null;
  readonly isDisposed: boolean;
  dispose(): void;
}

/** The members of a tensor that the library alone uses. */
export function internals(x: TensorCore): TensorInternals {
  return x as unknown as TensorInternals;
}

type TensorClass = new (storage: Storage, dtype: DType, geometry: Geometry, tracked: boolean) => Tensor;

let tensorClass: TensorClass;

/** `Tensor` registers itself here. It imports the operations, which make tensors, so that they cannot import it. */
export function installTensorClass(made: TensorClass): void {
  tensorClass = made;
}

/**
 * A tensor over memory that exists.
 *
 * @param tracked whether the innermost scope frees it.
 */
export function makeTensor(storage: Storage, dtype: DType, geometry: Geometry, tracked = true): Tensor {
  return new tensorClass(storage, dtype, geometry, tracked);
}

/** Whether a value is a tensor of this copy of the package. */
export function isTensor(value: unknown): value is Tensor {
  return value instanceof TensorCore;
}

/** Whether the tape has to know of an operation on a tensor: its gradient is wanted, or it is a view, whose base may have changed. */
export function isRecorded(x: TensorCore): boolean {
  const { slot, source } = internals(x);
  return slot !== null || source !== null;
}

/** Size of one dimension; negative dims count from the end. */
export function sizeAt({ shape }: TensorCore, dim: number): number {
  if (typeof dim !== "number") throw new TypeError(`size: dim is ${String(dim)}; it must be a number`);
  const size = shape[dim < 0 ? dim + shape.length : dim];
  if (size === undefined) throw new RangeError(`size: dim ${dim} is out of range for shape ${showShape(shape)}`);
  return size;
}

/** The memory behind a tensor. @throws Error when the tensor was freed. */
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

/** Gives up a handle, and its gradient's. */
export function dispose(x: TensorCore): void {
  const self = internals(x);
  if (self.held === null) return;
  self.held.release();
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

/** Lets `other` live as long as `x`, whatever scope it was made in. For what optimisers remember. */
export function own(x: TensorCore, other: TensorCore): void {
  const belonging = internals(other);
  belonging.owner = x;
  belonging.kept = false;
  (internals(x).belongings ??= new Set()).add(other);
}

/** Ends what {@link own} began: `other` belongs to the scope that is open. */
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
  if (before !== null && internals(before).owner === x) {
    internals(before).owner = null;
    handOver(internals(before));
  }
  if (self.gradient !== null) internals(self.gradient).owner = x;
}

/**
 * Gives `x` the memory, dtype, shape and device of `other`, as assigning to `.data` does in PyTorch. Modules convert their parameters
 * with it, so that an optimiser keeps the very tensors it was given. No recorded history may refer to `x`.
 */
export function become(x: TensorCore, other: TensorCore): void {
  const storage = storageOf(other);
  storage.retain();
  internals(x).held?.release();
  internals(x).held = storage;
  const fields = x as { -readonly [K in keyof TensorCore]: TensorCore[K] };
  fields.dtype = other.dtype;
  fields.shape = other.shape;
  fields.strides = other.strides;
  fields.offset = other.offset;
  fields.numel = other.numel;
  fields.device = other.device;
}

/** @throws TypeError, RangeError or Error for what cannot be a tensor's gradient: no tensor, or one of another shape, dtype or device. */
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
