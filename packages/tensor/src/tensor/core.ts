/** The state of a tensor and what manages it; operations are in the classes built upon this one. */
import { Device, getDevice } from "../device.ts";
import type { DType, Scalar, TypedArray } from "../dtype.ts";
import type { Attrs, ViewPrim } from "../prims/attrs.ts";
import { currentScope } from "../scope.ts";
import { type Geometry, isContiguous, type Shape, showShape, sizeOf } from "../shape.ts";
import type { Storage } from "../storage.ts";
import { activeTape, type BackwardOptions, requireTape, type TapeSlot } from "../tape.ts";
import type { Tensor } from "./tensor.ts";

/** What operations accept beside their tensor: another tensor, or a JavaScript value that broadcasts. */
export type Operand = Tensor | Scalar;

/** Options of functions that make tensors. */
export interface TensorOptions {
  /** Element type; by default that of the JavaScript values (number → float32, boolean → bool, bigint → int64). */
  readonly dtype?: DType;
  /** Where the tensor lives; by default {@link defaultDevice}. */
  readonly device?: Device | string;
  /** Whether gradients are to be computed for it (needs `@heddle/autograd`). */
  readonly requiresGrad?: boolean;
}

/** The names in {@link TensorOptions}. */
export const tensorOptions = ["dtype", "device", "requiresGrad"] as const;

/** The tensor a view was taken of, and how; what in-place writes follow back to the base. */
export interface ViewSource {
  readonly tensor: Tensor;
  readonly prim: ViewPrim;
  readonly attrs: Attrs[ViewPrim];
}

/** Storage, dtype, shape, strides and offset, with their management. */
export abstract class TensorCore implements Geometry {
  readonly dtype: DType;
  readonly shape: Shape;
  /** Elements to step in the storage for each dimension. */
  readonly strides: readonly number[];
  /** Element of the storage at which the tensor begins. */
  readonly offset: number;
  /** Number of elements. */
  readonly numel: number;
  readonly device: Device;
  /** Set by {@link keep}: no scope frees this tensor. */
  kept: boolean;
  /** The accumulated gradient of a leaf (or of a tensor with `retainGrad`), else null. */
  grad: Tensor | null;
  /** The tape's own record. For `@heddle/autograd` alone. */
  slot: TapeSlot | null;
  /** Whose view this is, else null. For `@heddle/autograd`. */
  source: ViewSource | null;
  /** How often the history of the base was replaced by an in-place write, when this tensor last looked. For `@heddle/autograd`. */
  historyEpoch: number;
  private held: Storage | null;

  /** Tensors come from the creation functions; this is for backends and the library itself. */
  constructor(storage: Storage, dtype: DType, geometry: Geometry, tracked = true) {
    this.dtype = dtype;
    this.shape = geometry.shape;
    this.strides = geometry.strides;
    this.offset = geometry.offset;
    this.numel = sizeOf(geometry.shape);
    this.device = storage.device;
    this.kept = false;
    this.grad = null;
    this.slot = null;
    this.source = null;
    this.historyEpoch = 0;
    this.held = storage;
    storage.retain();
    if (tracked) currentScope()?.track(this);
  }

  /** The memory behind the tensor, shared by its views. @throws Error when the tensor was freed. */
  get storage(): Storage {
    if (this.held === null) throw this.freedError("storage");
    return this.held;
  }

  /** Whether `dispose` or the end of a scope has freed the tensor. */
  get isDisposed(): boolean {
    return this.held === null;
  }

  /** The error for using a freed tensor. */
  freedError(operation: string): Error {
    return new Error(
      `${operation}: this ${this.dtype} tensor of shape ${
        showShape(this.shape)
      } was freed, by dispose() or at the end of the scope it was ` +
        `made in; call keep(t) inside the scope, or return it from tidy(() => …), to use it afterwards`,
    );
  }

  /** Number of dimensions. */
  get ndim(): number {
    return this.shape.length;
  }

  /** As PyTorch names {@link offset}. */
  get storageOffset(): number {
    return this.offset;
  }

