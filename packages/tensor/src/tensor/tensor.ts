/**
 * The class of tensors: a table of contents. Each method calls the function of its name in a file under `ops/`; those that are made of
 * several operations run in a scope of their own, so that what they make on the way is freed also where they fail.
 */
import { markClass } from "../brand.ts";
import type { Device, ToTarget } from "../device.ts";
import type { DType, Scalar } from "../dtype.ts";
import { installRowComposites } from "../engine/row_composite.ts";
import type { BackwardOptions } from "../engine/tape.ts";
import { tidy } from "../memory/scope.ts";
import type { Storage } from "../memory/storage.ts";
import type { AlphaOptions, ClampOptions, DivOptions, RoundOptions } from "../ops/arithmetic.ts";
import type { CloseOptions } from "../ops/comparison.ts";
import type { RandomOptions } from "../ops/filling.ts";
import {
  backward,
  gradFn,
  isLeaf,
  registerHook,
  requiresGrad,
  requiresGrad_,
  retainGrad,
  setRequiresGrad,
} from "../ops/gradients.ts";
import type { Dims, ReduceOptions, ValuesAndIndices } from "../ops/reduction.ts";
import { rowComposites } from "../ops/row_composites.ts";
import type { Index } from "../ops/slices.ts";
import type { Unique } from "../ops/sorting.ts";
import type { ScatterMode } from "../prims/attrs.ts";
import type { Elementwise } from "../prims/elementwise.ts";
import {
  bool,
  clone,
  contiguous,
  copy_,
  data,
  detach,
  double,
  fill_,
  float,
  half,
  int,
  item,
  long,
  to,
  toArray,
  toJSON,
  toTypedArray,
  zero_,
} from "../ops/conversion.ts";
import {
  abs,
  abs_,
  acos,
  acos_,
  acosh,
  acosh_,
  asin,
  asin_,
  asinh,
  asinh_,
  atan,
  atan_,
  atanh,
  atanh_,
  ceil,
  ceil_,
  cos,
  cos_,
  cosh,
  cosh_,
  erf,
  erf_,
  erfc,
  erfc_,
  erfinv,
  erfinv_,
  exp,
  exp_,
  expm1,
  expm1_,
  floor,
  floor_,
  log,
  log10,
  log10_,
  log1p,
  log1p_,
  log2,
  log2_,
  log_,
  neg,
  neg_,
  relu,
  relu_,
  sigmoid,
  sigmoid_,
  sign,
  sign_,
  sin,
  sin_,
  sinc,
  sinc_,
  sinh,
  sinh_,
  sqrt,
  sqrt_,
  tan,
  tan_,
  tanh,
  tanh_,
  trunc,
  trunc_,
} from "../ops/unary.ts";
import {
  add,
  add_,
  atan2,
  atan2_,
  clamp,
  clamp_,
  div,
  div_,
  exp2,
  exp2_,
  floorDivide,
  floorDivide_,
  fmod,
  fmod_,
  frac,
  frac_,
  lerp,
  lerp_,
  logaddexp,
  maximum,
  minimum,
  mul,
  mul_,
  pow,
  pow_,
  reciprocal,
  reciprocal_,
  remainder,
  remainder_,
  round,
  round_,
  rsqrt,
  rsqrt_,
  square,
  square_,
  sub,
  sub_,
  where,
} from "../ops/arithmetic.ts";
import {
  allclose,
  bitwiseAnd,
  bitwiseLeftShift,
  bitwiseNot,
  bitwiseOr,
  bitwiseRightShift,
  bitwiseXor,
  eq,
  equal,
  ge,
  gt,
  isclose,
  isfinite,
  isinf,
  isnan,
  le,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  lt,
  ne,
} from "../ops/comparison.ts";
import {
  all,
  amax,
  amin,
  any,
  argmax,
  argmin,
  countNonzero,
  cumprod,
  cumsum,
  logSoftmax,
  logsumexp,
  max,
  mean,
  min,
  norm,
  prod,
  softmax,
  std,
  sum,
  variance,
} from "../ops/reduction.ts";
import {
  chunk,
  diagonal,
  expand,
  expandAs,
  flatten,
  flip,
  movedim,
  narrow,
  permute,
  reshape,
  reshapeAs,
  select,
  split,
  squeeze,
  t,
  transpose,
  unbind,
  unflatten,
  unfold,
  unsqueeze,
  view,
  viewAs,
} from "../ops/view.ts";
import {
  at,
  gather,
  indexAdd,
  indexAdd_,
  indexCopy_,
  indexFill_,
  indexPut_,
  indexSelect,
  maskedFill,
  maskedFill_,
  maskedSelect,
  nonzero,
  repeat,
  roll,
  scatter,
  scatter_,
  scatterAdd,
  scatterAdd_,
  take,
  tile,
  tril,
  triu,
} from "../ops/indexing.ts";
import { argsort, bincount, sort, topk, unique } from "../ops/sorting.ts";
import { bmm, dot, matmul, mm, mv, outer } from "../ops/products.ts";
import { bernoulli_, normal_, uniform_ } from "../ops/filling.ts";
import { printOnConsole } from "../runtime.ts";
import { isContiguous, type Shape } from "../shape.ts";
import {
  type DataArray,
  dispose,
  installTensorClass,
  type NestedArray,
  type Operand,
  setGradient,
  sizeAt,
  storageOf,
  TensorCore,
} from "./core.ts";
import { formatTensor } from "./print.ts";

/**
 * A multi-dimensional array with PyTorch's semantics: storage, dtype, shape, strides and offset. Views share storage; a method whose
 * name ends in `_` writes in place, seen through every view.
 *
 * @example
 * ```ts
 * import { tensor } from "@heddle/tensor";
 * const x = tensor([[1, 2], [3, 4]]);
 * console.log(String(x.matmul(x.t()))); // tensor([[ 5., 11.],
 * //        [11., 25.]])
 * ```
 */
