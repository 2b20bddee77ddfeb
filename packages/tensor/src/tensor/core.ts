/** The state of a tensor and what manages it; operations are in the classes built upon this one. */
import { otherCopy } from "../brand.ts";
import { Device, getDevice } from "../device.ts";
import type { DType, Scalar, TypedArray } from "../dtype.ts";
import type { Attrs, ViewPrim } from "../prims/attrs.ts";
import { currentScope, handOver, isStray } from "../scope.ts";
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
  /** The tape's own record. For `@heddle/autograd` alone. */
  slot: TapeSlot | null;
  /** Whose view this is, else null. For `@heddle/autograd`. */
  source: ViewSource | null;
  /** How often the history of the base was replaced by an in-place write, when this tensor last looked. For `@heddle/autograd`. */
  historyEpoch: number;
  /** Whose gradient this is, else null: no scope frees it as long as that tensor lives. */
  owner: TensorCore | null;
  private held: Storage | null;
  private gradient: Tensor | null;
  /** What else is freed with this tensor. */
  private belongings: Set<TensorCore> | null;

  /** Tensors come from the creation functions; this is for backends and the library itself. */
  constructor(storage: Storage, dtype: DType, geometry: Geometry, tracked = true) {
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
        `made in; call keep(t) inside the scope, or return it from tidy(() => …), to use it afterwards` +
        (isStray(this)
          ? ". That scope was open across an await, and the tensor was made after it: what another asynchronous function makes " +
            "meanwhile belongs to the scope too, as the innermost one. Close scopes before an await where such functions interleave"
          : ""),
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
    if (typeof dim !== "number") throw new TypeError(`size: dim is ${String(dim)}; it must be a number`);
    const size = this.shape[dim < 0 ? dim + this.shape.length : dim];
    if (size === undefined) throw new RangeError(`size: dim ${dim} is out of range for shape ${showShape(this.shape)}`);
    return size;
  }

  /** Whether the elements follow each other in row-major order. */
  isContiguous(): boolean {
    return isContiguous(this.shape, this.strides);
  }

  /**
   * Gives up this handle, and its gradient's; the memory goes when no view, tape or module holds it. Calling it twice does nothing.
   */
  dispose(): void {
    if (this.held === null) return;
    this.held.release();
    this.held = null;
    this.slot?.release();
    this.slot = null;
    this.source = null;
    const { gradient } = this;
    if (gradient !== null && gradient.owner === this && !gradient.kept) gradient.dispose();
    if (this.belongings !== null) this.disposeBelongings();
  }

  private disposeBelongings(): void {
    for (const item of this.belongings!) if (!item.kept) item.dispose();
    this.belongings = null;
  }

  /** Has another tensor live as long as this one, whatever scope it was made in. For what optimisers remember. */
  own(other: TensorCore): void {
    other.owner = this;
    other.kept = false;
    (this.belongings ??= new Set()).add(other);
  }

  /** Ends what {@link own} began: the other tensor belongs to the scope that is open. */
  disown(other: TensorCore): void {
    if (!this.belongings?.delete(other)) return;
    other.owner = null;
    handOver(other);
  }

  /**
   * The accumulated gradient of a leaf (or of a tensor with `retainGrad`), else null. It belongs to this tensor and is freed with it,
   * unless it is kept; one that is replaced goes with the scope that is open then. What is assigned must have the tensor's shape, dtype and
   * device.
   *
   * @throws TypeError for what is neither a tensor nor null, or a tensor of another dtype; RangeError for another shape; Error for
   * another device.
   */
  get grad(): Tensor | null {
    return this.gradient;
  }

  set grad(value: Tensor | null) {
    const before = this.gradient;
    if (value === before) return;
    if (value !== null && value !== undefined) checkGradient("grad", this, value);
    this.gradient = value ?? null;
    if (before !== null && before.owner === this) {
      before.owner = null;
      handOver(before);
    }
    if (this.gradient !== null) this.gradient.owner = this;
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
    if (typeof value !== "boolean") {
      throw new TypeError(`requiresGrad: ${String(value)} is neither true nor false`);
    }
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
   * Calls a function with the gradient of this tensor when it has been computed; a tensor that the function returns replaces it, and must
   * have its shape, dtype and device.
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

/** Nested JavaScript arrays of a tensor's values. */
export type NestedArray = Scalar | NestedArray[];

/** What `toTypedArray` and `data` give: float16 widened to float32, bool as 0 and 1. */
export type DataArray = Exclude<TypedArray, Uint16Array>;