  /** Size of one dimension; negative dims count from the end. */
  size(dim: number): number {
    const size = this.shape[dim < 0 ? dim + this.shape.length : dim];
    if (size === undefined) throw new RangeError(`size: dim ${dim} is out of range for shape ${showShape(this.shape)}`);
    return size;
  }

  /** Whether the elements follow each other in row-major order. */
  isContiguous(): boolean {
    return isContiguous(this.shape, this.strides);
  }

  /** Gives up this handle; the memory goes when no view, tape or module holds it. Calling it twice does nothing. */
  dispose(): void {
    if (this.held === null) return;
    this.held.release();
    this.held = null;
    this.slot?.release();
    this.slot = null;
    this.source = null;
  }

  /**
   * Takes on another tensor's memory, dtype, shape and device, as assigning to `.data` does in PyTorch. Modules convert their
   * parameters with it, so that an optimiser keeps the very tensors it was given. No recorded history may refer to this tensor.
   */
  become(other: TensorCore): void {
    const storage = other.storage;
    storage.retain();
    this.held?.release();
    this.held = storage;
    const fields = this as {
      -readonly [K in "dtype" | "shape" | "strides" | "offset" | "numel" | "device"]: TensorCore[K];
    };
    fields.dtype = other.dtype;
    fields.shape = other.shape;
    fields.strides = other.strides;
    fields.offset = other.offset;
    fields.numel = other.numel;
    fields.device = other.device;
  }

  /** Whether operations on this tensor are recorded and its gradient computed. */
  get requiresGrad(): boolean {
    if (this.source !== null) activeTape()?.refresh(this as unknown as Tensor);
    return this.slot !== null && this.slot.requiresGrad;
  }

  set requiresGrad(value: boolean) {
    if (this.held === null) throw this.freedError("requiresGrad");
    if (value === this.requiresGrad) return;
    requireTape("requiresGrad").setRequiresGrad(this as unknown as Tensor, value);
  }

  /** The chained form of setting `requiresGrad`. */
  requiresGrad_(this: Tensor, value = true): Tensor {
    this.requiresGrad = value;
    return this;
  }

  /** Whether the tensor was made by the user rather than by a recorded operation. */
  get isLeaf(): boolean {
    return this.slot === null || this.slot.isLeaf;
  }

  /** The recorded operation that made the tensor, by name, else null. */
  get gradFn(): { readonly name: string } | null {
    return activeTape()?.gradFn(this as unknown as Tensor) ?? null;
  }

  /**
   * Computes the gradients of this tensor with respect to the leaves it depends on and adds them to their `grad`.
   *
   * @param gradient what to start from; may be left out for a tensor of one element.
   * @throws Error when the tensor needs no gradient, has several elements and no `gradient`, or its graph was freed.
   *
   * @example
   * ```ts
   * import "@heddle/autograd";
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([1, 2, 3], { requiresGrad: true });
   * x.mul(x).sum().backward();
   * x.grad!.toArray(); // [2, 4, 6]
   * ```
   */
  backward(this: Tensor, gradient?: Tensor, options: BackwardOptions = {}): void {
    requireTape("backward").backward(this, gradient, options);
  }

  /** Keeps the gradient of a tensor that is not a leaf in its `grad`. */
  retainGrad(this: Tensor): void {
    requireTape("retainGrad").retainGrad(this);
  }

  /**
   * Calls a function with the gradient of this tensor when it has been computed; what the function returns replaces it.
   *
   * @returns a function that removes the hook.
   */
  registerHook(this: Tensor, hook: (gradient: Tensor) => Tensor | void): () => void {
    return requireTape("registerHook").registerHook(this, hook);
  }

  /** The device of another form of the argument. */
  protected static resolveDevice(device: Device | string): Device {
    return getDevice(device);
  }
}

/** Nested JavaScript arrays of a tensor's values. */
export type NestedArray = Scalar | NestedArray[];

/** What `toTypedArray` and `data` give: float16 widened to float32, bool as 0 and 1. */
export type DataArray = Exclude<TypedArray, Uint16Array>;