export class Tensor extends TensorCore implements Elementwise<Tensor> {
  /** Element type. */
  declare readonly dtype: DType;
  /** Size of each dimension. */
  declare readonly shape: Shape;
  /** Elements to step in the storage for each dimension. */
  declare readonly strides: readonly number[];
  /** Element of the storage at which the tensor begins. */
  declare readonly offset: number;
  /** Number of elements. */
  declare readonly numel: number;
  /** Where the elements live. */
  declare readonly device: Device;

  // Geometry and memory

  /** Number of dimensions. */
  get ndim(): number {
    return this.shape.length;
  }

  /** As PyTorch names {@link offset}. */
  get storageOffset(): number {
    return this.offset;
  }

  /** The memory behind the tensor, shared by its views. @throws Error when the tensor was freed. */
  get storage(): Storage {
    return storageOf(this);
  }

  /** Whether `dispose` or the end of a scope has freed the tensor. */
  get isDisposed(): boolean {
    return this.held === null;
  }

  /**
   * Gives up this handle, and its gradient's; the memory goes when no view, tape or module holds it. Calling it twice does nothing.
   */
  dispose(): void {
    dispose(this);
  }

  /**
   * Size of one dimension; negative dims count from the end.
   *
   * @throws RangeError when there is no such dimension.
   */
  size(dim: number): number {
    return sizeAt(this, dim);
  }

  /** Whether the elements follow each other in row-major order. */
  isContiguous(): boolean {
    return isContiguous(this.shape, this.strides);
  }

  // Gradients: ops/gradients.ts

  /**
   * The accumulated gradient of a leaf (or of a tensor with `retainGrad`), else null. It belongs to this tensor and is freed with it,
   * unless it is kept; one that is replaced goes with the scope that is open then. What is assigned must have the tensor's shape, dtype and
   * device.
   *
   * @throws TypeError for what is neither a tensor nor null, or a tensor of another dtype; RangeError for another shape; Error for
   * another device or a freed tensor.
   */
  get grad(): Tensor | null {
    return this.gradient;
  }

  set grad(value: Tensor | null) {
    setGradient(this, value);
  }

  /** Whether operations on this tensor are recorded and its gradient computed. */
  get requiresGrad(): boolean {
    return requiresGrad(this);
  }

  set requiresGrad(value: boolean) {
    setRequiresGrad(this, value);
  }

  /** The chained form of setting `requiresGrad`. */
  requiresGrad_(value?: boolean): Tensor {
    return requiresGrad_(this, value);
  }

  /** Whether the tensor was made by the user rather than by a recorded operation. */
  get isLeaf(): boolean {
    return isLeaf(this);
  }

  /** The recorded operation that made the tensor, by name, else null. */
  get gradFn(): { readonly name: string } | null {
    return gradFn(this);
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
  backward(gradient?: Tensor, options?: BackwardOptions): void {
    backward(this, gradient, options);
  }

  /** Keeps the gradient of a tensor that is not a leaf in its `grad`. */
  retainGrad(): void {
    retainGrad(this);
  }

  /**
   * Calls a function with the gradient of this tensor when it has been computed; a tensor that the function returns replaces it, and must
   * have its shape, dtype and device.
   *
   * @returns a function that removes the hook.
   */
  registerHook(hook: (gradient: Tensor) => Tensor | void): () => void {
    return registerHook(this, hook);
  }

  // Values, dtypes and devices: ops/conversion.ts

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
  item(): number {
    return item(this);
  }

  /**
   * A fresh typed array of the elements in row-major order: float16 as a `Float32Array`, bool as a `Uint8Array` of 0 and 1, int64
   * as a `BigInt64Array`.
   *
   * @throws Error when the tensor was freed, or the device cannot be read synchronously.
   */
  toTypedArray(): DataArray {
    return toTypedArray(this);
  }

  /**
   * {@link toTypedArray}, on every device: resolves when the values have arrived. When much memory was taken since the last time, it is
   * also a turn of the event loop, in which what nobody refers to is freed.
   */
  data(): Promise<DataArray> {
    return data(this);
  }

  /**
   * The values as nested arrays (a bare value for a 0-dimensional tensor): numbers, booleans for bool, bigints for int64.
   *
   * @throws RangeError for more than 2^25 values and inner arrays together, or more than 1000 dimensions.
   */
  toArray(): NestedArray {
    return toArray(this);
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
  to<S extends string>(...targets: ToTarget<S>[]): Tensor {
    return to(this, targets);
  }

  /** To float32. */
  float(): Tensor {
    return float(this);
  }

  /** To float64. */
  double(): Tensor {
    return double(this);
  }

  /** To float16. */
  half(): Tensor {
    return half(this);
  }

  /** To int32. */
  int(): Tensor {
    return int(this);
  }

  /** To int64. */
  long(): Tensor {
    return long(this);
  }

  /** To bool: whether each element differs from zero. */
  bool(): Tensor {
    return bool(this);
  }

  /** A copy in memory of its own, contiguous; gradients flow through it. */
  clone(): Tensor {
    return clone(this);
  }

  /** Itself when it is contiguous, else a contiguous copy. */
  contiguous(): Tensor {
    return contiguous(this);
  }

  /** The same storage, cut off from the recorded history. */
  detach(): Tensor {
    return detach(this);
  }

  /**
   * Writes another tensor's values (broadcast, cast), or one number, into this one.
   *
   * @throws RangeError when the source does not broadcast to this shape, or is a number that the dtype cannot hold. TypeError for
   * what is neither.
   */
  copy_(source: Operand): Tensor {
    return copy_(this, source);
  }

  /**
   * Writes one value everywhere.
   *
   * @throws TypeError for what is no number, boolean, bigint or tensor. RangeError for a value that the dtype cannot hold.
   */
  fill_(value: Operand): Tensor {
    return fill_(this, value);
  }

  /** Writes zeros. */
  zero_(): Tensor {
    return zero_(this);
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
  toJSON(): unknown {
    return toJSON(this);
  }

  /** As PyTorch prints tensors: `tensor([1., 2.])`. */
  override toString(): string {
    return formatTensor(this);
  }

  /** What Node's, Bun's and Deno's `console.log` print. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "number") {
      throw new TypeError(
        "a tensor is not a number: use item() for its value, and methods such as add(…) instead of operators",
      );
    }
    return this.toString();
  }

  // Functions of one element: ops/unary.ts

  /** −x. In-place form: `neg_`. */
  neg(): Tensor {
    return neg(this);
  }

  /** {@link neg} in place. */
  neg_(): Tensor {
    return neg_(this);
  }

  /** |x|; the gradient at 0 is 0. In-place form: `abs_`. */
  abs(): Tensor {
    return abs(this);
  }

  /** {@link abs} in place. */
  abs_(): Tensor {
    return abs_(this);
  }

  /** −1, 0 or 1. In-place form: `sign_`. */
  sign(): Tensor {
    return sign(this);
  }

  /** {@link sign} in place. */
  sign_(): Tensor {
    return sign_(this);
  }

  /** The largest integer not above x. In-place form: `floor_`. */
  floor(): Tensor {
    return floor(this);
  }

  /** {@link floor} in place. */
  floor_(): Tensor {
    return floor_(this);
  }

  /** The smallest integer not below x. In-place form: `ceil_`. */
  ceil(): Tensor {
    return ceil(this);
  }

  /** {@link ceil} in place. */
  ceil_(): Tensor {
    return ceil_(this);
  }

  /** x without its fraction. In-place form: `trunc_`. */
  trunc(): Tensor {
    return trunc(this);
  }

  /** {@link trunc} in place. */
  trunc_(): Tensor {
    return trunc_(this);
  }

  /** √x; NaN below 0. In-place form: `sqrt_`. */
  sqrt(): Tensor {
    return sqrt(this);
  }

  /** {@link sqrt} in place. */
  sqrt_(): Tensor {
    return sqrt_(this);
  }

  /** eˣ. In-place form: `exp_`. */
  exp(): Tensor {
    return exp(this);
  }

  /** {@link exp} in place. */
  exp_(): Tensor {
    return exp_(this);
  }

  /** eˣ − 1, exact near 0. In-place form: `expm1_`. */
  expm1(): Tensor {
    return expm1(this);
  }

  /** {@link expm1} in place. */
  expm1_(): Tensor {
    return expm1_(this);
  }

  /** ln x. In-place form: `log_`. */
  log(): Tensor {
    return log(this);
  }

  /** {@link log} in place. */
  log_(): Tensor {
    return log_(this);
  }

  /** log₂ x. In-place form: `log2_`. */
  log2(): Tensor {
    return log2(this);
  }

  /** {@link log2} in place. */
  log2_(): Tensor {
    return log2_(this);
  }

  /** log₁₀ x. In-place form: `log10_`. */
  log10(): Tensor {
    return log10(this);
  }

  /** {@link log10} in place. */
  log10_(): Tensor {
    return log10_(this);
  }

  /** ln(1 + x), exact near 0. In-place form: `log1p_`. */
  log1p(): Tensor {
    return log1p(this);
  }

  /** {@link log1p} in place. */
  log1p_(): Tensor {
    return log1p_(this);
  }

  /** Sine of x in radians. In-place form: `sin_`. */
  sin(): Tensor {
    return sin(this);
  }

  /** {@link sin} in place. */
  sin_(): Tensor {
    return sin_(this);
  }

  /** Cosine of x in radians. In-place form: `cos_`. */
  cos(): Tensor {
    return cos(this);
  }

  /** {@link cos} in place. */
  cos_(): Tensor {
    return cos_(this);
  }

  /** Tangent of x in radians. In-place form: `tan_`. */
  tan(): Tensor {
    return tan(this);
  }

  /** {@link tan} in place. */
  tan_(): Tensor {
    return tan_(this);
  }

  /** Arc sine, in radians. In-place form: `asin_`. */
  asin(): Tensor {
    return asin(this);
  }

  /** {@link asin} in place. */
  asin_(): Tensor {
    return asin_(this);
  }

  /** Arc cosine, in radians. In-place form: `acos_`. */
  acos(): Tensor {
    return acos(this);
  }

  /** {@link acos} in place. */
  acos_(): Tensor {
    return acos_(this);
  }

  /** Arc tangent, in radians. In-place form: `atan_`. */
  atan(): Tensor {
    return atan(this);
  }

  /** {@link atan} in place. */
  atan_(): Tensor {
    return atan_(this);
  }

  /** Hyperbolic sine. In-place form: `sinh_`. */
  sinh(): Tensor {
    return sinh(this);
  }

  /** {@link sinh} in place. */
  sinh_(): Tensor {
    return sinh_(this);
  }

  /** Hyperbolic cosine. In-place form: `cosh_`. */
  cosh(): Tensor {
    return cosh(this);
  }

  /** {@link cosh} in place. */
  cosh_(): Tensor {
    return cosh_(this);
  }

  /** Hyperbolic tangent. In-place form: `tanh_`. */
  tanh(): Tensor {
    return tanh(this);
  }

  /** {@link tanh} in place. */
  tanh_(): Tensor {
    return tanh_(this);
  }

  /** Inverse hyperbolic sine. In-place form: `asinh_`. */
  asinh(): Tensor {
    return asinh(this);
  }

  /** {@link asinh} in place. */
  asinh_(): Tensor {
    return asinh_(this);
  }

  /** Inverse hyperbolic cosine. In-place form: `acosh_`. */
  acosh(): Tensor {
    return acosh(this);
  }

  /** {@link acosh} in place. */
  acosh_(): Tensor {
    return acosh_(this);
  }

  /** Inverse hyperbolic tangent. In-place form: `atanh_`. */
  atanh(): Tensor {
    return atanh(this);
  }

  /** {@link atanh} in place. */
  atanh_(): Tensor {
    return atanh_(this);
  }

  /** Error function 2/√π ∫₀ˣ e^(−t²) dt. In-place form: `erf_`. */
  erf(): Tensor {
    return erf(this);
  }

  /** {@link erf} in place. */
  erf_(): Tensor {
    return erf_(this);
  }

  /** 1 − erf(x), exact for large x. In-place form: `erfc_`. */
  erfc(): Tensor {
    return erfc(this);
  }

  /** {@link erfc} in place. */
  erfc_(): Tensor {
    return erfc_(this);
  }

  /** Inverse of {@link erf} on [−1, 1]. In-place form: `erfinv_`. */
  erfinv(): Tensor {
    return erfinv(this);
  }

  /** {@link erfinv} in place. */
  erfinv_(): Tensor {
    return erfinv_(this);
  }

  /** 1 / (1 + e^(−x)). In-place form: `sigmoid_`. */
  sigmoid(): Tensor {
    return sigmoid(this);
  }

  /** {@link sigmoid} in place. */
  sigmoid_(): Tensor {
    return sigmoid_(this);
  }

  /**
   * sin(πx) / (πx), and 1 at 0; integers become float32. In-place form: `sinc_`.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 0.5, 1]).sinc().toArray(); // [1, 0.6366197…, 0]
   * ```
   */
  sinc(): Tensor {
    return sinc(this);
  }

  /** {@link sinc} in place. */
  sinc_(): Tensor {
    return sinc_(this);
  }

  /** max(x, 0); the gradient at 0 is 0. In-place form: `relu_`. */
  relu(): Tensor {
    return relu(this);
  }

  /** {@link relu} in place. */
  relu_(): Tensor {
    return relu_(this);
  }

  // Arithmetic: ops/arithmetic.ts

  /** this · other; broadcasts. In-place form: `mul_`. */
  mul(other: Operand): Tensor {
    return mul(this, other);
  }

  /** {@link mul} in place. */
  mul_(other: Operand): Tensor {
    return mul_(this, other);
  }

  /** The larger of two elements; NaN where either is; broadcasts. */
  maximum(other: Operand): Tensor {
    return maximum(this, other);
  }

  /** The smaller of two elements; NaN where either is; broadcasts. */
  minimum(other: Operand): Tensor {
    return minimum(this, other);
  }

  /** Remainder with the sign of the divisor, as Python's `%`; broadcasts. In-place form: `remainder_`. */
  remainder(other: Operand): Tensor {
    return remainder(this, other);
  }

  /** {@link remainder} in place. */
  remainder_(other: Operand): Tensor {
    return remainder_(this, other);
  }

  /** Remainder with the sign of the dividend, as C's and JavaScript's `%`; broadcasts. In-place form: `fmod_`. */
  fmod(other: Operand): Tensor {
    return fmod(this, other);
  }

  /** {@link fmod} in place. */
  fmod_(other: Operand): Tensor {
    return fmod_(this, other);
  }

  /** Quotient rounded down; broadcasts. In-place form: `floorDivide_`. */
  floorDivide(other: Operand): Tensor {
    return floorDivide(this, other);
  }

  /** {@link floorDivide} in place. */
  floorDivide_(other: Operand): Tensor {
    return floorDivide_(this, other);
  }

  /** Angle of the point (other, this), in radians; broadcasts. In-place form: `atan2_`. */
  atan2(other: Operand): Tensor {
    return atan2(this, other);
  }

  /** {@link atan2} in place. */
  atan2_(other: Operand): Tensor {
    return atan2_(this, other);
  }

  /**
   * this + alpha · other; broadcasts. In-place form: `add_`.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).add(tensor([[10], [20]])).shape; // [2, 2]
   * ```
   */
  add(other: Operand, options?: AlphaOptions): Tensor {
    return add(this, other, options);
  }

  /** {@link add} in place. */
  add_(other: Operand, options?: AlphaOptions): Tensor {
    return add_(this, other, options);
  }

  /**
   * this − alpha · other; broadcasts. In-place form: `sub_`.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).sub(tensor([[10], [20]])).shape; // [2, 2]
   * ```
   */
  sub(other: Operand, options?: AlphaOptions): Tensor {
    return sub(this, other, options);
  }

  /** {@link sub} in place. */
  sub_(other: Operand, options?: AlphaOptions): Tensor {
    return sub_(this, other, options);
  }

  /** this / other; integers give float32 unless a `roundingMode` is given. In-place form: `div_`. */
  div(other: Operand, options?: DivOptions): Tensor {
    return div(this, other, options);
  }

  /** {@link div} in place. */
  div_(other: Operand, options?: DivOptions): Tensor {
    return div_(this, other, options);
  }

  /**
   * this to the power of `exponent`; broadcasts. In-place form: `pow_`.
   *
   * @throws RangeError for an integer tensor and a negative integer exponent.
   */
  pow(exponent: Operand): Tensor {
    return pow(this, exponent);
  }

  /** {@link pow} in place. */
  pow_(exponent: Operand): Tensor {
    return pow_(this, exponent);
  }

  /** Rounded to the nearest integer, ties to even, or to a number of decimals. In-place form: `round_`. */
  round(options?: RoundOptions): Tensor {
    return round(this, options);
  }

  /** {@link round} in place. */
  round_(options?: RoundOptions): Tensor {
    return round_(this, options);
  }

  /** The fraction of x, with its sign. In-place form: `frac_`. */
  frac(): Tensor {
    return tidy(() => frac(this));
  }

  /** {@link frac} in place. */
  frac_(): Tensor {
    return frac_(this);
  }

  /** 1 / x. In-place form: `reciprocal_`. */
  reciprocal(): Tensor {
    return reciprocal(this);
  }

  /** {@link reciprocal} in place. */
  reciprocal_(): Tensor {
    return reciprocal_(this);
  }

  /** x². In-place form: `square_`. */
  square(): Tensor {
    return square(this);
  }

  /** {@link square} in place. */
  square_(): Tensor {
    return square_(this);
  }

  /** 1 / √x. In-place form: `rsqrt_`. */
  rsqrt(): Tensor {
    return tidy(() => rsqrt(this));
  }

  /** {@link rsqrt} in place. */
  rsqrt_(): Tensor {
    return rsqrt_(this);
  }

  /** 2ˣ. In-place form: `exp2_`. */
  exp2(): Tensor {
    return exp2(this);
  }

  /** {@link exp2} in place. */
  exp2_(): Tensor {
    return exp2_(this);
  }

  /** this + weight · (end − this), exactly `end` at weight 1; broadcasts. In-place form: `lerp_`. */
  lerp(end: Tensor, weight: Operand): Tensor {
    return tidy(() => lerp(this, end, weight));
  }

  /** {@link lerp} in place. */
  lerp_(end: Tensor, weight: Operand): Tensor {
    return lerp_(this, end, weight);
  }

  /**
   * Limited to `min` and `max`; the gradient is 0 where a bound took hold. In-place form: `clamp_`.
   *
   * @throws Error when neither bound is given.
   */
  clamp(options: ClampOptions): Tensor {
    return tidy(() => clamp(this, options));
  }

  /** {@link clamp} in place. */
  clamp_(options: ClampOptions): Tensor {
    return clamp_(this, options);
  }

  /**
   * ln(eᵃ + eᵇ) without overflow; broadcasts, and integers become float32.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1000, -1000]).logaddexp(tensor([1000, 0])).toArray(); // [1000.6931…, 0]
   * ```
   */
  logaddexp(other: Operand): Tensor {
    return logaddexp(this, other);
  }

  /** Elements of `this` where `condition` holds, of `other` elsewhere; broadcasts. */
  where(condition: Tensor, other: Operand): Tensor {
    return where(this, condition, other);
  }

  // Comparison, logic and bits: ops/comparison.ts

  /** Whether this = other; broadcasts. */
  eq(other: Operand): Tensor {
    return eq(this, other);
  }

  /** Whether this ≠ other; broadcasts. */
  ne(other: Operand): Tensor {
    return ne(this, other);
  }

  /** Whether this < other; broadcasts. */
  lt(other: Operand): Tensor {
    return lt(this, other);
  }

  /** Whether this ≤ other; broadcasts. */
  le(other: Operand): Tensor {
    return le(this, other);
  }

  /** Whether this > other; broadcasts. */
  gt(other: Operand): Tensor {
    return gt(this, other);
  }

  /** Whether this ≥ other; broadcasts. */
  ge(other: Operand): Tensor {
    return ge(this, other);
  }

  /** Whether both differ from zero; broadcasts. */
  logicalAnd(other: Operand): Tensor {
    return logicalAnd(this, other);
  }

  /** Whether either differs from zero; broadcasts. */
  logicalOr(other: Operand): Tensor {
    return logicalOr(this, other);
  }

  /** Whether exactly one differs from zero; broadcasts. */
  logicalXor(other: Operand): Tensor {
    return logicalXor(this, other);
  }

  /** Whether an element is zero. */
  logicalNot(): Tensor {
    return logicalNot(this);
  }

  /** Whether an element is NaN. */
  isnan(): Tensor {
    return isnan(this);
  }

  /** Whether an element is ±infinity. */
  isinf(): Tensor {
    return tidy(() => isinf(this));
  }

  /** Whether an element is neither infinite nor NaN. */
  isfinite(): Tensor {
    return tidy(() => isfinite(this));
  }

  /**
   * Element by element, whether two tensors are close (see {@link CloseOptions}); broadcasts. Integers are compared in float64, or
   * where the device lacks that by their exact difference against a tolerance in float32.
   */
  isclose(other: Tensor, options?: CloseOptions): Tensor {
    return tidy(() => isclose(this, other, options));
  }

  /** Whether all elements are close. */
  allclose(other: Tensor, options?: CloseOptions): boolean {
    return tidy(() => allclose(this, other, options));
  }

  /** Whether shape and all elements are the same. */
  equal(other: Tensor): boolean {
    return tidy(() => equal(this, other));
  }

  /** Bitwise complement of integers; negation of bool. */
  bitwiseNot(): Tensor {
    return bitwiseNot(this);
  }

  /** Bitwise and of integers or bool; broadcasts. */
  bitwiseAnd(other: Operand): Tensor {
    return bitwiseAnd(this, other);
  }

  /** Bitwise or of integers or bool; broadcasts. */
  bitwiseOr(other: Operand): Tensor {
    return bitwiseOr(this, other);
  }

  /** Bitwise exclusive or of integers or bool; broadcasts. */
  bitwiseXor(other: Operand): Tensor {
    return bitwiseXor(this, other);
  }

  /** Bits shifted to the left by `other` places; broadcasts. */
  bitwiseLeftShift(other: Operand): Tensor {
    return bitwiseLeftShift(this, other);
  }

  /** Bits shifted to the right by `other` places; broadcasts. */
  bitwiseRightShift(other: Operand): Tensor {
    return bitwiseRightShift(this, other);
  }

  // Reductions, running sums and softmax: ops/reduction.ts

  /**
   * Sum over `dim` (default: all). Integers and bool give int32, int64 stays, unless `dtype` says otherwise.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2], [3, 4]]).sum(0, { keepdim: true }).toArray(); // [[4, 6]]
   * ```
   */
  sum(dim?: Dims, options?: ReduceOptions & { readonly dtype?: DType }): Tensor {
    return sum(this, dim, options);
  }

  /** Product over `dim` (default: all), in a dtype as that of {@link sum}. */
  prod(dim?: Dims, options?: ReduceOptions & { readonly dtype?: DType }): Tensor {
    return prod(this, dim, options);
  }

  /** Mean over `dim` (default: all), computed in `dtype` if given. @throws TypeError for integers without it. */
  mean(dim?: Dims, options?: ReduceOptions & { readonly dtype?: DType }): Tensor {
    return tidy(() => mean(this, dim, options));
  }

  /** Largest element over `dim`; the gradient is shared by equals. NaN wins. */
  amax(dim?: Dims, options?: ReduceOptions): Tensor {
    return amax(this, dim, options);
  }

  /** Smallest element over `dim`; the gradient is shared by equals. NaN wins. */
  amin(dim?: Dims, options?: ReduceOptions): Tensor {
    return amin(this, dim, options);
  }

  /** Largest element of all, or the largest along one dimension with its index (the first of equals, which gets the gradient). */
  max(): Tensor;
  max(dim: number, options?: ReduceOptions): ValuesAndIndices;
  max(dim?: number, options?: ReduceOptions): Tensor | ValuesAndIndices {
    return tidy(() => max(this, dim, options));
  }

  /** Smallest element of all, or the smallest along one dimension with its index. */
  min(): Tensor;
  min(dim: number, options?: ReduceOptions): ValuesAndIndices;
  min(dim?: number, options?: ReduceOptions): Tensor | ValuesAndIndices {
    return tidy(() => min(this, dim, options));
  }

  /** Index of the largest element along `dim`, or in the flattened tensor (int32). */
  argmax(dim?: number, options?: ReduceOptions): Tensor {
    return argmax(this, dim, options);
  }

  /** Index of the smallest element along `dim`, or in the flattened tensor (int32). */
  argmin(dim?: number, options?: ReduceOptions): Tensor {
    return argmin(this, dim, options);
  }

  /** Whether any element differs from zero. */
  any(dim?: Dims, options?: ReduceOptions): Tensor {
    return tidy(() => any(this, dim, options));
  }

  /** Whether all elements differ from zero. */
  all(dim?: Dims, options?: ReduceOptions): Tensor {
    return tidy(() => all(this, dim, options));
  }

  /** Number of elements that differ from zero (int32). */
  countNonzero(dim?: Dims): Tensor {
    return tidy(() => countNonzero(this, dim));
  }

  /** Variance over `dim`, divided by n − `correction` (default 1: Bessel's). */
  var(dim?: Dims, options?: ReduceOptions & { readonly correction?: number }): Tensor {
    return tidy(() => variance(this, dim, options));
  }

  /** Standard deviation over `dim`: the root of {@link var}. The gradient of a deviation of 0 is 0. */
  std(dim?: Dims, options?: ReduceOptions & { readonly correction?: number }): Tensor {
    return tidy(() => std(this, dim, options));
  }

  /** The p-norm (Σ|x|ᵖ)^(1/p) over `dim`; p may be 0 (count of non-zeros), Infinity or -Infinity. The gradient at 0 is 0. */
  norm(p?: number, dim?: Dims, options?: ReduceOptions): Tensor {
    return tidy(() => norm(this, p, dim, options));
  }

  /** ln Σ eˣ over `dim` without overflow. */
  logsumexp(dim: number | readonly number[], options?: ReduceOptions): Tensor {
    return tidy(() => logsumexp(this, dim, options));
  }

  /** Running sum along a dimension. Integers and bool give int32, int64 stays, unless `dtype` says otherwise. */
  cumsum(dim: number, options?: { readonly dtype?: DType }): Tensor {
    return cumsum(this, dim, options);
  }

  /** Running product along a dimension, in a dtype as that of {@link cumsum}. */
  cumprod(dim: number, options?: { readonly dtype?: DType }): Tensor {
    return cumprod(this, dim, options);
  }

  /** eˣ / Σ eˣ along a dimension. */
  softmax(dim: number): Tensor {
    return tidy(() => softmax(this, dim));
  }

  /** Logarithm of {@link softmax}, exact where the softmax underflows. */
  logSoftmax(dim: number): Tensor {
    return tidy(() => logSoftmax(this, dim));
  }

  // Views: ops/view.ts

  /**
   * The same storage under another shape; one size may be -1.
   *
   * @throws RangeError when the number of elements differs, or only a copy could show that shape.
   */
  view(...sizes: (number | readonly number[])[]): Tensor {
    return view(this, sizes);
  }

  /** Another shape: a view where possible, else a copy. One size may be -1. */
  reshape(...sizes: (number | readonly number[])[]): Tensor {
    return reshape(this, sizes);
  }

  /** {@link view} with the shape of another tensor. */
  viewAs(other: Tensor): Tensor {
    return viewAs(this, other);
  }

  /** {@link reshape} with the shape of another tensor. */
  reshapeAs(other: Tensor): Tensor {
    return reshapeAs(this, other);
  }

  /** Two dimensions exchanged. */
  transpose(dim0: number, dim1: number): Tensor {
    return transpose(this, dim0, dim1);
  }

  /** The transpose of a matrix; vectors and 0-dimensional tensors stay as they are. */
  t(): Tensor {
    return t(this);
  }

  /**
   * Dimensions in another order.
   *
   * @throws RangeError unless every dimension is named once.
   */
  permute(...dims: (number | readonly number[])[]): Tensor {
    return permute(this, dims);
  }

  /** Dimensions moved to other places, the rest in order. */
  movedim(source: number | readonly number[], destination: number | readonly number[]): Tensor {
    return movedim(this, source, destination);
  }

  /**
   * `length` elements of a dimension from `start` (negative: from the end) on.
   *
   * @throws RangeError when they are not all there.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * const x = zeros([2, 4]);
   * x.narrow(1, 1, 2).fill_(5);
   * x.toArray(); // [[0, 5, 5, 0], [0, 5, 5, 0]]
   * ```
   */
  narrow(dim: number, start: number, length: number): Tensor {
    return narrow(this, dim, start, length);
  }

  /** One index of a dimension, which goes away. @throws RangeError when it is out of range. */
  select(dim: number, index: number): Tensor {
    return select(this, dim, index);
  }

  /**
   * Dimensions of size 1 repeated without a copy; -1 keeps a size. New dimensions may be put in front.
   *
   * @throws RangeError when another size than 1 would change.
   */
  expand(...sizes: (number | readonly number[])[]): Tensor {
    return expand(this, sizes);
  }

  /** {@link expand} to the shape of another tensor. */
  expandAs(other: Tensor): Tensor {
    return expandAs(this, other);
  }

  /** Without dimensions of size 1: all of them, or those named (which may be larger, and then stay). */
  squeeze(dim?: number | readonly number[]): Tensor {
    return squeeze(this, dim);
  }

  /** A dimension of size 1 put in at `dim`. */
  unsqueeze(dim: number): Tensor {
    return unsqueeze(this, dim);
  }

  /** Dimensions `start` to `end` as one; a view where possible. */
  flatten(start?: number, end?: number): Tensor {
    return flatten(this, start, end);
  }

  /** One dimension as several; one size may be -1. */
  unflatten(dim: number, sizes: readonly number[]): Tensor {
    return unflatten(this, dim, sizes);
  }

  /** Windows of `size` elements every `step` along a dimension, as a new last dimension. */
  unfold(dim: number, size: number, step: number): Tensor {
    return unfold(this, dim, size, step);
  }

  /** The diagonal of two dimensions as a new last one; a positive offset lies above the main diagonal. */
  diagonal(options?: { readonly offset?: number; readonly dim1?: number; readonly dim2?: number }): Tensor {
    return diagonal(this, options);
  }

  /** Elements in reverse order along dimensions; a copy, since tensors have no negative strides. */
  flip(...dims: (number | readonly number[])[]): Tensor {
    return flip(this, dims);
  }

  /** Pieces along a dimension: of one size (the last may be shorter), or of the sizes given. */
  split(sizes: number | readonly number[], dim?: number): Tensor[] {
    return split(this, sizes, dim);
  }

  /** At most `count` pieces of equal size along a dimension (the last may be shorter). */
  chunk(count: number, dim?: number): Tensor[] {
    return chunk(this, count, dim);
  }

  /** The slices along a dimension, which goes away. */
  unbind(dim?: number): Tensor[] {
    return unbind(this, dim);
  }

  // Indexing: ops/indexing.ts

  /**
   * Elements by index. Integers, slices in Python's syntax, `null` and `"..."` give a view, through which the tensor can be
   * written; with integer tensors or bool masks among them the result is a copy.
   *
   * @throws RangeError for an index out of range, too many indices, a mask of another shape, or a negative step.
   *
   * @example
   * ```ts
   * import { arange, tensor } from "@heddle/tensor";
   * const x = arange(12).reshape(3, 4);
   * x.at(1).toArray(); // [4, 5, 6, 7]
   * x.at(":", "::2").shape; // [3, 2]
   * x.at(-1, tensor([0, 3], { dtype: "int32" })).toArray(); // [8, 11]
   * x.at(x.gt(9)).toArray(); // [10, 11]
   * x.at("1:", ":2").fill_(0); // writes to x
   * ```
   */
  at(...indices: Index[]): Tensor {
    return tidy(() => at(this, indices));
  }

  /**
   * Writes a value (broadcast) to the elements that `at` would read; with `accumulate` adds it, as often as an element is named.
   *
   * @throws TypeError for a tensor of another dtype. RangeError as {@link at}, or when the value does not broadcast.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * const x = zeros([2, 3]);
   * x.indexPut_([":", 1], 7).toArray(); // [[0, 7, 0], [0, 7, 0]]
   * ```
   */
  indexPut_(indices: readonly Index[], value: Operand, options?: { readonly accumulate?: boolean }): Tensor {
    return indexPut_(this, indices, value, options);
  }

  /**
   * `out[i][j] = this[index[i][j]][j]` for dim 0, likewise for others.
   *
   * @throws RangeError when the index has another number of dimensions, is larger beside `dim`, or out of range.
   */
  gather(dim: number, index: Tensor): Tensor {
    return gather(this, dim, index);
  }

  /**
   * A copy in which `copy[index[i][j]][j] = source[i][j]` (dim 0); with `reduce` the value is combined with what was there.
   * Where an index occurs twice without `reduce`, the last one stays.
   */
  scatter(
    dim: number,
    index: Tensor,
    source: Operand,
    options?: { readonly reduce?: Exclude<ScatterMode, "set"> },
  ): Tensor {
    return scatter(this, dim, index, source, options);
  }

  /** {@link scatter} in place. */
  scatter_(
    dim: number,
    index: Tensor,
    source: Operand,
    options?: { readonly reduce?: Exclude<ScatterMode, "set"> },
  ): Tensor {
    return scatter_(this, dim, index, source, options);
  }

  /** {@link scatter} that adds, in a fixed order. */
  scatterAdd(dim: number, index: Tensor, source: Tensor): Tensor {
    return scatterAdd(this, dim, index, source);
  }

  /** {@link scatterAdd} in place. */
  scatterAdd_(dim: number, index: Tensor, source: Tensor): Tensor {
    return scatterAdd_(this, dim, index, source);
  }

  /** The slices along `dim` that a 1-dimensional index names. */
  indexSelect(dim: number, index: Tensor): Tensor {
    return indexSelect(this, dim, index);
  }

  /** A copy to whose slices along `dim` those of `source`, times `alpha`, are added at the indices. In-place form: `indexAdd_`. */
  indexAdd(dim: number, index: Tensor, source: Tensor, options?: { readonly alpha?: Scalar }): Tensor {
    return tidy(() => indexAdd(this, dim, index, source, options));
  }

  /** {@link indexAdd} in place. */
  indexAdd_(dim: number, index: Tensor, source: Tensor, options?: { readonly alpha?: Scalar }): Tensor {
    return indexAdd_(this, dim, index, source, options);
  }

  /** Writes slices of `source` along `dim` at the indices. */
  indexCopy_(dim: number, index: Tensor, source: Tensor): Tensor {
    return indexCopy_(this, dim, index, source);
  }

  /** Writes one value to the slices along `dim` at the indices. */
  indexFill_(dim: number, index: Tensor, value: Scalar): Tensor {
    return indexFill_(this, dim, index, value);
  }

  /** `value` where the mask (broadcast) holds, else the element. In-place form: `maskedFill_`. */
  maskedFill(mask: Tensor, value: Operand): Tensor {
    return tidy(() => maskedFill(this, mask, value));
  }

  /** {@link maskedFill} in place. */
  maskedFill_(mask: Tensor, value: Operand): Tensor {
    return maskedFill_(this, mask, value);
  }

  /** The elements where the mask (broadcast) holds, as one dimension. */
  maskedSelect(mask: Tensor): Tensor {
    return tidy(() => maskedSelect(this, mask));
  }

  /** Elements of the flattened tensor, in the shape of the index; negative indices count from the end. */
  take(index: Tensor): Tensor {
    return take(this, index);
  }

  /** Positions of the elements that differ from zero: int32 `[count, ndim]`. Reads the tensor. */
  nonzero(): Tensor {
    return tidy(() => nonzero(this));
  }

  /** The matrices' lower triangles, up to the `k`-th diagonal; zero elsewhere. */
  tril(k?: number): Tensor {
    return tidy(() => tril(this, k));
  }

  /** The matrices' upper triangles, from the `k`-th diagonal on; zero elsewhere. */
  triu(k?: number): Tensor {
    return tidy(() => triu(this, k));
  }

  /** The whole repeated `times[d]` times along each dimension; dimensions may be added in front. */
  repeat(...times: (number | readonly number[])[]): Tensor {
    return repeat(this, times);
  }

  /** {@link repeat}, with counts for the last dimensions if there are fewer than dimensions. */
  tile(...times: (number | readonly number[])[]): Tensor {
    return tile(this, times);
  }

  /** Elements shifted along dimensions, those pushed out coming in at the other end; without dims in the flattened order. */
  roll(shifts: number | readonly number[], dims?: number | readonly number[]): Tensor {
    return roll(this, shifts, dims);
  }

  // Order and counts: ops/sorting.ts

  /** The elements in order along a dimension, and where they came from (int32). Always stable; NaN counts as the largest. */
  sort(dim?: number, options?: { readonly descending?: boolean; readonly stable?: boolean }): ValuesAndIndices {
    return sort(this, dim, options);
  }

  /** Where the elements of the sorted tensor come from (int32). */
  argsort(dim?: number, options?: { readonly descending?: boolean }): Tensor {
    return tidy(() => argsort(this, dim, options));
  }

  /**
   * The `k` largest (or smallest) elements along a dimension, in order, and their indices (int32).
   *
   * @throws RangeError when there are fewer than k.
   */
  topk(k: number, dim?: number, options?: { readonly largest?: boolean; readonly sorted?: boolean }): ValuesAndIndices {
    return topk(this, k, dim, options);
  }

  /**
   * The distinct elements in ascending order, or with `dim` the distinct slices in lexicographic order. Reads the tensor.
   */
  unique(
    options?: { readonly returnInverse?: boolean; readonly returnCounts?: boolean; readonly dim?: number },
  ): Unique {
    return tidy(() => unique(this, options));
  }

  /**
   * How often each non-negative integer occurs in a 1-dimensional tensor (int32), or the sum of its weights: of integers in
   * float64, where the device has that, else in float32. Reads the tensor.
   *
   * @throws TypeError for floats. RangeError for negative values or another rank.
   */
  bincount(options?: { readonly weights?: Tensor; readonly minlength?: number }): Tensor {
    return bincount(this, options);
  }

  // Products: ops/products.ts

  /**
   * Matrix product over the last two dimensions; batch dimensions broadcast; a vector counts as a row on the left and as a column
   * on the right.
   *
   * @throws RangeError when the inner sizes differ or the batches do not broadcast. TypeError when the dtypes differ.
   */
  matmul(other: Tensor): Tensor {
    return matmul(this, other);
  }

  /** Product of two matrices. */
  mm(other: Tensor): Tensor {
    return mm(this, other);
  }

  /** Products of two batches of matrices. */
  bmm(other: Tensor): Tensor {
    return bmm(this, other);
  }

  /** Product of a matrix and a vector. */
  mv(vector: Tensor): Tensor {
    return mv(this, vector);
  }

  /** Scalar product of two vectors. */
  dot(other: Tensor): Tensor {
    return dot(this, other);
  }

  /** All products of the elements of two vectors: `[n, m]`. */
  outer(other: Tensor): Tensor {
    return outer(this, other);
  }

  // Random numbers in place: ops/filling.ts

  /** Fills with numbers evenly distributed over [from, to). */
  uniform_(from?: number, to?: number, options?: RandomOptions): Tensor {
    return uniform_(this, from, to, options);
  }

  /** Fills with numbers of the normal distribution of a mean and a standard deviation. */
  normal_(mean?: number, std?: number, options?: RandomOptions): Tensor {
    return normal_(this, mean, std, options);
  }

  /** Fills with 1 at probability `p`, else 0. */
  bernoulli_(p?: number, options?: RandomOptions): Tensor {
    return bernoulli_(this, p, options);
  }
}

installRowComposites(rowComposites);
installTensorClass(Tensor as unknown as Parameters<typeof installTensorClass>[0]);
printOnConsole(Tensor.prototype);
markClass(Tensor, "@heddle/tensor");
