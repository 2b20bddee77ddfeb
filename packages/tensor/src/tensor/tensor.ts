/**
 * The class of tensors, as a table of contents: each method calls the function of its name in a file under `ops/`. A method that is
 * made of several operations runs in a scope, which frees the intermediate tensors even when the method throws.
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
import type { RandomOptions } from "../ops/random_fill.ts";
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
import type { Index } from "../ops/index_resolution.ts";
import type { Unique } from "../ops/sorting.ts";
import type { Elementwise } from "../prims/elementwise.ts";
import {
  bfloat16,
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
  digamma,
  digamma_,
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
  lgamma,
  lgamma_,
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
  rdiv,
  reciprocal,
  reciprocal_,
  remainder,
  remainder_,
  round,
  round_,
  rpow,
  rsqrt,
  rsqrt_,
  rsub,
  square,
  square_,
  sub,
  sub_,
  where,
} from "../ops/arithmetic.ts";
import {
  allclose,
  bitwiseAnd,
  bitwiseAnd_,
  bitwiseLeftShift,
  bitwiseLeftShift_,
  bitwiseNot,
  bitwiseNot_,
  bitwiseOr,
  bitwiseOr_,
  bitwiseRightShift,
  bitwiseRightShift_,
  bitwiseXor,
  bitwiseXor_,
  eq,
  eq_,
  equal,
  ge,
  ge_,
  gt,
  gt_,
  isclose,
  isfinite,
  isinf,
  isnan,
  isneginf,
  isposinf,
  le,
  le_,
  logicalAnd,
  logicalAnd_,
  logicalNot,
  logicalNot_,
  logicalOr,
  logicalOr_,
  logicalXor,
  logicalXor_,
  lt,
  lt_,
  ne,
  ne_,
  signbit,
} from "../ops/comparison.ts";
import {
  all,
  amax,
  amin,
  aminmax,
  any,
  argmax,
  argmin,
  countNonzero,
  cumprod,
  cumprod_,
  cumsum,
  cumsum_,
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
  sumToSize,
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
  indexCopy,
  indexCopy_,
  indexFill,
  indexFill_,
  indexPut,
  indexPut_,
  indexReduce,
  indexReduce_,
  type IndexReduction,
  indexSelect,
  maskedFill,
  maskedFill_,
  maskedScatter,
  maskedScatter_,
  maskedSelect,
  nonzero,
  put,
  put_,
  repeat,
  roll,
  take,
  takeAlongDim,
  tile,
  tril,
  tril_,
  triu,
  triu_,
} from "../ops/indexing.ts";
import { argsort, bincount, sort, topk, unique, uniqueConsecutive, type UniqueOptions } from "../ops/sorting.ts";
import { bmm, dot, matmul, mm, mv, outer } from "../ops/products.ts";
import {
  bernoulli_,
  cauchy_,
  exponential_,
  geometric_,
  logNormal_,
  normal_,
  random_,
  uniform_,
} from "../ops/random_fill.ts";
import {
  kthvalue,
  median,
  mode,
  nanmedian,
  nanquantile,
  quantile,
  type QuantileOptions,
} from "../ops/order_statistics.ts";
import { cummax, cummin, logcumsumexp } from "../ops/scans.ts";
import { nanmean, nansum, nanToNum, nanToNum_, type NanToNumOptions } from "../ops/missing_values.ts";
import {
  addbmm,
  addbmm_,
  addcdiv,
  addcdiv_,
  addcmul,
  addcmul_,
  type AddedProductOptions,
  addmm,
  addmm_,
  addmv,
  addmv_,
  addr,
  addr_,
  baddbmm,
  baddbmm_,
  type ValueOptions,
} from "../ops/added_products.ts";
import { cdist, type CdistOptions, cross, dist, pdist, renorm, renorm_ } from "../ops/distance.ts";
import { diag, diagEmbed, diagflat, fillDiagonal_, trace } from "../ops/diagonals.ts";
import { combinations, repeatInterleave } from "../ops/stacking.ts";
import {
  copysign,
  copysign_,
  deg2rad,
  deg2rad_,
  floatPower,
  floatPower_,
  fmax,
  fmin,
  heaviside,
  heaviside_,
  hypot,
  hypot_,
  ldexp,
  ldexp_,
  logaddexp2,
  logit,
  logit_,
  rad2deg,
  rad2deg_,
  xlogy,
  xlogy_,
} from "../ops/composed_functions.ts";
import { type ContractedDims, diff, inner, kron, tensordot } from "../ops/contractions.ts";
import { dsplit, fliplr, flipud, hsplit, rot90, type Sections, tensorSplit, vsplit } from "../ops/pieces.ts";
import { scatter, scatter_, scatterAdd, scatterAdd_, type ScatterOptions } from "../ops/scatter.ts";
import { bucketize, histc, isin, type SearchOptions, searchsorted } from "../ops/searching.ts";
import { corrcoef, cov, type CovOptions, stdMean, type VarianceOptions, varMean } from "../ops/statistics.ts";
import {
  type DiagonalOptions,
  diagonalScatter,
  selectScatter,
  type SliceOptions,
  sliceScatter,
} from "../ops/written_views.ts";
import { cumulativeTrapezoid, trapezoid, type TrapezoidOptions } from "../ops/integration.ts";
import { type Histogram, histogram, type HistogramOptions } from "../ops/histogram.ts";
import {
  i0,
  i0_,
  i1,
  igamma,
  igamma_,
  igammac,
  igammac_,
  mvlgamma,
  mvlgamma_,
  polygamma,
  polygamma_,
  zeta,
} from "../ops/special_functions.ts";
import { gcd, gcd_, lcm, lcm_, nextafter, nextafter_ } from "../ops/integers.ts";
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
 * A multi-dimensional array with PyTorch's semantics.
 *
 * - **Views** share the storage of the tensor they are taken from: `view`, `transpose`, `narrow`, `at` with integers and slices, and
 *   others that say so. All other methods return new, contiguous memory.
 * - **Broadcasting**: shapes are aligned at their last dimensions, and a size of 1 repeats: `[2, 1]` and `[3]` give `[2, 3]`. An
 *   operand may be a number, boolean or bigint, which has no dimensions.
 * - **Promotion**: operands of different dtypes are computed in the wider one; int32 and float32 give float32. A whole number does
 *   not change the dtype of a tensor; a number with a fraction makes float32 of integers.
 * - **In place**: a method whose name ends in `_` writes to this tensor, visible through every view, and returns it. It throws a
 *   RangeError when the result has another shape, a TypeError when this dtype cannot hold the result, and an Error when the tensor
 *   was expanded, or is a leaf that requires a gradient (outside of `noGrad`).
 * - **Dimensions** are numbered from 0; negative numbers count from the end.
 * - Every operation throws an Error when a tensor was freed, or when its tensors are on different devices; a TypeError when an argument
 *   is of the wrong kind, or an option has an unknown name.
 *
 * @example
 * ```ts
 * import { tensor } from "@heddle/tensor";
 * const x = tensor([[1, 2], [3, 4]]);
 * x.matmul(x.t()).toArray(); // [[5, 11], [11, 25]]
 * String(x.at(0)); // "tensor([1., 2.])"
 * ```
 */
export class Tensor extends TensorCore implements Elementwise<Tensor> {
  /** The type of the elements. */
  declare readonly dtype: DType;
  /** The size of each dimension. */
  declare readonly shape: Shape;
  /** For each dimension, the distance in the storage from one element to the next, in elements. */
  declare readonly strides: readonly number[];
  /** The position of the first element in the storage, in elements. */
  declare readonly offset: number;
  /** The number of elements. */
  declare readonly numel: number;
  /** The device that holds the elements. */
  declare readonly device: Device;

  // Geometry and memory

  /**
   * The number of dimensions.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * zeros([2, 3]).ndim; // 2
   * ```
   */
  get ndim(): number {
    return this.shape.length;
  }

  /**
   * Same as {@link offset}, under PyTorch's name.
   *
   * @example
   * ```ts
   * import { arange } from "@heddle/tensor";
   * arange(6).narrow(0, 2, 3).storageOffset; // 2
   * ```
   */
  get storageOffset(): number {
    return this.offset;
  }

  /**
   * The memory behind the tensor, shared by its views.
   *
   * @throws Error when the tensor was freed.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * const x = zeros([2, 3]);
   * x.t().storage === x.storage; // true
   * ```
   */
  get storage(): Storage {
    return storageOf(this);
  }

  /**
   * Whether the tensor was freed, by {@link dispose} or at the end of a scope.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * const x = zeros([2]);
   * x.dispose();
   * x.isDisposed; // true
   * ```
   */
  get isDisposed(): boolean {
    return this.held === null;
  }

  /**
   * Frees the tensor and its gradient. The memory itself is released once no view, tape or module uses it. A second
   * call does nothing.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * const x = zeros([2]);
   * const y = x.view(2, 1);
   * x.dispose();
   * y.toArray(); // [[0], [0]]
   * ```
   */
  dispose(): void {
    dispose(this);
  }

  /**
   * The size of one dimension. A negative `dim` counts from the end.
   *
   * @throws RangeError when there is no such dimension.
   * @throws TypeError when `dim` is not a number.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * zeros([2, 3]).size(-1); // 3
   * ```
   */
  size(dim: number): number {
    return sizeAt(this, dim);
  }

  /**
   * Whether the elements lie next to each other in row-major order.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * zeros([2, 3]).isContiguous(); // true
   * zeros([2, 3]).t().isContiguous(); // false
   * ```
   */
  isContiguous(): boolean {
    return isContiguous(this.shape, this.strides);
  }

  // Gradients: ops/gradients.ts

  /**
   * The gradient accumulated by {@link backward}, for a leaf or after {@link retainGrad}; otherwise null. The tensor
   * owns its gradient and frees it, unless `keep` was called on it. A gradient that is replaced belongs to the scope
   * that is open at that moment. An assigned gradient must have the tensor's shape, dtype and device.
   *
   * @throws TypeError when the value is neither a tensor nor null, or has another dtype.
   * @throws RangeError when the value has another shape.
   * @throws Error when the value is on another device, or was freed.
   *
   * @example
   * ```ts
   * import "@heddle/autograd";
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([1, 2], { requiresGrad: true });
   * x.grad; // null
   * x.square().sum().backward();
   * x.grad?.toArray(); // [2, 4]
   * ```
   */
  get grad(): Tensor | null {
    return this.gradient;
  }

  set grad(value: Tensor | null) {
    setGradient(this, value);
  }

  /**
   * Whether operations on the tensor are recorded, so that {@link backward} computes its gradient. Setting it needs
   * `@heddle/autograd`.
   *
   * @throws TypeError when the value is not a boolean, or the tensor is not floating-point.
   * @throws Error when `@heddle/autograd` is not imported, or the tensor was freed.
   *
   * @example
   * ```ts
   * import "@heddle/autograd";
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([1, 2], { requiresGrad: true });
   * x.mul(2).requiresGrad; // true
   * x.detach().requiresGrad; // false
   * ```
   */
  get requiresGrad(): boolean {
    return requiresGrad(this);
  }

  set requiresGrad(value: boolean) {
    setRequiresGrad(this, value);
  }

  /**
   * Sets {@link requiresGrad} (by default to true) and returns this tensor.
   *
   * @throws TypeError when the value is not a boolean, or the tensor is not floating-point.
   * @throws Error when `@heddle/autograd` is not imported, or the tensor was freed.
   *
   * @example
   * ```ts
   * import "@heddle/autograd";
   * import { ones } from "@heddle/tensor";
   * ones([2]).requiresGrad_().requiresGrad; // true
   * ```
   */
  requiresGrad_(value?: boolean): Tensor {
    return requiresGrad_(this, value);
  }

  /**
   * Whether the tensor was created by the user and not by a recorded operation. {@link backward} accumulates
   * gradients in leaves.
   *
   * @example
   * ```ts
   * import "@heddle/autograd";
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([1, 2], { requiresGrad: true });
   * x.isLeaf; // true
   * x.mul(2).isLeaf; // false
   * ```
   */
  get isLeaf(): boolean {
    return isLeaf(this);
  }

  /**
   * The recorded operation that produced the tensor, or null. Its `name` is meant for debugging.
   *
   * @example
   * ```ts
   * import "@heddle/autograd";
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([1, 2], { requiresGrad: true });
   * x.mul(2).gradFn?.name; // "mul"
   * ```
   */
  get gradFn(): { readonly name: string } | null {
    return gradFn(this);
  }

  /**
   * Computes the gradient of this tensor with respect to every leaf it depends on, and adds it to the leaf's {@link
   * grad}.
   *
   * @param gradient the gradient to start from, with this tensor's shape, dtype and device. A tensor of one element
   * needs none and starts from 1.
   * @throws Error when no gradient is recorded for the tensor, when it has several elements and no `gradient` is
   * given, or when its graph was freed by an earlier call without `retainGraph`.
   * @throws RangeError when `gradient` has another shape.
   * @throws TypeError when `gradient` is not a tensor, or has another dtype.
   *
   * @example
   * ```ts
   * import "@heddle/autograd";
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([1, 2, 3], { requiresGrad: true });
   * x.mul(x).sum().backward();
   * x.grad?.toArray(); // [2, 4, 6]
   * ```
   */
  backward(gradient?: Tensor, options?: BackwardOptions): void {
    backward(this, gradient, options);
  }

  /**
   * Makes {@link backward} store the gradient of this tensor in its {@link grad}, although it is not a leaf.
   *
   * @throws Error when no gradient is recorded for the tensor.
   *
   * @example
   * ```ts
   * import "@heddle/autograd";
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([1, 2], { requiresGrad: true });
   * const y = x.mul(3);
   * y.retainGrad();
   * y.square().sum().backward();
   * y.grad?.toArray(); // [6, 12]
   * ```
   */
  retainGrad(): void {
    retainGrad(this);
  }

  /**
   * Calls a function with the gradient of this tensor each time {@link backward} has computed it. A tensor that the
   * function returns replaces the gradient; it must have the same shape, dtype and device.
   *
   * @returns a function that removes the hook.
   * @throws Error when no gradient is recorded for the tensor.
   *
   * @example
   * ```ts
   * import "@heddle/autograd";
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([1, 2], { requiresGrad: true });
   * const remove = x.registerHook((gradient) => gradient.mul(10));
   * x.sum().backward();
   * x.grad?.toArray(); // [10, 10]
   * remove();
   * ```
   */
  registerHook(hook: (gradient: Tensor) => Tensor | void): () => void {
    return registerHook(this, hook);
  }

  // Values, dtypes and devices: ops/conversion.ts

  /**
   * The value of a tensor with one element, as a number. A bool gives 0 or 1.
   *
   * @throws Error when the tensor does not have exactly one element, or when its device cannot be read
   * synchronously; then use `await t.data()`.
   * @throws RangeError when an int64 is beyond ±2^53; {@link toArray} gives it as a bigint.
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
   * Copies the elements, in row-major order, to a new typed array of length {@link numel}. float16 and bfloat16 give a
   * `Float32Array`, bool a `Uint8Array` of 0 and 1, int64 a `BigInt64Array`.
   *
   * @throws Error when the tensor was freed, or when its device cannot be read synchronously; then use {@link data}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2], [3, 4]]).t().toTypedArray(); // [1, 3, 2, 4]
   * ```
   */
  toTypedArray(): DataArray;
  /**
   * Copies the elements of a tensor whose dtype is known to a typed array of that dtype's type. It does not cast.
   *
   * @throws TypeError when the tensor has another dtype; otherwise as without an argument.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const values: Float32Array = tensor([1, 2]).toTypedArray("float32");
   * values.subarray(1); // [2]
   * ```
   */
  toTypedArray<D extends DType>(dtype: D): DataArray<D>;
  toTypedArray(dtype?: DType): DataArray {
    return toTypedArray(this, dtype);
  }

  /**
   * Like {@link toTypedArray}, but asynchronous, and so available on every device. If much memory was allocated
   * since the last call, it also waits for one turn of the event loop, in which unreachable tensors are freed.
   *
   * @throws Error (as a rejected promise) when the tensor was freed.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * await tensor([[1, 2], [3, 4]]).data(); // [1, 2, 3, 4]
   * ```
   */
  data(): Promise<DataArray>;
  /**
   * Like {@link toTypedArray} with a dtype, but asynchronous, and so available on every device.
   *
   * @throws TypeError (as a rejected promise) when the tensor has another dtype; otherwise as without an argument.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * (await tensor([1, 2]).data("float32")).subarray(1); // [2]
   * ```
   */
  data<D extends DType>(dtype: D): Promise<DataArray<D>>;
  data(dtype?: DType): Promise<DataArray> {
    return data(this, dtype);
  }

  /**
   * The values as nested arrays, one level for each dimension; a 0-dimensional tensor gives the bare value. bool
   * gives booleans, int64 bigints, all other dtypes numbers.
   *
   * @throws RangeError for more than 2^25 values and inner arrays, or more than 1000 dimensions.
   * @throws Error when the tensor was freed, or when its device cannot be read synchronously.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2], [3, 4]]).toArray(); // [[1, 2], [3, 4]]
   * tensor([true, false]).toArray(); // [true, false]
   * ```
   */
  toArray(): NestedArray;
  /**
   * The same with a type that states the number of dimensions and the kind of the values. Nothing checks it at run
   * time, as a type argument exists only for the compiler; {@link toTypedArray} checks its dtype.
   *
   * @throws as without a type argument.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2], [3, 4]]).toArray<number[][]>().map(([a, b]) => a! + b!); // [3, 7]
   * ```
   */
  toArray<T extends NestedArray>(): T;
  toArray(): NestedArray {
    return toArray(this);
  }

  /**
   * Converts to another dtype, another device, or both, given in any order. Returns this tensor itself if nothing
   * changes. Floats are truncated to integers; integers that do not fit wrap around. A device with a name of your
   * own is given as `getDevice(name)`.
   *
   * @throws RangeError when an argument is neither a dtype nor a device.
   * @throws Error when a tensor that requires a gradient is moved to another device.
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

  /**
   * Converts to float32, like `to("float32")`; same shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 0], { dtype: "int32" }).float().dtype; // "float32"
   * ```
   */
  float(): Tensor {
    return float(this);
  }

  /**
   * Converts to float64, like `to("float64")`; same shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).double().dtype; // "float64"
   * ```
   */
  double(): Tensor {
    return double(this);
  }

  /**
   * Converts to float16, like `to("float16")`; same shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).half().dtype; // "float16"
   * ```
   */
  half(): Tensor {
    return half(this);
  }

  /**
   * Converts to bfloat16, like `to("bfloat16")`; same shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 3.14159]).bfloat16().toArray(); // [1, 3.140625]
   * ```
   */
  bfloat16(): Tensor {
    return bfloat16(this);
  }

  /**
   * Converts to int32, like `to("int32")`; same shape. Floats are truncated.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1.7, -1.7]).int().toArray(); // [1, -1]
   * ```
   */
  int(): Tensor {
    return int(this);
  }

  /**
   * Converts to int64, like `to("int64")`; same shape. Floats are truncated.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1.7]).long().toArray(); // [1n]
   * ```
   */
  long(): Tensor {
    return long(this);
  }

  /**
   * Converts to bool, like `to("bool")`: true where an element is not zero. Same shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 0.5, NaN]).bool().toArray(); // [false, true, true]
   * ```
   */
  bool(): Tensor {
    return bool(this);
  }

  /**
   * Copies the tensor to new, contiguous memory. Gradients flow through the copy.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * const x = zeros([2]);
   * x.clone().fill_(1);
   * x.toArray(); // [0, 0]
   * ```
   */
  clone(): Tensor {
    return clone(this);
  }

  /**
   * Returns this tensor if it is contiguous, otherwise a contiguous copy of the same shape.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * const x = zeros([2, 3]);
   * x.contiguous() === x; // true
   * x.t().contiguous().strides; // [2, 1]
   * ```
   */
  contiguous(): Tensor {
    return contiguous(this);
  }

  /**
   * A tensor that shares this one's storage but is not part of the recorded graph: gradients do not flow through it.
   *
   * @throws Error when the tensor was freed.
   *
   * @example
   * ```ts
   * import "@heddle/autograd";
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([1, 2], { requiresGrad: true });
   * x.detach().requiresGrad; // false
   * ```
   */
  detach(): Tensor {
    return detach(this);
  }

  /**
   * Copies a number or the values of another tensor into this one and returns it. The source broadcasts to this
   * shape, is cast to this dtype, and may be on another device.
   *
   * @throws RangeError when the source does not broadcast to this shape, or is a number that the dtype cannot hold.
   * @throws TypeError when the source is neither a tensor nor a number, boolean or bigint.
   *
   * @example
   * ```ts
   * import { tensor, zeros } from "@heddle/tensor";
   * zeros([2, 2]).copy_(tensor([1, 2])).toArray(); // [[1, 2], [1, 2]]
   * ```
   */
  copy_(source: Operand): Tensor {
    return copy_(this, source);
  }

  /**
   * Sets every element to a number or to the value of a 0-dimensional tensor, and returns this tensor.
   *
   * @throws TypeError when the value is neither a number, boolean, bigint nor tensor.
   * @throws RangeError when the dtype cannot hold the number, or the tensor has dimensions.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * zeros([2]).fill_(7).toArray(); // [7, 7]
   * ```
   */
  fill_(value: Operand): Tensor {
    return fill_(this, value);
  }

  /**
   * Sets every element to zero and returns this tensor.
   *
   * @example
   * ```ts
   * import { ones } from "@heddle/tensor";
   * ones([2]).zero_().toArray(); // [0, 0]
   * ```
   */
  zero_(): Tensor {
    return zero_(this);
  }

  /**
   * The value that `JSON.stringify` writes: the nested array of {@link toArray}, with int64 beyond ±2^53 as strings.
   * JSON has neither NaN nor infinities; they become null. A replacer function receives the array, and finds the
   * tensor as `this[key]`.
   *
   * @throws Error when the tensor has more than 10,000 elements, or was freed.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * JSON.stringify({ loss: tensor(0.5), shifts: tensor([1, 2]) }); // '{"loss":0.5,"shifts":[1,2]}'
   * ```
   */
  toJSON(): unknown {
    return toJSON(this);
  }

  /**
   * The text that PyTorch prints for such a tensor.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * String(tensor([1, 2])); // "tensor([1., 2.])"
   * ```
   */
  override toString(): string {
    return formatTensor(this);
  }

  /**
   * Converts to text in template literals and string concatenation. Arithmetic operators throw instead of computing
   * with NaN.
   *
   * @throws TypeError when a number is wanted, as in `x * 2`.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * `${tensor([1, 2])}`; // "tensor([1., 2.])"
   * ```
   */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "number") {
      throw new TypeError(
        "a tensor is not a number: use item() for its value, and methods such as add(…) instead of operators",
      );
    }
    return this.toString();
  }

  // Functions of one element: ops/unary.ts

  /**
   * Negates each element. Same shape and dtype; unsigned integers wrap around. In-place form: {@link neg_}.
   *
   * @throws TypeError for bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, -2]).neg().toArray(); // [-1, 2]
   * ```
   */
  neg(): Tensor {
    return neg(this);
  }

  /** In-place form of {@link neg}; returns this tensor. */
  neg_(): Tensor {
    return neg_(this);
  }

  /**
   * The absolute value of each element. Same shape and dtype. The gradient at 0 is 0. In-place form: {@link abs_}.
   *
   * @throws TypeError for bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, -2]).abs().toArray(); // [1, 2]
   * ```
   */
  abs(): Tensor {
    return abs(this);
  }

  /** In-place form of {@link abs}; returns this tensor. */
  abs_(): Tensor {
    return abs_(this);
  }

  /**
   * The sign of each element: -1, 0 or 1. Same shape and dtype. In-place form: {@link sign_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([-3, 0, 5]).sign().toArray(); // [-1, 0, 1]
   * ```
   */
  sign(): Tensor {
    return sign(this);
  }

  /** In-place form of {@link sign}; returns this tensor. */
  sign_(): Tensor {
    return sign_(this);
  }

  /**
   * Rounds each element down to an integer. Same shape and dtype; integers stay as they are. In-place form: {@link
   * floor_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1.5, -1.5]).floor().toArray(); // [1, -2]
   * ```
   */
  floor(): Tensor {
    return floor(this);
  }

  /** In-place form of {@link floor}; returns this tensor. */
  floor_(): Tensor {
    return floor_(this);
  }

  /**
   * Rounds each element up to an integer. Same shape and dtype; integers stay as they are. In-place form: {@link
   * ceil_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1.5, -1.5]).ceil().toArray(); // [2, -1]
   * ```
   */
  ceil(): Tensor {
    return ceil(this);
  }

  /** In-place form of {@link ceil}; returns this tensor. */
  ceil_(): Tensor {
    return ceil_(this);
  }

  /**
   * Removes the fraction of each element, which rounds towards zero. Same shape and dtype; integers stay as they
   * are. In-place form: {@link trunc_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1.5, -1.5]).trunc().toArray(); // [1, -1]
   * ```
   */
  trunc(): Tensor {
    return trunc(this);
  }

  /** In-place form of {@link trunc}; returns this tensor. */
  trunc_(): Tensor {
    return trunc_(this);
  }

  /**
   * The square root of each element; NaN for negative numbers. Same shape; integers and bool give float32. In-place
   * form: {@link sqrt_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([4, 9]).sqrt().toArray(); // [2, 3]
   * ```
   */
  sqrt(): Tensor {
    return sqrt(this);
  }

  /** In-place form of {@link sqrt}, for floating-point tensors; returns this tensor. */
  sqrt_(): Tensor {
    return sqrt_(this);
  }

  /**
   * e to the power of each element. Same shape; integers and bool give float32. In-place form: {@link exp_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 1]).exp().toArray(); // about [1, 2.71828]
   * ```
   */
  exp(): Tensor {
    return exp(this);
  }

  /** In-place form of {@link exp}, for floating-point tensors; returns this tensor. */
  exp_(): Tensor {
    return exp_(this);
  }

  /**
   * eˣ − 1 for each element, accurate also near 0. Same shape; integers and bool give float32. In-place form: {@link
   * expm1_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 1e-6]).expm1().toArray(); // about [0, 1e-6]
   * ```
   */
  expm1(): Tensor {
    return expm1(this);
  }

  /** In-place form of {@link expm1}, for floating-point tensors; returns this tensor. */
  expm1_(): Tensor {
    return expm1_(this);
  }

  /**
   * The natural logarithm of each element; -Infinity at 0, NaN for negative numbers. Same shape; integers and bool
   * give float32. In-place form: {@link log_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, Math.E]).log().toArray(); // about [0, 1]
   * ```
   */
  log(): Tensor {
    return log(this);
  }

  /** In-place form of {@link log}, for floating-point tensors; returns this tensor. */
  log_(): Tensor {
    return log_(this);
  }

  /**
   * The base-2 logarithm of each element. Same shape; integers and bool give float32. In-place form: {@link log2_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 8]).log2().toArray(); // [0, 3]
   * ```
   */
  log2(): Tensor {
    return log2(this);
  }

  /** In-place form of {@link log2}, for floating-point tensors; returns this tensor. */
  log2_(): Tensor {
    return log2_(this);
  }

  /**
   * The base-10 logarithm of each element. Same shape; integers and bool give float32. In-place form: {@link
   * log10_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 100]).log10().toArray(); // about [0, 2]
   * ```
   */
  log10(): Tensor {
    return log10(this);
  }

  /** In-place form of {@link log10}, for floating-point tensors; returns this tensor. */
  log10_(): Tensor {
    return log10_(this);
  }

  /**
   * ln(1 + x) for each element, accurate also near 0. Same shape; integers and bool give float32. In-place form:
   * {@link log1p_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 1e-6]).log1p().toArray(); // about [0, 1e-6]
   * ```
   */
  log1p(): Tensor {
    return log1p(this);
  }

  /** In-place form of {@link log1p}, for floating-point tensors; returns this tensor. */
  log1p_(): Tensor {
    return log1p_(this);
  }

  /**
   * The sine of each element, in radians. Same shape; integers and bool give float32. In-place form: {@link sin_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, Math.PI / 2]).sin().toArray(); // about [0, 1]
   * ```
   */
  sin(): Tensor {
    return sin(this);
  }

  /** In-place form of {@link sin}, for floating-point tensors; returns this tensor. */
  sin_(): Tensor {
    return sin_(this);
  }

  /**
   * The cosine of each element, in radians. Same shape; integers and bool give float32. In-place form: {@link cos_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, Math.PI]).cos().toArray(); // about [1, -1]
   * ```
   */
  cos(): Tensor {
    return cos(this);
  }

  /** In-place form of {@link cos}, for floating-point tensors; returns this tensor. */
  cos_(): Tensor {
    return cos_(this);
  }

  /**
   * The tangent of each element, in radians. Same shape; integers and bool give float32. In-place form: {@link
   * tan_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, Math.PI / 4]).tan().toArray(); // about [0, 1]
   * ```
   */
  tan(): Tensor {
    return tan(this);
  }

  /** In-place form of {@link tan}, for floating-point tensors; returns this tensor. */
  tan_(): Tensor {
    return tan_(this);
  }

  /**
   * The arc sine of each element, in radians; NaN outside [-1, 1]. Same shape; integers and bool give float32.
   * In-place form: {@link asin_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 1]).asin().toArray(); // about [0, 1.5708]
   * ```
   */
  asin(): Tensor {
    return asin(this);
  }

  /** In-place form of {@link asin}, for floating-point tensors; returns this tensor. */
  asin_(): Tensor {
    return asin_(this);
  }

  /**
   * The arc cosine of each element, in radians; NaN outside [-1, 1]. Same shape; integers and bool give float32.
   * In-place form: {@link acos_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 0]).acos().toArray(); // about [0, 1.5708]
   * ```
   */
  acos(): Tensor {
    return acos(this);
  }

  /** In-place form of {@link acos}, for floating-point tensors; returns this tensor. */
  acos_(): Tensor {
    return acos_(this);
  }

  /**
   * The arc tangent of each element, in radians. Same shape; integers and bool give float32. {@link atan2} takes the
   * two sides of a quotient. In-place form: {@link atan_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 1]).atan().toArray(); // about [0, 0.7854]
   * ```
   */
  atan(): Tensor {
    return atan(this);
  }

  /** In-place form of {@link atan}, for floating-point tensors; returns this tensor. */
  atan_(): Tensor {
    return atan_(this);
  }

  /**
   * The hyperbolic sine of each element. Same shape; integers and bool give float32. In-place form: {@link sinh_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 1]).sinh().toArray(); // about [0, 1.1752]
   * ```
   */
  sinh(): Tensor {
    return sinh(this);
  }

  /** In-place form of {@link sinh}, for floating-point tensors; returns this tensor. */
  sinh_(): Tensor {
    return sinh_(this);
  }

  /**
   * The hyperbolic cosine of each element. Same shape; integers and bool give float32. In-place form: {@link cosh_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 1]).cosh().toArray(); // about [1, 1.54308]
   * ```
   */
  cosh(): Tensor {
    return cosh(this);
  }

  /** In-place form of {@link cosh}, for floating-point tensors; returns this tensor. */
  cosh_(): Tensor {
    return cosh_(this);
  }

  /**
   * The hyperbolic tangent of each element. Same shape; integers and bool give float32. In-place form: {@link
   * tanh_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 1]).tanh().toArray(); // about [0, 0.761594]
   * ```
   */
  tanh(): Tensor {
    return tanh(this);
  }

  /** In-place form of {@link tanh}, for floating-point tensors; returns this tensor. */
  tanh_(): Tensor {
    return tanh_(this);
  }

  /**
   * The inverse hyperbolic sine of each element. Same shape; integers and bool give float32. In-place form: {@link
   * asinh_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 1]).asinh().toArray(); // about [0, 0.881374]
   * ```
   */
  asinh(): Tensor {
    return asinh(this);
  }

  /** In-place form of {@link asinh}, for floating-point tensors; returns this tensor. */
  asinh_(): Tensor {
    return asinh_(this);
  }

  /**
   * The inverse hyperbolic cosine of each element; NaN below 1. Same shape; integers and bool give float32. In-place
   * form: {@link acosh_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).acosh().toArray(); // about [0, 1.31696]
   * ```
   */
  acosh(): Tensor {
    return acosh(this);
  }

  /** In-place form of {@link acosh}, for floating-point tensors; returns this tensor. */
  acosh_(): Tensor {
    return acosh_(this);
  }

  /**
   * The inverse hyperbolic tangent of each element; NaN outside [-1, 1]. Same shape; integers and bool give float32.
   * In-place form: {@link atanh_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 0.5]).atanh().toArray(); // about [0, 0.549306]
   * ```
   */
  atanh(): Tensor {
    return atanh(this);
  }

  /** In-place form of {@link atanh}, for floating-point tensors; returns this tensor. */
  atanh_(): Tensor {
    return atanh_(this);
  }

  /**
   * The error function 2/√π ∫₀ˣ e^(−t²) dt of each element. Same shape; integers and bool give float32. In-place
   * form: {@link erf_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 1]).erf().toArray(); // about [0, 0.842701]
   * ```
   */
  erf(): Tensor {
    return erf(this);
  }

  /** In-place form of {@link erf}, for floating-point tensors; returns this tensor. */
  erf_(): Tensor {
    return erf_(this);
  }

  /**
   * 1 − erf(x) for each element, accurate also for large x. Same shape; integers and bool give float32. In-place
   * form: {@link erfc_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 1]).erfc().toArray(); // about [1, 0.157299]
   * ```
   */
  erfc(): Tensor {
    return erfc(this);
  }

  /** In-place form of {@link erfc}, for floating-point tensors; returns this tensor. */
  erfc_(): Tensor {
    return erfc_(this);
  }

  /**
   * The inverse of {@link erf} for each element; NaN outside [-1, 1]. Same shape; integers and bool give float32.
   * In-place form: {@link erfinv_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 0.5]).erfinv().toArray(); // about [0, 0.476936]
   * ```
   */
  erfinv(): Tensor {
    return erfinv(this);
  }

  /** In-place form of {@link erfinv}, for floating-point tensors; returns this tensor. */
  erfinv_(): Tensor {
    return erfinv_(this);
  }

  /**
   * 1 / (1 + e^(−x)) for each element. Same shape; integers and bool give float32. In-place form: {@link sigmoid_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 1]).sigmoid().toArray(); // about [0.5, 0.731059]
   * ```
   */
  sigmoid(): Tensor {
    return sigmoid(this);
  }

  /** In-place form of {@link sigmoid}, for floating-point tensors; returns this tensor. */
  sigmoid_(): Tensor {
    return sigmoid_(this);
  }

  /**
   * `ln |Γ(x)|`, the logarithm of the gamma function's absolute value; infinite at 0 and negative integers. Integers give
   * float32. In-place form: {@link lgamma_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).lgamma().toArray(); // [0, 0]
   * ```
   */
  lgamma(): Tensor {
    return lgamma(this);
  }

  /** In-place form of {@link lgamma}; returns this tensor. */
  lgamma_(): Tensor {
    return lgamma_(this);
  }

  /**
   * The derivative of {@link lgamma}: −∞ at 0, NaN at negative integers. Integers give float32. In-place form: {@link
   * digamma_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0]).digamma().toArray(); // [-Infinity]
   * ```
   */
  digamma(): Tensor {
    return digamma(this);
  }

  /** In-place form of {@link digamma}; returns this tensor. */
  digamma_(): Tensor {
    return digamma_(this);
  }

  /**
   * sin(πx) / (πx) for each element, and 1 at 0. Same shape; integers and bool give float32. In-place form: {@link
   * sinc_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 0.5, 1]).sinc().toArray(); // about [1, 0.63662, 0]
   * ```
   */
  sinc(): Tensor {
    return sinc(this);
  }

  /** In-place form of {@link sinc}, for floating-point tensors; returns this tensor. */
  sinc_(): Tensor {
    return sinc_(this);
  }

  /**
   * max(x, 0) for each element. Same shape and dtype. The gradient at 0 is 0. In-place form: {@link relu_}.
   *
   * @throws TypeError for bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([-1, 2]).relu().toArray(); // [0, 2]
   * ```
   */
  relu(): Tensor {
    return relu(this);
  }

  /** In-place form of {@link relu}; returns this tensor. */
  relu_(): Tensor {
    return relu_(this);
  }

  // Arithmetic: ops/arithmetic.ts

  /**
   * Multiplies by `other`, element by element. Shapes broadcast and dtypes promote: `[2, 1]` and `[3]` give `[2,
   * 3]`. Two bool tensors give bool. In-place form: {@link mul_}.
   *
   * @throws RangeError when the shapes do not broadcast, or `other` is a number that the integer dtype cannot hold.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).mul(3).toArray(); // [3, 6]
   * tensor([[1], [2]]).mul(tensor([3, 4, 5])).shape; // [2, 3]
   * ```
   */
  mul(other: Operand): Tensor {
    return mul(this, other);
  }

  /**
   * In-place form of {@link mul}: `other` must broadcast to this shape, and the result must fit this dtype. Returns
   * this tensor.
   */
  mul_(other: Operand): Tensor {
    return mul_(this, other);
  }

  /**
   * The larger of two elements, NaN where either is NaN. Shapes broadcast and dtypes promote.
   *
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 5]).maximum(tensor([3, 4])).toArray(); // [3, 5]
   * ```
   */
  maximum(other: Operand): Tensor {
    return maximum(this, other);
  }

  /**
   * The smaller of two elements, NaN where either is NaN. Shapes broadcast and dtypes promote.
   *
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 5]).minimum(tensor([3, 4])).toArray(); // [1, 4]
   * ```
   */
  minimum(other: Operand): Tensor {
    return minimum(this, other);
  }

  /**
   * The remainder of the division by `other`, with the sign of the divisor, like Python's `%`. Shapes broadcast and
   * dtypes promote. See {@link fmod} for the other sign. In-place form: {@link remainder_}.
   *
   * @throws RangeError when the shapes do not broadcast, or an integer is divided by zero.
   * @throws TypeError for bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([-7, 7]).remainder(3).toArray(); // [2, 1]
   * ```
   */
  remainder(other: Operand): Tensor {
    return remainder(this, other);
  }

  /**
   * In-place form of {@link remainder}: `other` must broadcast to this shape, and the result must fit this dtype.
   * Returns this tensor.
   */
  remainder_(other: Operand): Tensor {
    return remainder_(this, other);
  }

  /**
   * The remainder of the division by `other`, with the sign of the dividend, like JavaScript's `%`. Shapes broadcast
   * and dtypes promote. See {@link remainder} for the other sign. In-place form: {@link fmod_}.
   *
   * @throws RangeError when the shapes do not broadcast, or an integer is divided by zero.
   * @throws TypeError for bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([-7, 7]).fmod(3).toArray(); // [-1, 1]
   * ```
   */
  fmod(other: Operand): Tensor {
    return fmod(this, other);
  }

  /**
   * In-place form of {@link fmod}: `other` must broadcast to this shape, and the result must fit this dtype. Returns
   * this tensor.
   */
  fmod_(other: Operand): Tensor {
    return fmod_(this, other);
  }

  /**
   * Divides by `other` and rounds the quotient down. Shapes broadcast and dtypes promote; integers stay integers.
   * In-place form: {@link floorDivide_}.
   *
   * @throws RangeError when the shapes do not broadcast, or an integer is divided by zero.
   * @throws TypeError for bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([-7, 7]).floorDivide(2).toArray(); // [-4, 3]
   * ```
   */
  floorDivide(other: Operand): Tensor {
    return floorDivide(this, other);
  }

  /**
   * In-place form of {@link floorDivide}: `other` must broadcast to this shape, and the result must fit this dtype.
   * Returns this tensor.
   */
  floorDivide_(other: Operand): Tensor {
    return floorDivide_(this, other);
  }

  /**
   * The angle of the point (x, y) = (`other`, this), in radians between −π and π. Shapes broadcast; integers give
   * float32. In-place form: {@link atan2_}.
   *
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 1]).atan2(tensor([1, -1])).toArray(); // about [0.785398, 2.35619]
   * ```
   */
  atan2(other: Operand): Tensor {
    return atan2(this, other);
  }

  /**
   * In-place form of {@link atan2}: `other` must broadcast to this shape, and the result must fit this dtype.
   * Returns this tensor.
   */
  atan2_(other: Operand): Tensor {
    return atan2_(this, other);
  }

  /**
   * Adds `alpha` · `other` (`alpha` is 1 by default). Shapes broadcast and dtypes promote: `[2]` and `[2, 1]` give
   * `[2, 2]`; int32 and float32 give float32. In-place form: {@link add_}.
   *
   * @throws RangeError when the shapes do not broadcast, or `other` is a number that the integer dtype cannot hold.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).add(tensor([[10], [20]])).toArray(); // [[11, 12], [21, 22]]
   * tensor([1, 2]).add(tensor([1, 1]), { alpha: 0.5 }).toArray(); // [1.5, 2.5]
   * ```
   */
  add(other: Operand, options?: AlphaOptions): Tensor {
    return add(this, other, options);
  }

  /**
   * In-place form of {@link add}: `other` must broadcast to this shape, and the result must fit this dtype. Returns
   * this tensor.
   */
  add_(other: Operand, options?: AlphaOptions): Tensor {
    return add_(this, other, options);
  }

  /**
   * Subtracts `alpha` · `other` (`alpha` is 1 by default). Shapes broadcast and dtypes promote: `[2]` and `[2, 1]`
   * give `[2, 2]`. In-place form: {@link sub_}.
   *
   * @throws RangeError when the shapes do not broadcast, or `other` is a number that the integer dtype cannot hold.
   * @throws TypeError for two bool tensors.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).sub(tensor([[10], [20]])).toArray(); // [[-9, -8], [-19, -18]]
   * ```
   */
  sub(other: Operand, options?: AlphaOptions): Tensor {
    return sub(this, other, options);
  }

  /**
   * In-place form of {@link sub}: `other` must broadcast to this shape, and the result must fit this dtype. Returns
   * this tensor.
   */
  sub_(other: Operand, options?: AlphaOptions): Tensor {
    return sub_(this, other, options);
  }

  /**
   * Divides by `other`. Shapes broadcast. Integers give float32, unless `roundingMode` is `"floor"` (rounds down) or
   * `"trunc"` (rounds towards zero). In-place form: {@link div_}.
   *
   * @throws RangeError when the shapes do not broadcast, or an integer is divided by zero with a `roundingMode`.
   * @throws TypeError for an unknown `roundingMode`.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([-7, 7]).div(2).toArray(); // [-3.5, 3.5]
   * tensor([-7, 7]).div(2, { roundingMode: "trunc" }).toArray(); // [-3, 3]
   * ```
   */
  div(other: Operand, options?: DivOptions): Tensor {
    return div(this, other, options);
  }

  /**
   * In-place form of {@link div}: `other` must broadcast to this shape, and the result must fit this dtype. Returns
   * this tensor.
   */
  div_(other: Operand, options?: DivOptions): Tensor {
    return div_(this, other, options);
  }

  /**
   * `other − alpha · this`: {@link sub} with the operands swapped, for a number on the left. Shapes broadcast and dtypes
   * promote.
   *
   * @throws RangeError when the shapes do not broadcast.
   * @throws TypeError for bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).rsub(10).toArray(); // [9, 8]
   * ```
   */
  rsub(other: Operand, options?: AlphaOptions): Tensor {
    return tidy(() => rsub(this, other, options));
  }

  /**
   * `other / this`: {@link div} with the operands swapped, for a number on the left. Shapes broadcast and dtypes promote;
   * integers give float32.
   *
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([2, 4]).rdiv(8).toArray(); // [4, 2]
   * ```
   */
  rdiv(other: Operand): Tensor {
    return rdiv(this, other);
  }

  /**
   * `base` to the power of this tensor: {@link pow} with the operands swapped, for a number as the base. Shapes broadcast
   * and dtypes promote.
   *
   * @throws RangeError when the shapes do not broadcast.
   * @throws TypeError for bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).rpow(2).toArray(); // [2, 4, 8]
   * ```
   */
  rpow(base: Operand): Tensor {
    return tidy(() => rpow(this, base));
  }

  /**
   * `ln(x / (1 − x))`, the inverse of {@link sigmoid}. With `eps`, elements are first limited to the range from `eps` to
   * 1 − `eps`; without, those outside of 0 to 1 give NaN. Integers give float32. In-place form: {@link logit_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0.5, 1]).logit().toArray(); // [0, Infinity]
   * ```
   */
  logit(eps?: number): Tensor {
    return tidy(() => logit(this, eps));
  }

  /** In-place form of {@link logit}; returns this tensor. */
  logit_(eps?: number): Tensor {
    return tidy(() => logit_(this, eps));
  }

  /**
   * Raises each element to the power of `exponent`. Shapes broadcast and dtypes promote. In-place form: {@link
   * pow_}.
   *
   * @throws RangeError when the shapes do not broadcast, or an integer tensor is raised to a negative integer.
   * @throws TypeError for two bool tensors.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).pow(2).toArray(); // [1, 4, 9]
   * ```
   */
  pow(exponent: Operand): Tensor {
    return pow(this, exponent);
  }

  /**
   * In-place form of {@link pow}: `exponent` must broadcast to this shape, and the result must fit this dtype.
   * Returns this tensor.
   */
  pow_(exponent: Operand): Tensor {
    return pow_(this, exponent);
  }

  /**
   * Rounds each element to the nearest integer, or to `decimals` places (negative: to tens, hundreds, …). Halves
   * round to the even neighbour. Same shape and dtype. In-place form: {@link round_}.
   *
   * @throws RangeError when `decimals` is not an integer.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0.5, 1.5, 2.7]).round().toArray(); // [0, 2, 3]
   * tensor([3.14159]).round({ decimals: 2 }).toArray(); // about [3.14]
   * ```
   */
  round(options?: RoundOptions): Tensor {
    return round(this, options);
  }

  /** In-place form of {@link round}; returns this tensor. */
  round_(options?: RoundOptions): Tensor {
    return round_(this, options);
  }

  /**
   * The fraction of each element, with its sign: x − {@link trunc}(x). Same shape and dtype. In-place form: {@link
   * frac_}.
   *
   * @throws TypeError for bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1.5, -1.5]).frac().toArray(); // [0.5, -0.5]
   * ```
   */
  frac(): Tensor {
    return tidy(() => frac(this));
  }

  /** In-place form of {@link frac}; returns this tensor. */
  frac_(): Tensor {
    return frac_(this);
  }

  /**
   * 1 / x for each element. Same shape; integers and bool give float32. In-place form: {@link reciprocal_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([2, 4]).reciprocal().toArray(); // [0.5, 0.25]
   * ```
   */
  reciprocal(): Tensor {
    return reciprocal(this);
  }

  /** In-place form of {@link reciprocal}, for floating-point tensors; returns this tensor. */
  reciprocal_(): Tensor {
    return reciprocal_(this);
  }

  /**
   * The square of each element. Same shape and dtype; bool gives int32. In-place form: {@link square_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([-2, 3]).square().toArray(); // [4, 9]
   * ```
   */
  square(): Tensor {
    return square(this);
  }

  /** In-place form of {@link square}, for any dtype but bool; returns this tensor. */
  square_(): Tensor {
    return square_(this);
  }

  /**
   * 1 / √x for each element. Same shape; integers and bool give float32. In-place form: {@link rsqrt_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([4, 16]).rsqrt().toArray(); // [0.5, 0.25]
   * ```
   */
  rsqrt(): Tensor {
    return tidy(() => rsqrt(this));
  }

  /** In-place form of {@link rsqrt}, for floating-point tensors; returns this tensor. */
  rsqrt_(): Tensor {
    return rsqrt_(this);
  }

  /**
   * 2 to the power of each element. Same shape; integers and bool give float32. In-place form: {@link exp2_}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 3]).exp2().toArray(); // [1, 8]
   * ```
   */
  exp2(): Tensor {
    return exp2(this);
  }

  /** In-place form of {@link exp2}, for floating-point tensors; returns this tensor. */
  exp2_(): Tensor {
    return exp2_(this);
  }

  /**
   * Interpolates linearly: this + `weight` · (`end` − this), exactly `end` at weight 1. Shapes broadcast and dtypes
   * promote; integers are computed in float32. In-place form: {@link lerp_}.
   *
   * @throws RangeError when the shapes do not broadcast.
   * @throws TypeError when `end` is not a tensor.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 10]).lerp(tensor([10, 20]), 0.5).toArray(); // [5, 15]
   * ```
   */
  lerp(end: Tensor, weight: Operand): Tensor {
    return tidy(() => lerp(this, end, weight));
  }

  /**
   * In-place form of {@link lerp}: `end` and `weight` must broadcast to this shape, and the result must fit this
   * dtype. Returns this tensor.
   */
  lerp_(end: Tensor, weight: Operand): Tensor {
    return lerp_(this, end, weight);
  }

  /**
   * Limits each element to the range from `min` to `max`; one of them may be omitted. Bounds may be tensors; shapes
   * broadcast and dtypes promote. NaN stays NaN. The gradient is 0 where a bound applies. In-place form: {@link
   * clamp_}.
   *
   * @throws Error when neither bound is given.
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([-2, 0.5, 3]).clamp({ min: 0, max: 1 }).toArray(); // [0, 0.5, 1]
   * ```
   */
  clamp(options: ClampOptions): Tensor {
    return tidy(() => clamp(this, options));
  }

  /** In-place form of {@link clamp}: the bounds must broadcast to this shape and fit this dtype. Returns this tensor. */
  clamp_(options: ClampOptions): Tensor {
    return clamp_(this, options);
  }

  /**
   * ln(eᵃ + eᵇ) of two elements, without overflow. Shapes broadcast; integers give float32.
   *
   * @throws RangeError when the shapes do not broadcast.
   * @throws TypeError when `other` is neither a tensor nor a number.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 1000]).logaddexp(tensor([0, 1000])).toArray(); // about [0.693147, 1000.693]
   * ```
   */
  logaddexp(other: Operand): Tensor {
    return logaddexp(this, other);
  }

  /**
   * Elements of this tensor where `condition` is true (or not zero), elements of `other` elsewhere. All three shapes
   * broadcast; dtypes promote. The function `where(condition, a, b)` takes the condition first.
   *
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([1, -2, 3]);
   * x.where(x.gt(0), 0).toArray(); // [1, 0, 3]
   * ```
   */
  where(condition: Tensor, other: Operand): Tensor {
    return where(this, condition, other);
  }

  // Comparison, logic and bits: ops/comparison.ts

  /**
   * Whether the elements are equal to those of `other`. Shapes broadcast; the result is bool.
   *
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).eq(2).toArray(); // [false, true, false]
   * ```
   */
  eq(other: Operand): Tensor {
    return eq(this, other);
  }

  /**
   * Whether the elements differ from those of `other`. Shapes broadcast; the result is bool. NaN differs from
   * itself.
   *
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).ne(2).toArray(); // [true, false, true]
   * ```
   */
  ne(other: Operand): Tensor {
    return ne(this, other);
  }

  /**
   * Whether the elements are less than those of `other`. Shapes broadcast; the result is bool.
   *
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).lt(2).toArray(); // [true, false, false]
   * ```
   */
  lt(other: Operand): Tensor {
    return lt(this, other);
  }

  /**
   * Whether the elements are less than or equal to those of `other`. Shapes broadcast; the result is bool.
   *
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).le(2).toArray(); // [true, true, false]
   * ```
   */
  le(other: Operand): Tensor {
    return le(this, other);
  }

  /**
   * Whether the elements are greater than those of `other`. Shapes broadcast; the result is bool.
   *
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).gt(2).toArray(); // [false, false, true]
   * ```
   */
  gt(other: Operand): Tensor {
    return gt(this, other);
  }

  /**
   * Whether the elements are greater than or equal to those of `other`. Shapes broadcast; the result is bool.
   *
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).ge(2).toArray(); // [false, true, true]
   * ```
   */
  ge(other: Operand): Tensor {
    return ge(this, other);
  }

  /**
   * Whether both elements are true (not zero). Shapes broadcast; the result is bool.
   *
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([true, true]).logicalAnd(tensor([true, false])).toArray(); // [true, false]
   * ```
   */
  logicalAnd(other: Operand): Tensor {
    return logicalAnd(this, other);
  }

  /**
   * {@link logicalAnd}, in place: 1 where it holds, otherwise 0, in this tensor's dtype.
   *
   * @throws RangeError when the shapes do not broadcast to this shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 0, 2]).logicalAnd_(tensor([1, 1, 0])).toArray(); // [1, 0, 0]
   * ```
   */
  logicalAnd_(other: Operand): Tensor {
    return logicalAnd_(this, other);
  }

  /**
   * Whether at least one of two elements is true (not zero). Shapes broadcast; the result is bool.
   *
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([true, false]).logicalOr(tensor([false, false])).toArray(); // [true, false]
   * ```
   */
  logicalOr(other: Operand): Tensor {
    return logicalOr(this, other);
  }

  /**
   * {@link logicalOr}, in place: 1 where it holds, otherwise 0, in this tensor's dtype.
   *
   * @throws RangeError when the shapes do not broadcast to this shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 0, 0]).logicalOr_(tensor([1, 1, 0])).toArray(); // [1, 1, 0]
   * ```
   */
  logicalOr_(other: Operand): Tensor {
    return logicalOr_(this, other);
  }

  /**
   * Whether exactly one of two elements is true (not zero). Shapes broadcast; the result is bool.
   *
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([true, true]).logicalXor(tensor([true, false])).toArray(); // [false, true]
   * ```
   */
  logicalXor(other: Operand): Tensor {
    return logicalXor(this, other);
  }

  /**
   * {@link logicalXor}, in place: 1 where it holds, otherwise 0, in this tensor's dtype.
   *
   * @throws RangeError when the shapes do not broadcast to this shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 0, 2]).logicalXor_(tensor([1, 1, 0])).toArray(); // [0, 1, 1]
   * ```
   */
  logicalXor_(other: Operand): Tensor {
    return logicalXor_(this, other);
  }

  /**
   * Whether each element is false (zero). Same shape; the result is bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 2]).logicalNot().toArray(); // [true, false]
   * ```
   */
  logicalNot(): Tensor {
    return logicalNot(this);
  }

  /**
   * {@link logicalNot}, in place: 1 where it holds, otherwise 0, in this tensor's dtype.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 0, 2]).logicalNot_().toArray(); // [0, 1, 0]
   * ```
   */
  logicalNot_(): Tensor {
    return logicalNot_(this);
  }

  /**
   * Whether each element is NaN. Same shape; the result is bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, NaN]).isnan().toArray(); // [false, true]
   * ```
   */
  isnan(): Tensor {
    return isnan(this);
  }

  /**
   * Whether each element is infinite, of either sign. Same shape; the result is bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, -Infinity]).isinf().toArray(); // [false, true]
   * ```
   */
  isinf(): Tensor {
    return tidy(() => isinf(this));
  }

  /**
   * Whether each element is neither infinite nor NaN. Same shape; the result is bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, Infinity, NaN]).isfinite().toArray(); // [true, false, false]
   * ```
   */
  isfinite(): Tensor {
    return tidy(() => isfinite(this));
  }

  /**
   * Whether the elements are close: |this − other| ≤ atol + rtol · |other|, by default with rtol 1e-5 and atol 1e-8.
   * Shapes broadcast; the result is bool. Integers are compared in float64, or, on a device without it, by their
   * exact difference with the tolerance in float32.
   *
   * @throws RangeError when the shapes do not broadcast.
   * @throws TypeError when `other` is not a tensor.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).isclose(tensor([1.000001, 2.1])).toArray(); // [true, false]
   * ```
   */
  isclose(other: Tensor, options?: CloseOptions): Tensor {
    return tidy(() => isclose(this, other, options));
  }

  /**
   * Whether all elements are close, as {@link isclose} defines it. Shapes broadcast. Reads the result from the
   * device.
   *
   * @throws RangeError when the shapes do not broadcast.
   * @throws TypeError when `other` is not a tensor.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).allclose(tensor([1.000001, 2])); // true
   * ```
   */
  allclose(other: Tensor, options?: CloseOptions): boolean {
    return tidy(() => allclose(this, other, options));
  }

  /**
   * Whether both tensors have the same shape and the same elements. Reads the result from the device. Dtypes may
   * differ.
   *
   * @throws TypeError when `other` is not a tensor.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).equal(tensor([1, 2])); // true
   * tensor([1, 2]).equal(tensor([[1, 2]])); // false
   * ```
   */
  equal(other: Tensor): boolean {
    return tidy(() => equal(this, other));
  }

  /**
   * The bitwise complement of integers, or the negation of bool. Same shape and dtype.
   *
   * @throws TypeError for floats.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 5], { dtype: "int32" }).bitwiseNot().toArray(); // [-1, -6]
   * ```
   */
  bitwiseNot(): Tensor {
    return bitwiseNot(this);
  }

  /**
   * {@link bitwiseNot}, in place.
   *
   * @throws TypeError for floats.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 5], { dtype: "int32" }).bitwiseNot_().toArray(); // [-1, -6]
   * ```
   */
  bitwiseNot_(): Tensor {
    return bitwiseNot_(this);
  }

  /**
   * The bitwise AND of integers or bool. Shapes broadcast and dtypes promote.
   *
   * @throws TypeError for floats.
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([6, 5], { dtype: "int32" }).bitwiseAnd(3).toArray(); // [2, 1]
   * ```
   */
  bitwiseAnd(other: Operand): Tensor {
    return bitwiseAnd(this, other);
  }

  /**
   * {@link bitwiseAnd}, in place.
   *
   * @throws TypeError for floats, or a result that this dtype cannot hold.
   * @throws RangeError when the shapes do not broadcast to this shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([6, 5], { dtype: "int32" }).bitwiseAnd_(3).toArray(); // [2, 1]
   * ```
   */
  bitwiseAnd_(other: Operand): Tensor {
    return bitwiseAnd_(this, other);
  }

  /**
   * The bitwise OR of integers or bool. Shapes broadcast and dtypes promote.
   *
   * @throws TypeError for floats.
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([6, 5], { dtype: "int32" }).bitwiseOr(3).toArray(); // [7, 7]
   * ```
   */
  bitwiseOr(other: Operand): Tensor {
    return bitwiseOr(this, other);
  }

  /**
   * {@link bitwiseOr}, in place.
   *
   * @throws TypeError for floats, or a result that this dtype cannot hold.
   * @throws RangeError when the shapes do not broadcast to this shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([6, 5], { dtype: "int32" }).bitwiseOr_(3).toArray(); // [7, 7]
   * ```
   */
  bitwiseOr_(other: Operand): Tensor {
    return bitwiseOr_(this, other);
  }

  /**
   * The bitwise exclusive OR of integers or bool. Shapes broadcast and dtypes promote.
   *
   * @throws TypeError for floats.
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([6, 5], { dtype: "int32" }).bitwiseXor(3).toArray(); // [5, 6]
   * ```
   */
  bitwiseXor(other: Operand): Tensor {
    return bitwiseXor(this, other);
  }

  /**
   * {@link bitwiseXor}, in place.
   *
   * @throws TypeError for floats, or a result that this dtype cannot hold.
   * @throws RangeError when the shapes do not broadcast to this shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([6, 5], { dtype: "int32" }).bitwiseXor_(3).toArray(); // [5, 6]
   * ```
   */
  bitwiseXor_(other: Operand): Tensor {
    return bitwiseXor_(this, other);
  }

  /**
   * Shifts the bits of each element to the left by `other` places. Shapes broadcast and dtypes promote.
   *
   * @throws TypeError for floats and bool.
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 3], { dtype: "int32" }).bitwiseLeftShift(2).toArray(); // [4, 12]
   * ```
   */
  bitwiseLeftShift(other: Operand): Tensor {
    return bitwiseLeftShift(this, other);
  }

  /**
   * {@link bitwiseLeftShift}, in place.
   *
   * @throws TypeError for floats, or a result that this dtype cannot hold.
   * @throws RangeError when the shapes do not broadcast to this shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 3], { dtype: "int32" }).bitwiseLeftShift_(2).toArray(); // [4, 12]
   * ```
   */
  bitwiseLeftShift_(other: Operand): Tensor {
    return bitwiseLeftShift_(this, other);
  }

  /**
   * Shifts the bits of each element to the right by `other` places, keeping the sign. Shapes broadcast and dtypes
   * promote.
   *
   * @throws TypeError for floats and bool.
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([8, -8], { dtype: "int32" }).bitwiseRightShift(2).toArray(); // [2, -2]
   * ```
   */
  bitwiseRightShift(other: Operand): Tensor {
    return bitwiseRightShift(this, other);
  }

  /**
   * {@link bitwiseRightShift}, in place.
   *
   * @throws TypeError for floats, or a result that this dtype cannot hold.
   * @throws RangeError when the shapes do not broadcast to this shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([8, -8], { dtype: "int32" }).bitwiseRightShift_(2).toArray(); // [2, -2]
   * ```
   */
  bitwiseRightShift_(other: Operand): Tensor {
    return bitwiseRightShift_(this, other);
  }

  // Reductions, running sums and softmax: ops/reduction.ts

  /**
   * The sum over one or several dimensions, by default over all. Reduced dimensions disappear, or stay with size 1
   * with `keepdim`: `[2, 3]` summed over 0 gives `[3]` or `[1, 3]`. bool and integers give int32, int64 stays int64;
   * `dtype` computes in another.
   *
   * @throws RangeError when a dimension does not exist or is named twice.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([[1, 2], [3, 4]]);
   * x.sum().item(); // 10
   * x.sum(0, { keepdim: true }).toArray(); // [[4, 6]]
   * ```
   */
  sum(dim?: Dims, options?: ReduceOptions & { readonly dtype?: DType }): Tensor {
    return sum(this, dim, options);
  }

  /**
   * The product over one or several dimensions, by default over all. Shapes and dtypes are those of {@link sum}.
   *
   * @throws RangeError when a dimension does not exist or is named twice.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2], [3, 4]]).prod(1).toArray(); // [2, 12]
   * ```
   */
  prod(dim?: Dims, options?: ReduceOptions & { readonly dtype?: DType }): Tensor {
    return prod(this, dim, options);
  }

  /**
   * The mean over one or several dimensions, by default over all. Shapes are those of {@link sum}. `dtype` casts the
   * tensor first.
   *
   * @throws TypeError for integers and bool without a floating-point `dtype`.
   * @throws RangeError when a dimension does not exist or is named twice.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2], [3, 4]]).mean(0).toArray(); // [2, 3]
   * ```
   */
  mean(dim?: Dims, options?: ReduceOptions & { readonly dtype?: DType }): Tensor {
    return tidy(() => mean(this, dim, options));
  }

  /**
   * The largest element over one or several dimensions, by default over all; NaN if any element is NaN. Shapes are
   * those of {@link sum}; the dtype stays. Equal elements share the gradient.
   *
   * @throws RangeError when a reduced dimension has size 0, does not exist or is named twice.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 5], [3, 4]]).amax(1).toArray(); // [5, 4]
   * ```
   */
  amax(dim?: Dims, options?: ReduceOptions): Tensor {
    return amax(this, dim, options);
  }

  /**
   * The smallest element over one or several dimensions, by default over all; NaN if any element is NaN. Shapes are
   * those of {@link sum}; the dtype stays. Equal elements share the gradient.
   *
   * @throws RangeError when a reduced dimension has size 0, does not exist or is named twice.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 5], [3, 4]]).amin(1).toArray(); // [1, 3]
   * ```
   */
  amin(dim?: Dims, options?: ReduceOptions): Tensor {
    return amin(this, dim, options);
  }

  /**
   * The largest element of all, as a 0-dimensional tensor; NaN if any element is NaN. Equal elements share the
   * gradient.
   *
   * @throws RangeError when the tensor has no elements.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 5], [3, 4]]).max().item(); // 5
   * ```
   */
  max(): Tensor;
  /**
   * The largest elements along `dim` with their indices (int32): `[2, 3]` over dim 1 gives values and indices `[2]`,
   * or `[2, 1]` with `keepdim`. Of equal elements the first is chosen, and gets the gradient. NaN counts as the
   * largest.
   *
   * @throws RangeError when the dimension has size 0 or does not exist.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([[1, 5], [3, 4]]);
   * const { values, indices } = x.max(1);
   * values.toArray(); // [5, 4]
   * indices.toArray(); // [1, 1]
   * ```
   */
  max(dim: number, options?: ReduceOptions): ValuesAndIndices;
  max(dim?: number, options?: ReduceOptions): Tensor | ValuesAndIndices {
    return tidy(() => max(this, dim, options));
  }

  /**
   * The smallest element of all, as a 0-dimensional tensor; NaN if any element is NaN. Equal elements share the
   * gradient.
   *
   * @throws RangeError when the tensor has no elements.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 5], [3, 4]]).min().item(); // 1
   * ```
   */
  min(): Tensor;
  /**
   * The smallest elements along `dim` with their indices (int32): `[2, 3]` over dim 1 gives values and indices
   * `[2]`, or `[2, 1]` with `keepdim`. Of equal elements the first is chosen, and gets the gradient. NaN counts as
   * the smallest.
   *
   * @throws RangeError when the dimension has size 0 or does not exist.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([[1, 5], [3, 4]]);
   * const { values, indices } = x.min(1);
   * values.toArray(); // [1, 3]
   * indices.toArray(); // [0, 0]
   * ```
   */
  min(dim: number, options?: ReduceOptions): ValuesAndIndices;
  min(dim?: number, options?: ReduceOptions): Tensor | ValuesAndIndices {
    return tidy(() => min(this, dim, options));
  }

  /**
   * The index (int32) of the largest element along `dim`, or in the flattened tensor. Of equal elements the first is
   * chosen. `[2, 3]` over dim 1 gives `[2]`.
   *
   * @throws RangeError when the reduced dimension has size 0 or does not exist.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 5], [3, 4]]).argmax(1).toArray(); // [1, 1]
   * tensor([[1, 5], [3, 4]]).argmax().item(); // 1
   * ```
   */
  argmax(dim?: number, options?: ReduceOptions): Tensor {
    return argmax(this, dim, options);
  }

  /**
   * The index (int32) of the smallest element along `dim`, or in the flattened tensor. Of equal elements the first
   * is chosen. `[2, 3]` over dim 1 gives `[2]`.
   *
   * @throws RangeError when the reduced dimension has size 0 or does not exist.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 5], [3, 4]]).argmin(1).toArray(); // [0, 0]
   * ```
   */
  argmin(dim?: number, options?: ReduceOptions): Tensor {
    return argmin(this, dim, options);
  }

  /**
   * Whether any element over one or several dimensions (by default all) is true, that is, not zero. Shapes are those
   * of {@link sum}; the result is bool.
   *
   * @throws RangeError when a dimension does not exist or is named twice.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[0, 1], [0, 0]]).any(1).toArray(); // [true, false]
   * ```
   */
  any(dim?: Dims, options?: ReduceOptions): Tensor {
    return tidy(() => any(this, dim, options));
  }

  /**
   * Whether all elements over one or several dimensions (by default all) are true, that is, not zero. Shapes are
   * those of {@link sum}; the result is bool.
   *
   * @throws RangeError when a dimension does not exist or is named twice.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 1], [1, 0]]).all(1).toArray(); // [true, false]
   * ```
   */
  all(dim?: Dims, options?: ReduceOptions): Tensor {
    return tidy(() => all(this, dim, options));
  }

  /**
   * The number of elements (int32) that are not zero, over one or several dimensions, by default over all. Reduced
   * dimensions disappear.
   *
   * @throws RangeError when a dimension does not exist or is named twice.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[0, 1], [2, 3]]).countNonzero(1).toArray(); // [1, 2]
   * ```
   */
  countNonzero(dim?: Dims): Tensor {
    return tidy(() => countNonzero(this, dim));
  }

  /**
   * The variance over one or several dimensions, by default over all: the sum of squared deviations divided by n −
   * `correction`. `correction` is 1 by default (Bessel's). Shapes are those of {@link sum}.
   *
   * @throws TypeError for integers and bool.
   * @throws RangeError when a dimension does not exist or is named twice.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3, 4]).var().item(); // about 1.66667
   * tensor([1, 2, 3, 4]).var(0, { correction: 0 }).item(); // 1.25
   * ```
   */
  var(dim?: Dims, options?: ReduceOptions & { readonly correction?: number }): Tensor {
    return tidy(() => variance(this, dim, options));
  }

  /**
   * The standard deviation over one or several dimensions, by default over all: the square root of {@link var}. The
   * gradient at a deviation of 0 is 0.
   *
   * @throws TypeError for integers and bool.
   * @throws RangeError when a dimension does not exist or is named twice.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3, 4]).std().item(); // about 1.29099
   * ```
   */
  std(dim?: Dims, options?: ReduceOptions & { readonly correction?: number }): Tensor {
    return tidy(() => std(this, dim, options));
  }

  /**
   * The p-norm (Σ|x|ᵖ)^(1/p) over one or several dimensions, by default over all, with `p` = 2. `p` may be 0 (the
   * number of elements that are not zero), `Infinity` or `-Infinity`. Shapes are those of {@link sum}. The gradient
   * at 0 is 0.
   *
   * @throws TypeError for integers and bool.
   * @throws RangeError when a dimension does not exist or is named twice.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([3, 4]).norm().item(); // 5
   * tensor([[3, -4], [1, 1]]).norm(1, 1).toArray(); // [7, 2]
   * ```
   */
  norm(p?: number, dim?: Dims, options?: ReduceOptions): Tensor {
    return tidy(() => norm(this, p, dim, options));
  }

  /**
   * ln Σ eˣ over one or several dimensions, without overflow. Shapes are those of {@link sum}; integers and bool
   * give float32.
   *
   * @throws RangeError when a dimension does not exist or is named twice.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1000, 1000]]).logsumexp(1).toArray(); // about [1000.693]
   * ```
   */
  logsumexp(dim: number | readonly number[], options?: ReduceOptions): Tensor {
    return tidy(() => logsumexp(this, dim, options));
  }

  /**
   * The running sum along one dimension. Same shape. bool and integers give int32, int64 stays int64; `dtype`
   * computes in another.
   *
   * @throws RangeError when there is no such dimension.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).cumsum(0).toArray(); // [1, 3, 6]
   * ```
   */
  cumsum(dim: number, options?: { readonly dtype?: DType }): Tensor {
    return cumsum(this, dim, options);
  }

  /**
   * {@link cumsum}, in place, in this tensor's dtype.
   *
   * @throws RangeError when there is no such dimension.
   * @throws TypeError for another `dtype` than this tensor's.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).cumsum_(0).toArray(); // [1, 3, 6]
   * ```
   */
  cumsum_(dim: number, options?: { readonly dtype?: DType }): Tensor {
    return tidy(() => cumsum_(this, dim, options));
  }

  /**
   * The running product along one dimension. Shapes and dtypes are those of {@link cumsum}.
   *
   * @throws RangeError when there is no such dimension.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).cumprod(0).toArray(); // [1, 2, 6]
   * ```
   */
  cumprod(dim: number, options?: { readonly dtype?: DType }): Tensor {
    return cumprod(this, dim, options);
  }

  /**
   * {@link cumprod}, in place, in this tensor's dtype.
   *
   * @throws RangeError when there is no such dimension.
   * @throws TypeError for another `dtype` than this tensor's.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).cumprod_(0).toArray(); // [1, 2, 6]
   * ```
   */
  cumprod_(dim: number, options?: { readonly dtype?: DType }): Tensor {
    return tidy(() => cumprod_(this, dim, options));
  }

  /**
   * eˣ / Σ eˣ along one dimension. Same shape; every slice sums to 1.
   *
   * @throws TypeError for integers and bool.
   * @throws RangeError when there is no such dimension.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, Math.log(3)]).softmax(0).toArray(); // about [0.25, 0.75]
   * ```
   */
  softmax(dim: number): Tensor {
    return tidy(() => softmax(this, dim));
  }

  /**
   * The logarithm of {@link softmax}, accurate also where the softmax underflows. Same shape.
   *
   * @throws TypeError for integers and bool.
   * @throws RangeError when there is no such dimension.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 1000]).logSoftmax(0).toArray(); // [-1000, 0]
   * ```
   */
  logSoftmax(dim: number): Tensor {
    return tidy(() => logSoftmax(this, dim));
  }

  // Views: ops/view.ts

  /**
   * The same storage under another shape; one size may be -1, which is inferred: `[2, 6]` viewed as `(-1, 4)` gives
   * `[3, 4]`. Sizes are given one by one or as one array.
   *
   * @throws RangeError when the number of elements differs, or when only a copy could have that shape; then use
   * {@link reshape}.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * const x = zeros([2, 6]);
   * x.view(-1, 4).shape; // [3, 4]
   * ```
   */
  view(...sizes: (number | readonly number[])[]): Tensor {
    return view(this, sizes);
  }

  /**
   * Another shape with the same elements in row-major order: a view where possible, otherwise a copy. One size may
   * be -1, which is inferred. Sizes are given one by one or as one array.
   *
   * @throws RangeError when the number of elements differs.
   *
   * @example
   * ```ts
   * import { arange } from "@heddle/tensor";
   * arange(6).reshape(2, -1).toArray(); // [[0, 1, 2], [3, 4, 5]]
   * ```
   */
  reshape(...sizes: (number | readonly number[])[]): Tensor {
    return reshape(this, sizes);
  }

  /**
   * Like {@link view} with the shape of `other`.
   *
   * @throws RangeError when the number of elements differs, or when only a copy could have that shape.
   *
   * @example
   * ```ts
   * import { arange, zeros } from "@heddle/tensor";
   * arange(4).viewAs(zeros([2, 2])).shape; // [2, 2]
   * ```
   */
  viewAs(other: Tensor): Tensor {
    return viewAs(this, other);
  }

  /**
   * Like {@link reshape} with the shape of `other`.
   *
   * @throws RangeError when the number of elements differs.
   *
   * @example
   * ```ts
   * import { arange, zeros } from "@heddle/tensor";
   * arange(4).reshapeAs(zeros([2, 2])).shape; // [2, 2]
   * ```
   */
  reshapeAs(other: Tensor): Tensor {
    return reshapeAs(this, other);
  }

  /**
   * A view with two dimensions swapped: `[2, 3, 4]` with dims 0 and 2 gives `[4, 3, 2]`.
   *
   * @throws RangeError when there is no such dimension.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * zeros([2, 3, 4]).transpose(0, 2).shape; // [4, 3, 2]
   * ```
   */
  transpose(dim0: number, dim1: number): Tensor {
    return transpose(this, dim0, dim1);
  }

  /**
   * The transpose of a matrix, as a view: `[n, m]` gives `[m, n]`. Vectors and 0-dimensional tensors keep their
   * shape.
   *
   * @throws RangeError when the tensor has more than two dimensions.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2], [3, 4]]).t().toArray(); // [[1, 3], [2, 4]]
   * ```
   */
  t(): Tensor {
    return t(this);
  }

  /**
   * A view with the dimensions in the given order: `[2, 3, 4]` permuted by `(2, 0, 1)` gives `[4, 2, 3]`.
   *
   * @throws RangeError unless every dimension is named exactly once.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * zeros([2, 3, 4]).permute(2, 0, 1).shape; // [4, 2, 3]
   * ```
   */
  permute(...dims: (number | readonly number[])[]): Tensor {
    return permute(this, dims);
  }

  /**
   * A view with dimensions moved to other positions; the rest keep their order. Moving 0 to 2 turns `[2, 3, 4]` into
   * `[3, 4, 2]`.
   *
   * @throws RangeError when there is no such dimension, or when `source` and `destination` have different lengths.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * zeros([2, 3, 4]).movedim(0, 2).shape; // [3, 4, 2]
   * ```
   */
  movedim(source: number | readonly number[], destination: number | readonly number[]): Tensor {
    return movedim(this, source, destination);
  }

  /**
   * A view of `length` elements along `dim`, from `start` on; a negative `start` counts from the end. `[2, 4]`
   * narrowed to 2 elements of dim 1 gives `[2, 2]`.
   *
   * @throws RangeError when there is no such dimension, or the range does not lie within it.
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

  /**
   * A view of one index along `dim`, which disappears: `[2, 3]` with dim 0 gives `[3]`. A negative `index` counts
   * from the end.
   *
   * @throws RangeError when the dimension or the index does not exist.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2], [3, 4]]).select(0, -1).toArray(); // [3, 4]
   * ```
   */
  select(dim: number, index: number): Tensor {
    return select(this, dim, index);
  }

  /**
   * A view in which dimensions of size 1 repeat, without a copy: `[3, 1]` expanded to `(3, 4)` gives `[3, 4]`. -1
   * keeps a size; new dimensions may be added in front. An expanded tensor cannot be written in place.
   *
   * @throws RangeError when a dimension of another size than 1 would change.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1], [2]]).expand(-1, 3).toArray(); // [[1, 1, 1], [2, 2, 2]]
   * ```
   */
  expand(...sizes: (number | readonly number[])[]): Tensor {
    return expand(this, sizes);
  }

  /**
   * Like {@link expand} to the shape of `other`.
   *
   * @throws RangeError when a dimension of another size than 1 would change.
   *
   * @example
   * ```ts
   * import { tensor, zeros } from "@heddle/tensor";
   * tensor([1, 2]).expandAs(zeros([2, 2])).toArray(); // [[1, 2], [1, 2]]
   * ```
   */
  expandAs(other: Tensor): Tensor {
    return expandAs(this, other);
  }

  /**
   * A view without dimensions of size 1: without all of them, or without those in `dim`. A named dimension of
   * another size stays. `[1, 2, 1]` gives `[2]`.
   *
   * @throws RangeError when there is no such dimension.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * zeros([1, 2, 1]).squeeze().shape; // [2]
   * zeros([1, 2, 1]).squeeze(0).shape; // [2, 1]
   * ```
   */
  squeeze(dim?: number | readonly number[]): Tensor {
    return squeeze(this, dim);
  }

  /**
   * A view with a new dimension of size 1 at `dim`: `[2]` with dim 0 gives `[1, 2]`, with -1 `[2, 1]`.
   *
   * @throws RangeError when `dim` is out of range.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * zeros([2]).unsqueeze(-1).shape; // [2, 1]
   * ```
   */
  unsqueeze(dim: number): Tensor {
    return unsqueeze(this, dim);
  }

  /**
   * Merges the dimensions from `start` to `end` (by default all) into one: a view where possible, otherwise a copy.
   * `[2, 3, 4]` flattened from 1 gives `[2, 12]`.
   *
   * @throws RangeError when there is no such dimension, or `start` lies behind `end`.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * zeros([2, 3, 4]).flatten(1).shape; // [2, 12]
   * ```
   */
  flatten(start?: number, end?: number): Tensor {
    return flatten(this, start, end);
  }

  /**
   * Splits one dimension into several, as a view; one size may be -1: `[2, 12]` with dim 1 and `[3, -1]` gives `[2,
   * 3, 4]`.
   *
   * @throws RangeError when there is no such dimension, or the sizes do not fit it.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * zeros([2, 12]).unflatten(1, [3, -1]).shape; // [2, 3, 4]
   * ```
   */
  unflatten(dim: number, sizes: readonly number[]): Tensor {
    return unflatten(this, dim, sizes);
  }

  /**
   * A view of windows of `size` elements, every `step` elements along `dim`; the windows become a new last
   * dimension. `[5]` with size 3 and step 1 gives `[3, 3]`. This is PyTorch's `Tensor.unfold`; nn's `Unfold`
   * extracts patches of images.
   *
   * @throws RangeError when there is no such dimension, or `size` or `step` does not fit it.
   *
   * @example
   * ```ts
   * import { arange } from "@heddle/tensor";
   * arange(5).unfold(0, 3, 1).toArray(); // [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
   * ```
   */
  unfold(dim: number, size: number, step: number): Tensor {
    return unfold(this, dim, size, step);
  }

  /**
   * A view of the diagonal of two dimensions (by default 0 and 1), which becomes a new last dimension: `[3, 3]`
   * gives `[3]`. A positive `offset` lies above the main diagonal, a negative one below.
   *
   * @throws RangeError when the tensor has fewer than two dimensions, or there is no such dimension.
   *
   * @example
   * ```ts
   * import { arange } from "@heddle/tensor";
   * arange(9).reshape(3, 3).diagonal().toArray(); // [0, 4, 8]
   * arange(9).reshape(3, 3).diagonal({ offset: 1 }).toArray(); // [1, 5]
   * ```
   */
  diagonal(options?: { readonly offset?: number; readonly dim1?: number; readonly dim2?: number }): Tensor {
    return diagonal(this, options);
  }

  /**
   * Reverses the order of the elements along the given dimensions. Same shape; always a copy, since tensors have no
   * negative strides.
   *
   * @throws RangeError when there is no such dimension.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2], [3, 4]]).flip(1).toArray(); // [[2, 1], [4, 3]]
   * ```
   */
  flip(...dims: (number | readonly number[])[]): Tensor {
    return flip(this, dims);
  }

  /**
   * Views of pieces along `dim` (by default 0): all of one size (the last may be shorter), or of the sizes in an
   * array. `[5]` split by 2 gives `[2]`, `[2]` and `[1]`.
   *
   * @throws RangeError when there is no such dimension, when the sizes do not add up to it, or for more than 2^20
   * pieces.
   *
   * @example
   * ```ts
   * import { arange } from "@heddle/tensor";
   * arange(5).split(2).map((piece) => piece.toArray()); // [[0, 1], [2, 3], [4]]
   * arange(5).split([1, 4]).map((piece) => piece.shape); // [[1], [4]]
   * ```
   */
  split(sizes: number | readonly number[], dim?: number): Tensor[] {
    return split(this, sizes, dim);
  }

  /**
   * Views of at most `count` pieces of equal size along `dim` (by default 0); the last may be shorter. `[5]` in 2
   * chunks gives `[3]` and `[2]`.
   *
   * @throws RangeError when there is no such dimension, or `count` is not a positive integer.
   *
   * @example
   * ```ts
   * import { arange } from "@heddle/tensor";
   * arange(5).chunk(2).map((piece) => piece.toArray()); // [[0, 1, 2], [3, 4]]
   * ```
   */
  chunk(count: number, dim?: number): Tensor[] {
    return chunk(this, count, dim);
  }

  /**
   * Views of all slices along `dim` (by default 0), which disappears: `[2, 3]` gives two tensors `[3]`.
   *
   * @throws RangeError when there is no such dimension, or for more than 2^20 slices.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2], [3, 4]]).unbind().map((row) => row.toArray()); // [[1, 2], [3, 4]]
   * ```
   */
  unbind(dim?: number): Tensor[] {
    return unbind(this, dim);
  }

  // Indexing: ops/indexing.ts

  /**
   * Elements by index, like PyTorch's `x[…]`. Each index is an integer, a slice in Python's syntax such as `"1:3"`
   * or `"::2"`, `null` (a new dimension), `"..."` (all dimensions not named), an integer tensor or a bool mask.
   * Without tensors among them the result is a view, and writing to it writes to this tensor; with tensors it is a
   * copy, and their shapes broadcast into the result. Negative indices count from the end.
   *
   * @throws RangeError for an index out of range, too many indices, a mask of another shape, or a step below 1.
   * @throws TypeError for text that is not a slice, or an index tensor of floats.
   *
   * @example
   * ```ts
   * import { arange, tensor } from "@heddle/tensor";
   * const x = arange(12).reshape(3, 4);
   * x.at(1).toArray(); // [4, 5, 6, 7]
   * x.at(":", "::2").shape; // [3, 2]
   * x.at(-1, tensor([0, 3], { dtype: "int32" })).toArray(); // [8, 11]
   * x.at(x.gt(9)).toArray(); // [10, 11]
   * x.at("1:", ":2").fill_(0);
   * x.at(1).toArray(); // [0, 0, 6, 7]
   * ```
   */
  at(...indices: Index[]): Tensor {
    return tidy(() => at(this, indices));
  }

  /**
   * Writes a value to the elements that {@link at} reads for the same indices, and returns this tensor. The value
   * broadcasts to their shape. With `accumulate` it is added, as often as an element is named.
   *
   * @throws RangeError for indices that {@link at} refuses, or when the value does not broadcast.
   * @throws TypeError when the value is a tensor of another dtype.
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
   * Picks elements along `dim`: for dim 0 of a matrix, `out[i][j] = this[index[i][j]][j]`. The result has the shape
   * of `index` (int32 or int64), which has as many dimensions as this tensor and is no larger in the others than
   * `dim`.
   *
   * @throws RangeError when an index is negative or too large, or the shape of `index` does not fit.
   * @throws TypeError when `index` is not an integer tensor.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([[1, 2], [3, 4]]);
   * x.gather(1, tensor([[1], [0]], { dtype: "int32" })).toArray(); // [[2], [3]]
   * ```
   */
  gather(dim: number, index: Tensor): Tensor {
    return gather(this, dim, index);
  }

  /**
   * A copy with elements of `source` written at the indices along `dim`: for dim 0 of a matrix,
   * `copy[index[i][j]][j] = source[i][j]`. `reduce` (`"sum"`, `"prod"`, `"mean"`, `"amax"`, `"amin"`) combines them with
   * what the copy holds, or with each other only where `includeSelf` is false; without it, the last of several writes to
   * one element remains. Means of integers are rounded down. `source` is a number, or a tensor of this dtype at least as
   * large as `index` in every dimension. In-place form: {@link scatter_}.
   *
   * @throws RangeError when an index is negative or too large, or a shape does not fit.
   * @throws TypeError when `index` is not an integer tensor, `source` has another dtype, or `reduce` is unknown.
   *
   * @example
   * ```ts
   * import { ones, tensor, zeros } from "@heddle/tensor";
   * const index = tensor([0, 2], { dtype: "int32" });
   * zeros([3]).scatter(0, index, tensor([5, 6])).toArray(); // [5, 0, 6]
   * ones([3]).scatter(0, index, 4, { reduce: "sum" }).toArray(); // [5, 1, 5]
   * ones([3]).scatter(0, index, 4, { reduce: "mean", includeSelf: false }).toArray(); // [4, 1, 4]
   * ```
   */
  scatter(
    dim: number,
    index: Tensor,
    source: Operand,
    options?: ScatterOptions,
  ): Tensor {
    return tidy(() => scatter(this, dim, index, source, options));
  }

  /** In-place form of {@link scatter}; returns this tensor. */
  scatter_(
    dim: number,
    index: Tensor,
    source: Operand,
    options?: ScatterOptions,
  ): Tensor {
    return tidy(() => scatter_(this, dim, index, source, options));
  }

  /**
   * Like {@link scatter} with `reduce: "sum"`. Sums are formed in a fixed order, so that results are reproducible.
   * In-place form: {@link scatterAdd_}.
   *
   * @throws RangeError when an index is negative or too large, or a shape does not fit.
   * @throws TypeError when `index` is not an integer tensor, or `source` has another dtype.
   *
   * @example
   * ```ts
   * import { tensor, zeros } from "@heddle/tensor";
   * const index = tensor([0, 0], { dtype: "int32" });
   * zeros([2]).scatterAdd(0, index, tensor([5, 6])).toArray(); // [11, 0]
   * ```
   */
  scatterAdd(dim: number, index: Tensor, source: Tensor): Tensor {
    return scatterAdd(this, dim, index, source);
  }

  /** In-place form of {@link scatterAdd}; returns this tensor. */
  scatterAdd_(dim: number, index: Tensor, source: Tensor): Tensor {
    return scatterAdd_(this, dim, index, source);
  }

  /**
   * The slices along `dim` that a 1-dimensional integer tensor names: `[4, 3]` with dim 0 and two indices gives `[2,
   * 3]`.
   *
   * @throws RangeError when an index is negative or too large, or there is no such dimension.
   * @throws TypeError when `index` is not a 1-dimensional integer tensor.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([[1, 2], [3, 4], [5, 6]]);
   * x.indexSelect(0, tensor([2, 0], { dtype: "int32" })).toArray(); // [[5, 6], [1, 2]]
   * ```
   */
  indexSelect(dim: number, index: Tensor): Tensor {
    return indexSelect(this, dim, index);
  }

  /**
   * A copy with slices of `source`, times `alpha`, added at the indices along `dim`. `source` has this tensor's
   * shape, except for one slice per index along `dim`. In-place form: {@link indexAdd_}.
   *
   * @throws RangeError when an index is negative or too large, or the shape of `source` does not fit.
   * @throws TypeError when `index` is not a 1-dimensional integer tensor, or `source` has another dtype.
   *
   * @example
   * ```ts
   * import { tensor, zeros } from "@heddle/tensor";
   * const index = tensor([0, 0, 2], { dtype: "int32" });
   * zeros([3]).indexAdd(0, index, tensor([1, 2, 3])).toArray(); // [3, 0, 3]
   * ```
   */
  indexAdd(dim: number, index: Tensor, source: Tensor, options?: { readonly alpha?: Scalar }): Tensor {
    return tidy(() => indexAdd(this, dim, index, source, options));
  }

  /** In-place form of {@link indexAdd}; returns this tensor. */
  indexAdd_(dim: number, index: Tensor, source: Tensor, options?: { readonly alpha?: Scalar }): Tensor {
    return indexAdd_(this, dim, index, source, options);
  }

  /**
   * Copies slices of `source` to the indices along `dim`, and returns this tensor. `source` has this tensor's shape,
   * except for one slice per index along `dim`.
   *
   * @throws RangeError when an index is negative or too large, or the shape of `source` does not fit.
   * @throws TypeError when `index` is not a 1-dimensional integer tensor, or `source` has another dtype.
   *
   * @example
   * ```ts
   * import { tensor, zeros } from "@heddle/tensor";
   * const index = tensor([2, 0], { dtype: "int32" });
   * zeros([3]).indexCopy_(0, index, tensor([5, 6])).toArray(); // [6, 0, 5]
   * ```
   */
  indexCopy_(dim: number, index: Tensor, source: Tensor): Tensor {
    return indexCopy_(this, dim, index, source);
  }

  /**
   * Sets all elements of the slices at the indices along `dim` to one value, and returns this tensor.
   *
   * @throws RangeError when an index is negative or too large, or the dtype cannot hold the value.
   * @throws TypeError when `index` is not a 1-dimensional integer tensor.
   *
   * @example
   * ```ts
   * import { tensor, zeros } from "@heddle/tensor";
   * const index = tensor([0, 2], { dtype: "int32" });
   * zeros([3]).indexFill_(0, index, 7).toArray(); // [7, 0, 7]
   * ```
   */
  indexFill_(dim: number, index: Tensor, value: Operand): Tensor {
    return tidy(() => indexFill_(this, dim, index, value));
  }

  /**
   * A copy with `value` where `mask` (bool) is true. The shapes broadcast; the dtype stays. In-place form: {@link
   * maskedFill_}.
   *
   * @throws TypeError when `mask` is not bool.
   * @throws RangeError when the shapes do not broadcast, or the dtype cannot hold the value.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([1, -2, 3]);
   * x.maskedFill(x.lt(0), 0).toArray(); // [1, 0, 3]
   * ```
   */
  maskedFill(mask: Tensor, value: Operand): Tensor {
    return tidy(() => maskedFill(this, mask, value));
  }

  /** In-place form of {@link maskedFill}: `mask` must broadcast to this shape. Returns this tensor. */
  maskedFill_(mask: Tensor, value: Operand): Tensor {
    return maskedFill_(this, mask, value);
  }

  /**
   * The elements where `mask` (bool) is true, in one dimension. The mask and this tensor broadcast. Reads the mask
   * from the device, since the size of the result depends on it.
   *
   * @throws TypeError when `mask` is not bool.
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([[1, -2], [-3, 4]]);
   * x.maskedSelect(x.gt(0)).toArray(); // [1, 4]
   * ```
   */
  maskedSelect(mask: Tensor): Tensor {
    return tidy(() => maskedSelect(this, mask));
  }

  /**
   * Elements of the flattened tensor; the result has the shape of `index`. Negative indices count from the end.
   *
   * @throws RangeError when an index is out of range.
   * @throws TypeError when `index` is not a tensor of integers.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2], [3, 4]]).take(tensor([0, -1], { dtype: "int32" })).toArray(); // [1, 4]
   * ```
   */
  take(index: Tensor): Tensor {
    return take(this, index);
  }

  /**
   * One element for each index along `dim`, as {@link gather}, with dimensions that broadcast: indices as {@link argsort}
   * gives them sort, those of {@link argmax} with `keepdim` pick the maximum. Without `dim` both are flattened.
   *
   * @throws RangeError when an index is negative or too large, or the shapes do not fit.
   * @throws TypeError when `index` is not an integer tensor.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([[3, 1], [2, 4]]);
   * x.takeAlongDim(x.argsort(1), 1).toArray(); // [[1, 3], [2, 4]]
   * ```
   */
  takeAlongDim(index: Tensor, dim?: number): Tensor {
    return tidy(() => takeAlongDim(this, index, dim));
  }

  /**
   * The positions of the elements that are not zero: int32 `[count, ndim]`. Reads the tensor from the device.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[0, 1], [2, 0]]).nonzero().toArray(); // [[0, 1], [1, 0]]
   * ```
   */
  nonzero(): Tensor {
    return tidy(() => nonzero(this));
  }

  /**
   * The lower triangles of matrices `[..., n, m]`: elements above the `k`-th diagonal become zero. `k` is 0 (the
   * main diagonal) by default; positive ones lie above it. Same shape and dtype.
   *
   * @throws RangeError when the tensor has fewer than two dimensions, or `k` is not an integer.
   *
   * @example
   * ```ts
   * import { ones } from "@heddle/tensor";
   * ones([2, 2]).tril().toArray(); // [[1, 0], [1, 1]]
   * ```
   */
  tril(k?: number): Tensor {
    return tidy(() => tril(this, k));
  }

  /**
   * {@link tril}, in place.
   *
   * @throws RangeError when the tensor has fewer than two dimensions, or `k` is not an integer.
   *
   * @example
   * ```ts
   * import { ones } from "@heddle/tensor";
   * ones([2, 2]).tril_().toArray(); // [[1, 0], [1, 1]]
   * ```
   */
  tril_(k?: number): Tensor {
    return tidy(() => tril_(this, k));
  }

  /**
   * The upper triangles of matrices `[..., n, m]`: elements below the `k`-th diagonal become zero. `k` is 0 (the
   * main diagonal) by default; positive ones lie above it. Same shape and dtype.
   *
   * @throws RangeError when the tensor has fewer than two dimensions, or `k` is not an integer.
   *
   * @example
   * ```ts
   * import { ones } from "@heddle/tensor";
   * ones([2, 2]).triu(1).toArray(); // [[0, 1], [0, 0]]
   * ```
   */
  triu(k?: number): Tensor {
    return tidy(() => triu(this, k));
  }

  /**
   * {@link triu}, in place.
   *
   * @throws RangeError when the tensor has fewer than two dimensions, or `k` is not an integer.
   *
   * @example
   * ```ts
   * import { ones } from "@heddle/tensor";
   * ones([2, 2]).triu_().toArray(); // [[1, 1], [0, 1]]
   * ```
   */
  triu_(k?: number): Tensor {
    return tidy(() => triu_(this, k));
  }

  /**
   * Repeats the whole tensor `times[d]` times along each dimension: `[2]` repeated `(3, 2)` times gives `[3, 4]`.
   * Counts beyond the number of dimensions add dimensions in front.
   *
   * @throws RangeError when there are fewer counts than dimensions, or a count is not an integer from 0 on.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).repeat(2, 2).toArray(); // [[1, 2, 1, 2], [1, 2, 1, 2]]
   * ```
   */
  repeat(...times: (number | readonly number[])[]): Tensor {
    return repeat(this, times);
  }

  /**
   * Like {@link repeat}, but counts may be fewer than dimensions; they then apply to the last ones.
   *
   * @throws RangeError when a count is not an integer from 0 on.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2]]).tile(2).toArray(); // [[1, 2, 1, 2]]
   * ```
   */
  tile(...times: (number | readonly number[])[]): Tensor {
    return tile(this, times);
  }

  /**
   * Shifts elements along dimensions; those pushed out at one end enter at the other. Without `dims` the flattened
   * tensor is shifted. Same shape.
   *
   * @throws RangeError when there is no such dimension, or `shifts` and `dims` have different lengths.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).roll(1).toArray(); // [3, 1, 2]
   * tensor([[1, 2], [3, 4]]).roll(1, 0).toArray(); // [[3, 4], [1, 2]]
   * ```
   */
  roll(shifts: number | readonly number[], dims?: number | readonly number[]): Tensor {
    return roll(this, shifts, dims);
  }

  // Order and counts: ops/sorting.ts

  /**
   * Sorts along `dim` (by default the last). Returns the values and the indices they come from (int32), both of this
   * shape. The order is ascending unless `descending`, and always stable; NaN counts as the largest.
   *
   * @throws RangeError when there is no such dimension.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const { values, indices } = tensor([3, 1, 2]).sort();
   * values.toArray(); // [1, 2, 3]
   * indices.toArray(); // [1, 2, 0]
   * ```
   */
  sort(dim?: number, options?: { readonly descending?: boolean; readonly stable?: boolean }): ValuesAndIndices {
    return sort(this, dim, options);
  }

  /**
   * The indices (int32) that sort the tensor along `dim`, by default the last: the `indices` of {@link sort}. Same
   * shape.
   *
   * @throws RangeError when there is no such dimension.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([3, 1, 2]).argsort().toArray(); // [1, 2, 0]
   * ```
   */
  argsort(dim?: number, options?: { readonly descending?: boolean }): Tensor {
    return tidy(() => argsort(this, dim, options));
  }

  /**
   * The `k` largest elements along `dim` (by default the last), in descending order, and their indices (int32). With
   * `largest: false` the smallest, in ascending order. `[2, 5]` gives values and indices `[2, k]`.
   *
   * @throws RangeError when `k` is not an integer from 0 to the size of the dimension, or there is no such
   * dimension.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const { values, indices } = tensor([3, 1, 2]).topk(2);
   * values.toArray(); // [3, 2]
   * indices.toArray(); // [0, 2]
   * ```
   */
  topk(k: number, dim?: number, options?: { readonly largest?: boolean; readonly sorted?: boolean }): ValuesAndIndices {
    return topk(this, k, dim, options);
  }

  /**
   * The distinct elements in ascending order; with `dim`, the distinct slices along it in lexicographic order.
   * `returnInverse` adds, for each element, its position among the values; `returnCounts` adds how often each value
   * occurs (both int32). Reads the tensor from the device.
   *
   * @throws RangeError when there is no such dimension, or its slices are empty.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const { values, counts } = tensor([3, 1, 1]).unique({ returnCounts: true });
   * values.toArray(); // [1, 3]
   * counts?.toArray(); // [2, 1]
   * ```
   */
  unique(options?: UniqueOptions): Unique {
    return tidy(() => unique(this, options));
  }

  /**
   * The elements (or, with `dim`, the slices along it) without those that equal the one before. Options and result are those
   * of {@link unique}. Reads the tensor from the device.
   *
   * @throws RangeError when there is no such dimension, or its slices are empty.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const { values, counts } = tensor([3, 3, 1, 3]).uniqueConsecutive({ returnCounts: true });
   * values.toArray(); // [3, 1, 3]
   * counts?.toArray(); // [2, 1, 1]
   * ```
   */
  uniqueConsecutive(options?: UniqueOptions): Unique {
    return tidy(() => uniqueConsecutive(this, options));
  }

  /**
   * How often each integer from 0 on occurs in a 1-dimensional tensor: int32 `[n]`, where n is the largest integer
   * plus one, or `minlength` if that is more. With `weights` of the same shape, the sum of the weights instead;
   * integer weights are summed in float64, or in float32 on a device without it. Reads the tensor from the device.
   *
   * @throws TypeError for floats.
   * @throws RangeError for negative integers, another number of dimensions, or weights of another shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 2, 2], { dtype: "int32" }).bincount().toArray(); // [1, 0, 2]
   * ```
   */
  bincount(options?: { readonly weights?: Tensor; readonly minlength?: number }): Tensor {
    return bincount(this, options);
  }

  // Products: ops/products.ts

  /**
   * The matrix product over the last two dimensions: `[n, k]` and `[k, m]` give `[n, m]`. Further dimensions are
   * batches and broadcast: `[b, n, k]` and `[k, m]` give `[b, n, m]`. A vector on the left is a row, on the right a
   * column: `[k]` and `[k, m]` give `[m]`, `[n, k]` and `[k]` give `[n]`.
   *
   * @throws RangeError when the inner sizes differ, the batches do not broadcast, or a tensor is 0-dimensional.
   * @throws TypeError when the dtypes differ, or for bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const a = tensor([[1, 2], [3, 4]]);
   * a.matmul(tensor([[1, 0], [0, 2]])).toArray(); // [[1, 4], [3, 8]]
   * a.matmul(tensor([1, 1])).toArray(); // [3, 7]
   * ```
   */
  matmul(other: Tensor): Tensor {
    return matmul(this, other);
  }

  /**
   * The product of two matrices: `[n, k]` and `[k, m]` give `[n, m]`. {@link matmul} takes other shapes too.
   *
   * @throws RangeError when the shapes are not such.
   * @throws TypeError when the dtypes differ, or for bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2]]).mm(tensor([[3], [4]])).toArray(); // [[11]]
   * ```
   */
  mm(other: Tensor): Tensor {
    return mm(this, other);
  }

  /**
   * The products of two batches of matrices: `[b, n, k]` and `[b, k, m]` give `[b, n, m]`.
   *
   * @throws RangeError when the shapes are not such.
   * @throws TypeError when the dtypes differ, or for bool.
   *
   * @example
   * ```ts
   * import { ones, tensor } from "@heddle/tensor";
   * tensor([[[1, 2]], [[3, 4]]]).bmm(ones([2, 2, 1])).toArray(); // [[[3]], [[7]]]
   * ```
   */
  bmm(other: Tensor): Tensor {
    return bmm(this, other);
  }

  /**
   * The product of a matrix and a vector: `[n, k]` and `[k]` give `[n]`.
   *
   * @throws RangeError when the shapes are not such.
   * @throws TypeError when the dtypes differ, or for bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2], [3, 4]]).mv(tensor([1, 1])).toArray(); // [3, 7]
   * ```
   */
  mv(vector: Tensor): Tensor {
    return mv(this, vector);
  }

  /**
   * The dot product of two vectors: `[k]` and `[k]` give a 0-dimensional tensor.
   *
   * @throws RangeError when the shapes are not such.
   * @throws TypeError when the dtypes differ, or for bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).dot(tensor([3, 4])).item(); // 11
   * ```
   */
  dot(other: Tensor): Tensor {
    return dot(this, other);
  }

  /**
   * The outer product of two vectors: `[n]` and `[m]` give `[n, m]`. Dtypes promote.
   *
   * @throws RangeError when the shapes are not such.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).outer(tensor([3, 4])).toArray(); // [[3, 4], [6, 8]]
   * ```
   */
  outer(other: Tensor): Tensor {
    return outer(this, other);
  }

  // Medians, quantiles and what else sorting finds: ops/order_statistics.ts

  /**
   * The middle element of all, as a 0-dimensional tensor; of an even number the lower of the two in the middle. NaN if
   * any element is NaN, or there are none. Equal elements share the gradient.
   *
   * @throws TypeError for bool.
   * @throws RangeError for integers without elements.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([3, 1, 2, 4]).median().item(); // 2
   * ```
   */
  median(): Tensor;
  /**
   * The middle elements along `dim` and their indices (int32). The dimension disappears, or stays with size 1 with
   * `keepdim`: `[2, 3]` along 1 gives two tensors `[2]`.
   *
   * @throws TypeError for bool.
   * @throws RangeError when there is no such dimension, or it has size 0.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const { values, indices } = tensor([[3, 1, 2], [6, 5, 4]]).median(1);
   * values.toArray(); // [2, 5]
   * indices.toArray(); // [2, 1]
   * ```
   */
  median(dim: number, options?: ReduceOptions): ValuesAndIndices;
  median(dim?: number, options?: ReduceOptions): Tensor | ValuesAndIndices {
    return tidy(() => median(this, dim, options));
  }

  /**
   * The {@link median} of the elements that are not NaN; NaN where all are.
   *
   * @throws TypeError for bool.
   * @throws RangeError for integers without elements.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([3, NaN, 1, 2]).nanmedian().item(); // 2
   * ```
   */
  nanmedian(): Tensor;
  /**
   * The medians along `dim` of the elements that are not NaN, and their indices (int32). Shapes are those of {@link
   * median}.
   *
   * @throws TypeError for bool.
   * @throws RangeError when there is no such dimension, or it has size 0.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[3, NaN, 1], [NaN, NaN, 4]]).nanmedian(1).values.toArray(); // [1, 4]
   * ```
   */
  nanmedian(dim: number, options?: ReduceOptions): ValuesAndIndices;
  nanmedian(dim?: number, options?: ReduceOptions): Tensor | ValuesAndIndices {
    return tidy(() => nanmedian(this, dim, options));
  }

  /**
   * Quantiles along `dim`, by default of all elements: `q` of the elements lie below. `q` is a number from 0 to 1, an
   * array of them or a tensor of this dtype; several make a dimension in front: `[2, 5]` with three along 1 gives `[3,
   * 2]`. `interpolation` says what a quantile between two elements is: `"linear"` (the default), `"lower"`,
   * `"higher"`, `"midpoint"` or `"nearest"`. NaN where an element is NaN.
   *
   * @throws TypeError for integers and bool, or when `q` is a tensor of another dtype.
   * @throws RangeError when `q` is not within 0 to 1, there is no such dimension, or the tensor has no elements.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([4, 1, 3, 2]);
   * x.quantile(0.5).item(); // 2.5
   * x.quantile([0, 1], 0).toArray(); // [1, 4]
   * x.quantile(0.5, 0, { interpolation: "lower" }).item(); // 2
   * ```
   */
  quantile(q: number | readonly number[] | Tensor, dim?: number, options?: QuantileOptions): Tensor {
    return tidy(() => quantile(this, q, dim, options));
  }

  /**
   * The {@link quantile} of the elements that are not NaN; NaN where all are.
   *
   * @throws TypeError for integers and bool, or when `q` is a tensor of another dtype.
   * @throws RangeError when `q` is not within 0 to 1, there is no such dimension, or the tensor has no elements.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([4, NaN, 2]).nanquantile(0.5).item(); // 3
   * ```
   */
  nanquantile(q: number | readonly number[] | Tensor, dim?: number, options?: QuantileOptions): Tensor {
    return tidy(() => nanquantile(this, q, dim, options));
  }

  /**
   * The `k`-th smallest elements along `dim` (by default the last), counted from 1, and their indices (int32). NaN
   * counts as the largest. Shapes are those of {@link median}.
   *
   * @throws TypeError for bool.
   * @throws RangeError when `k` is not an integer from 1 to the size of the dimension, or there is no such dimension.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const { values, indices } = tensor([30, 10, 20]).kthvalue(2);
   * values.item(); // 20
   * indices.item(); // 2
   * ```
   */
  kthvalue(k: number, dim?: number, options?: ReduceOptions): ValuesAndIndices {
    return tidy(() => kthvalue(this, k, dim, options));
  }

  /**
   * The most frequent elements along `dim` (by default the last), the smallest of those that occur equally often, and
   * the index (int32) of their last occurrence. Shapes are those of {@link median}.
   *
   * @throws RangeError when there is no such dimension, or it has size 0.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const { values, indices } = tensor([3, 1, 3, 2, 1]).mode();
   * values.item(); // 1
   * indices.item(); // 4
   * ```
   */
  mode(dim?: number, options?: ReduceOptions): ValuesAndIndices {
    return tidy(() => mode(this, dim, options));
  }

  // Running extremes: ops/scans.ts

  /**
   * The largest element up to each along `dim`, and its index (int32), the last of equals. Same shape. From a NaN on
   * all are NaN.
   *
   * @throws RangeError when there is no such dimension.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const { values, indices } = tensor([1, 3, 2]).cummax(0);
   * values.toArray(); // [1, 3, 3]
   * indices.toArray(); // [0, 1, 1]
   * ```
   */
  cummax(dim: number): ValuesAndIndices {
    return tidy(() => cummax(this, dim));
  }

  /**
   * The smallest element up to each along `dim`, and its index (int32), the last of equals. Same shape. From a NaN on
   * all are NaN.
   *
   * @throws RangeError when there is no such dimension.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([2, 3, 1]).cummin(0).values.toArray(); // [2, 2, 1]
   * ```
   */
  cummin(dim: number): ValuesAndIndices {
    return tidy(() => cummin(this, dim));
  }

  /**
   * The logarithm of the running sum of `eˣ` along `dim`, without overflow. Same shape.
   *
   * @throws TypeError for integers and bool.
   * @throws RangeError when there is no such dimension.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1000, -1000]).logcumsumexp(0).toArray(); // [1000, 1000]
   * ```
   */
  logcumsumexp(dim: number): Tensor {
    return tidy(() => logcumsumexp(this, dim));
  }

  // NaN left out or replaced: ops/missing_values.ts

  /**
   * The sum of the elements that are not NaN. Arguments, shapes and dtypes are those of {@link sum}.
   *
   * @throws RangeError when a dimension does not exist or is named twice.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, NaN, 3]).nansum().item(); // 4
   * ```
   */
  nansum(dim?: Dims, options?: ReduceOptions & { readonly dtype?: DType }): Tensor {
    return tidy(() => nansum(this, dim, options));
  }

  /**
   * The mean of the elements that are not NaN; NaN where all are. Arguments and shapes are those of {@link mean}.
   *
   * @throws TypeError for integers and bool.
   * @throws RangeError when a dimension does not exist or is named twice.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, NaN, 3]).nanmean().item(); // 2
   * ```
   */
  nanmean(dim?: Dims, options?: ReduceOptions & { readonly dtype?: DType }): Tensor {
    return tidy(() => nanmean(this, dim, options));
  }

  /**
   * A copy in which finite numbers replace NaN (`nan`, by default 0), infinity (`posinf`, the largest number of the
   * dtype) and −infinity (`neginf`, the smallest). Integers stay. In-place form: {@link nanToNum_}.
   *
   * @throws RangeError when the dtype cannot hold a value.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([NaN, Infinity, 1]).nanToNum({ posinf: 9 }).toArray(); // [0, 9, 1]
   * ```
   */
  nanToNum(options?: NanToNumOptions): Tensor {
    return tidy(() => nanToNum(this, options));
  }

  /** In-place form of {@link nanToNum}; returns this tensor. */
  nanToNum_(options?: NanToNumOptions): Tensor {
    return tidy(() => nanToNum_(this, options));
  }

  // Diagonals: ops/diagonals.ts

  /**
   * Of a vector `[n]` the matrix with it on its `k`-th diagonal, zeros elsewhere; of a matrix `[n, m]` its `k`-th
   * diagonal, as a copy. `k` is 0 (the main diagonal) by default; positive ones lie above it.
   *
   * @throws RangeError when the tensor is neither, or `k` is not an integer.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).diag().toArray(); // [[1, 0], [0, 2]]
   * tensor([[1, 2], [3, 4]]).diag().toArray(); // [1, 4]
   * ```
   */
  diag(k?: number): Tensor {
    return tidy(() => diag(this, k));
  }

  /**
   * Matrices with the last dimension on a diagonal, zeros elsewhere: `[b, n]` gives `[b, n, n]`. `offset` moves the
   * diagonal to the right and makes the matrices larger; `dim1` and `dim2` (by default the last two) are the
   * matrices' dimensions in the result.
   *
   * @throws RangeError for a 0-dimensional tensor, or when there is no such dimension.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).diagEmbed({ offset: 1 }).toArray(); // [[0, 1, 0], [0, 0, 2], [0, 0, 0]]
   * ```
   */
  diagEmbed(options?: { readonly offset?: number; readonly dim1?: number; readonly dim2?: number }): Tensor {
    return diagEmbed(this, options);
  }

  /**
   * The sum of a matrix's main diagonal, as a 0-dimensional tensor. Dtypes are those of {@link sum}.
   *
   * @throws RangeError when the tensor is no matrix.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2], [3, 4]]).trace().item(); // 5
   * ```
   */
  trace(): Tensor {
    return tidy(() => trace(this));
  }

  // Repetition and choice: ops/stacking.ts

  /**
   * Each element (or, with `dim`, each slice along it) repeated a number of times, before the next one follows.
   * `repeats` is one number, or one for each element, as an array or a tensor of integers, which is read from its
   * device. Without `dim` the tensor is flattened. `outputSize`, where given, must be the size of the result.
   *
   * @throws RangeError when a number is negative, or there are neither one nor as many as elements.
   * @throws TypeError when `repeats` is a tensor of another kind than a vector of int32 or int64.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).repeatInterleave(2).toArray(); // [1, 1, 2, 2]
   * tensor([[1, 2], [3, 4]]).repeatInterleave([1, 2], 0).toArray(); // [[1, 2], [3, 4], [3, 4]]
   * ```
   */
  repeatInterleave(
    repeats: number | readonly number[] | Tensor,
    dim?: number,
    options?: { readonly outputSize?: number },
  ): Tensor {
    return tidy(() => repeatInterleave(this, repeats, dim, options));
  }

  /**
   * All ways to choose `r` (by default 2) elements of a vector, as rows `[count, r]`, in the elements' order. With
   * `withReplacement` an element may be chosen several times.
   *
   * @throws RangeError when the tensor is no vector, or `r` is not an integer from 0 on.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).combinations().toArray(); // [[1, 2], [1, 3], [2, 3]]
   * ```
   */
  combinations(r?: number, options?: { readonly withReplacement?: boolean }): Tensor {
    return tidy(() => combinations(this, r, options));
  }

  // Products added to a tensor: ops/added_products.ts

  /**
   * `beta · this + alpha · a · b` for matrices `a` `[n, k]` and `b` `[k, m]`; this tensor broadcasts to `[n, m]`. With
   * `beta: 0` its values have no effect. Of integers the factors are truncated. In-place form: {@link addmm_}.
   *
   * @throws RangeError when the shapes do not fit.
   * @throws TypeError when the dtypes differ, or for bool.
   *
   * @example
   * ```ts
   * import { ones, tensor } from "@heddle/tensor";
   * ones([1]).addmm(tensor([[1, 2]]), tensor([[3], [4]]), { alpha: 2 }).toArray(); // [[23]]
   * ```
   */
  addmm(a: Tensor, b: Tensor, options?: AddedProductOptions): Tensor {
    return tidy(() => addmm(this, a, b, options));
  }

  /** In-place form of {@link addmm}: the product must have this shape. Returns this tensor. */
  addmm_(a: Tensor, b: Tensor, options?: AddedProductOptions): Tensor {
    return tidy(() => addmm_(this, a, b, options));
  }

  /**
   * `beta · this + alpha · matrix · vector` for `[n, k]` and `[k]`; this tensor broadcasts to `[n]`. In-place form:
   * {@link addmv_}.
   *
   * @throws as {@link addmm}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 1]).addmv(tensor([[1, 2], [3, 4]]), tensor([1, 1])).toArray(); // [4, 8]
   * ```
   */
  addmv(matrix: Tensor, vector: Tensor, options?: AddedProductOptions): Tensor {
    return tidy(() => addmv(this, matrix, vector, options));
  }

  /** In-place form of {@link addmv}: the product must have this shape. Returns this tensor. */
  addmv_(matrix: Tensor, vector: Tensor, options?: AddedProductOptions): Tensor {
    return tidy(() => addmv_(this, matrix, vector, options));
  }

  /**
   * `beta · this + alpha · a ⊗ b`, the outer product of vectors `[n]` and `[m]`; this tensor broadcasts to `[n, m]`.
   * Dtypes promote. In-place form: {@link addr_}.
   *
   * @throws RangeError when the shapes do not fit.
   *
   * @example
   * ```ts
   * import { ones, tensor } from "@heddle/tensor";
   * ones([2, 2]).addr(tensor([1, 2]), tensor([3, 4])).toArray(); // [[4, 5], [7, 9]]
   * ```
   */
  addr(a: Tensor, b: Tensor, options?: AddedProductOptions): Tensor {
    return tidy(() => addr(this, a, b, options));
  }

  /** In-place form of {@link addr}: the product must have this shape. Returns this tensor. */
  addr_(a: Tensor, b: Tensor, options?: AddedProductOptions): Tensor {
    return tidy(() => addr_(this, a, b, options));
  }

  /**
   * `beta · this + alpha · Σ a[i] · b[i]` over batches of matrices `[b, n, k]` and `[b, k, m]`; this tensor broadcasts to
   * `[n, m]`. In-place form: {@link addbmm_}.
   *
   * @throws as {@link addmm}.
   *
   * @example
   * ```ts
   * import { ones } from "@heddle/tensor";
   * ones([1, 1]).addbmm(ones([2, 1, 3]), ones([2, 3, 1])).toArray(); // [[7]]
   * ```
   */
  addbmm(a: Tensor, b: Tensor, options?: AddedProductOptions): Tensor {
    return tidy(() => addbmm(this, a, b, options));
  }

  /** In-place form of {@link addbmm}: the product must have this shape. Returns this tensor. */
  addbmm_(a: Tensor, b: Tensor, options?: AddedProductOptions): Tensor {
    return tidy(() => addbmm_(this, a, b, options));
  }

  /**
   * `beta · this + alpha · a[i] · b[i]` for each of a batch of matrices `[b, n, k]` and `[b, k, m]`; this tensor broadcasts
   * to `[b, n, m]`. In-place form: {@link baddbmm_}.
   *
   * @throws as {@link addmm}.
   *
   * @example
   * ```ts
   * import { ones } from "@heddle/tensor";
   * ones([1]).baddbmm(ones([2, 1, 3]), ones([2, 3, 1])).toArray(); // [[[4]], [[4]]]
   * ```
   */
  baddbmm(a: Tensor, b: Tensor, options?: AddedProductOptions): Tensor {
    return tidy(() => baddbmm(this, a, b, options));
  }

  /** In-place form of {@link baddbmm}: the product must have this shape. Returns this tensor. */
  baddbmm_(a: Tensor, b: Tensor, options?: AddedProductOptions): Tensor {
    return tidy(() => baddbmm_(this, a, b, options));
  }

  /**
   * `this + value · a · b`, element by element. Shapes broadcast and dtypes promote; of integers `value` is truncated. In-place
   * form: {@link addcmul_}.
   *
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 1]).addcmul(tensor([2, 3]), tensor([4, 5]), { value: 10 }).toArray(); // [81, 151]
   * ```
   */
  addcmul(a: Tensor, b: Tensor, options?: ValueOptions): Tensor {
    return tidy(() => addcmul(this, a, b, options));
  }

  /** In-place form of {@link addcmul}; returns this tensor. */
  addcmul_(a: Tensor, b: Tensor, options?: ValueOptions): Tensor {
    return tidy(() => addcmul_(this, a, b, options));
  }

  /**
   * `this + value · a / b`, element by element. Shapes broadcast and dtypes promote. In-place form: {@link addcdiv_}.
   *
   * @throws RangeError when the shapes do not broadcast.
   * @throws TypeError when `a` and `b` are both integers.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 1]).addcdiv(tensor([2, 3]), tensor([4, 2])).toArray(); // [1.5, 2.5]
   * ```
   */
  addcdiv(a: Tensor, b: Tensor, options?: ValueOptions): Tensor {
    return tidy(() => addcdiv(this, a, b, options));
  }

  /** In-place form of {@link addcdiv}; returns this tensor. */
  addcdiv_(a: Tensor, b: Tensor, options?: ValueOptions): Tensor {
    return tidy(() => addcdiv_(this, a, b, options));
  }

  // Distances: ops/distance.ts

  /**
   * The `p`-norm (by default 2) of the difference, as a 0-dimensional tensor. Shapes broadcast and dtypes promote.
   *
   * @throws TypeError when both are integers.
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).dist(tensor([4, 6])).item(); // 5
   * ```
   */
  dist(other: Tensor, p?: number): Tensor {
    return tidy(() => dist(this, other, p));
  }

  /**
   * The `p`-norms (by default 2) of the differences between all rows of one matrix and all of another: `[…, n, k]` and
   * `[…, m, k]` give `[…, n, m]`. Batches broadcast. Euclidean distances of more than 25 rows come from a product of matrices,
   * unless `computeMode` is "differences", which are more exact where rows are alike, and take n · m · k elements of memory.
   *
   * @throws TypeError for integers and bool.
   * @throws RangeError when the shapes do not fit, or `p` is negative.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[0, 0]]).cdist(tensor([[3, 4], [0, 1]])).toArray(); // [[5, 1]]
   * ```
   */
  cdist(other: Tensor, p?: number, options?: CdistOptions): Tensor {
    return tidy(() => cdist(this, other, p, options));
  }

  /**
   * The cross products of vectors of three elements along `dim`, by default the first dimension of size 3. Other
   * dimensions broadcast and dtypes promote.
   *
   * @throws RangeError when the dimension does not have size 3, or the tensors have different numbers of dimensions.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 0, 0]).cross(tensor([0, 1, 0])).toArray(); // [0, 0, 1]
   * ```
   */
  cross(other: Tensor, dim?: number): Tensor {
    return tidy(() => cross(this, other, dim));
  }

  // Spreads and correlations: ops/statistics.ts

  /**
   * The standard deviation and the mean over one or several dimensions, by default over all. Shapes and options are those of
   * {@link std}.
   *
   * @throws TypeError for integers and bool.
   * @throws RangeError when a dimension does not exist or is named twice.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const { std, mean } = tensor([1, 2, 3]).stdMean();
   * [std.item(), mean.item()]; // [1, 2]
   * ```
   */
  stdMean(dim?: Dims, options?: VarianceOptions): { readonly std: Tensor; readonly mean: Tensor } {
    return tidy(() => stdMean(this, dim, options));
  }

  /**
   * The variance and the mean over one or several dimensions, by default over all. Shapes and options are those of
   * {@link var}.
   *
   * @throws TypeError for integers and bool.
   * @throws RangeError when a dimension does not exist or is named twice.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const { var: variance, mean } = tensor([1, 3, 5]).varMean();
   * [variance.item(), mean.item()]; // [4, 3]
   * ```
   */
  varMean(dim?: Dims, options?: VarianceOptions): { readonly var: Tensor; readonly mean: Tensor } {
    return tidy(() => varMean(this, dim, options));
  }

  /**
   * The covariances of variables: `[variables, observations]` gives `[variables, variables]`; a vector is one variable, whose
   * variance has no dimensions. `correction` (by default 1) is subtracted from the number of observations; `fweights`
   * (integers) says how often each counts, `aweights` (floats) how much it matters. Integers give float32.
   *
   * @throws RangeError for more than two dimensions, and for weights that are negative or of another length.
   * @throws TypeError for bool, and for weights of another kind of number.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2, 3], [3, 2, 1]]).cov().toArray(); // [[1, -1], [-1, 1]]
   * ```
   */
  cov(options?: CovOptions): Tensor {
    return tidy(() => cov(this, options));
  }

  /**
   * Pearson's correlations of variables, between −1 and 1: `[variables, observations]` gives `[variables, variables]`. A
   * variable that does not vary gives NaN. Integers give float32.
   *
   * @throws RangeError for more than two dimensions.
   * @throws TypeError for bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2, 3], [4, 2, 0]]).corrcoef().toArray(); // [[1, -1], [-1, 1]]
   * ```
   */
  corrcoef(): Tensor {
    return tidy(() => corrcoef(this));
  }

  // Searching: ops/searching.ts

  /**
   * For each of `values` the place (int32) in this sequence, ascending along its last dimension, before which it belongs:
   * that of the first element that is not less. With `right` the place behind equal elements. A vector takes values of any
   * shape; otherwise all dimensions but the last must be those of the values: `[b, n]` and `[b, m]` give `[b, m]`.
   * `sorter` are the indices that sort the sequence, where it is not sorted.
   *
   * @throws RangeError when the shapes do not fit.
   * @throws TypeError for `right: true` with `side: "left"`.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const sorted = tensor([1, 3, 5]);
   * sorted.searchsorted(tensor([3, 4])).toArray(); // [1, 2]
   * sorted.searchsorted(3, { right: true }).item(); // 2
   * ```
   */
  searchsorted(values: Operand, options?: SearchOptions): Tensor {
    return tidy(() => searchsorted(this, values, options));
  }

  /**
   * For each element the bucket (int32) between ascending `boundaries` `[n]` that it lies in, from 0 to n: the number of
   * boundaries below it, or with `right` of those not above it. Same shape.
   *
   * @throws RangeError when `boundaries` is no vector.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 3, 9]).bucketize(tensor([1, 3, 5])).toArray(); // [0, 1, 3]
   * ```
   */
  bucketize(boundaries: Tensor, options?: { readonly right?: boolean }): Tensor {
    return tidy(() => bucketize(this, boundaries, options));
  }

  /**
   * Whether each element occurs in `test`, a tensor of any shape or a number: bool, same shape. `invert` asks for those that
   * do not occur. NaN occurs nowhere. `assumeUnique` has no effect.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).isin(tensor([3, 1])).toArray(); // [true, false, true]
   * ```
   */
  isin(test: Operand, options?: { readonly invert?: boolean; readonly assumeUnique?: boolean }): Tensor {
    return tidy(() => isin(this, test, options));
  }

  /**
   * How many elements lie in each of `bins` (by default 100) intervals of equal width from `min` to `max`: `[bins]` of this
   * dtype. Where both are 0, as by default, they are the smallest and the largest element. Elements outside do not count.
   *
   * @throws TypeError for integers and bool.
   * @throws RangeError when `bins` is not a positive integer, or the range is not finite.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 1, 4]).histc(3).toArray(); // [2, 1, 1]
   * ```
   */
  histc(bins?: number, options?: { readonly min?: number; readonly max?: number }): Tensor {
    return tidy(() => histc(this, bins, options));
  }

  // Contractions and differences: ops/contractions.ts

  /**
   * Products summed over dimensions of both tensors: over the last `dims` (by default 2) of this one and the first of the
   * other, or over `[those of this one, those of the other]`. The other dimensions remain, this tensor's first: `[2, 3, 4]` and
   * `[3, 4, 5]` give `[2, 5]`.
   *
   * @throws RangeError when the dimensions differ in size or number, or do not exist.
   * @throws TypeError when the dtypes differ, or for bool.
   *
   * @example
   * ```ts
   * import { ones } from "@heddle/tensor";
   * ones([2, 3]).tensordot(ones([3, 4]), 1).shape; // [2, 4]
   * ones([2, 3]).tensordot(ones([4, 2]), [[0], [1]]).shape; // [3, 4]
   * ```
   */
  tensordot(other: Tensor, dims?: ContractedDims): Tensor {
    return tidy(() => tensordot(this, other, dims));
  }

  /**
   * Products summed over the last dimensions: `[…, k]` and `[…, k]` give the other dimensions of both. With a 0-dimensional
   * tensor it is {@link mul}.
   *
   * @throws RangeError when the last dimensions differ.
   * @throws TypeError when the dtypes differ, or for bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2], [3, 4]]).inner(tensor([1, 10])).toArray(); // [21, 43]
   * ```
   */
  inner(other: Tensor): Tensor {
    return tidy(() => inner(this, other));
  }

  /**
   * The Kronecker product: each element of this tensor times all of the other, as blocks. `[n, m]` and `[k, l]` give `[n · k,
   * m · l]`; missing dimensions are added in front. Dtypes promote.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).kron(tensor([1, 10])).toArray(); // [1, 10, 2, 20]
   * ```
   */
  kron(other: Tensor): Tensor {
    return tidy(() => kron(this, other));
  }

  /**
   * The differences of neighbours along `dim` (by default the last), taken `n` times (by default once); the size falls by
   * `n`. `prepend` and `append` are joined to the tensor first. Of bool, whether neighbours differ.
   *
   * @throws RangeError for a 0-dimensional tensor, or when `n` is not an integer from 0 on.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 4, 9, 16]).diff().toArray(); // [3, 5, 7]
   * tensor([1, 4, 9, 16]).diff(2).toArray(); // [2, 2]
   * ```
   */
  diff(n?: number, dim?: number, options?: { readonly prepend?: Tensor; readonly append?: Tensor }): Tensor {
    return tidy(() => diff(this, n, dim, options));
  }

  // Pieces and turns: ops/pieces.ts

  /**
   * Views of pieces along `dim` (by default 0): so many, of which the first are one longer where the size does not divide; or
   * those that begin at indices, given as an array or a tensor, which is read from its device.
   *
   * @throws RangeError for a number below 1, or when there is no such dimension.
   * @throws TypeError when `sections` is a tensor of another kind than an integer or a vector of them.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3, 4, 5]).tensorSplit(2).map((piece) => piece.toArray()); // [[1, 2, 3], [4, 5]]
   * tensor([1, 2, 3]).tensorSplit([1]).map((piece) => piece.toArray()); // [[1], [2, 3]]
   * ```
   */
  tensorSplit(sections: Sections, dim?: number): Tensor[] {
    return tensorSplit(this, sections, dim);
  }

  /**
   * Views of pieces side by side: {@link tensorSplit} along dim 1, of a vector along its own.
   *
   * @throws RangeError for a 0-dimensional tensor, or a number that does not divide the size.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2], [3, 4]]).hsplit(2).map((piece) => piece.toArray()); // [[[1], [3]], [[2], [4]]]
   * ```
   */
  hsplit(sections: number | readonly number[]): Tensor[] {
    return hsplit(this, sections);
  }

  /**
   * Views of pieces one below the other: {@link tensorSplit} along dim 0.
   *
   * @throws RangeError for fewer than two dimensions, or a number that does not divide the size.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2], [3, 4]]).vsplit(2).map((piece) => piece.toArray()); // [[[1, 2]], [[3, 4]]]
   * ```
   */
  vsplit(sections: number | readonly number[]): Tensor[] {
    return vsplit(this, sections);
  }

  /**
   * Views of pieces in depth: {@link tensorSplit} along dim 2.
   *
   * @throws RangeError for fewer than three dimensions, or a number that does not divide the size.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[[1, 2]]]).dsplit(2).map((piece) => piece.toArray()); // [[[[1]]], [[[2]]]]
   * ```
   */
  dsplit(sections: number | readonly number[]): Tensor[] {
    return dsplit(this, sections);
  }

  /**
   * A copy with the columns (dim 1) in reverse order.
   *
   * @throws RangeError for fewer than two dimensions.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2], [3, 4]]).fliplr().toArray(); // [[2, 1], [4, 3]]
   * ```
   */
  fliplr(): Tensor {
    return fliplr(this);
  }

  /**
   * A copy with the rows (dim 0) in reverse order.
   *
   * @throws RangeError for a 0-dimensional tensor.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2], [3, 4]]).flipud().toArray(); // [[3, 4], [1, 2]]
   * ```
   */
  flipud(): Tensor {
    return flipud(this);
  }

  /**
   * A copy turned `k` times (by default once) by 90° in the plane of two dimensions, from the first towards the second.
   *
   * @throws RangeError when `k` is not an integer, or `dims` are not two different dimensions.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2], [3, 4]]).rot90().toArray(); // [[2, 4], [1, 3]]
   * ```
   */
  rot90(k?: number, dims?: readonly [number, number]): Tensor {
    return tidy(() => rot90(this, k, dims));
  }

  // Functions made of others: ops/composed_functions.ts

  /**
   * The larger of two elements; of a number and NaN, the number. Shapes broadcast and dtypes promote. Of equal elements,
   * this tensor's has the gradient.
   *
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, NaN]).fmax(tensor([2, 3])).toArray(); // [2, 3]
   * ```
   */
  fmax(other: Operand): Tensor {
    return tidy(() => fmax(this, other));
  }

  /**
   * The smaller of two elements; of a number and NaN, the number. Shapes broadcast and dtypes promote. Of equal elements,
   * this tensor's has the gradient.
   *
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, NaN]).fmin(tensor([2, 3])).toArray(); // [1, 3]
   * ```
   */
  fmin(other: Operand): Tensor {
    return tidy(() => fmin(this, other));
  }

  /**
   * `x · ln(other)`, and 0 where x is 0 and `other` not NaN. Shapes broadcast and dtypes promote; integers give float32.
   * In-place form: {@link xlogy_}.
   *
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 2]).xlogy(tensor([0, 1])).toArray(); // [0, 0]
   * ```
   */
  xlogy(other: Operand): Tensor {
    return tidy(() => xlogy(this, other));
  }

  /** In-place form of {@link xlogy}; returns this tensor. */
  xlogy_(other: Operand): Tensor {
    return tidy(() => xlogy_(this, other));
  }

  /**
   * `√(x² + other²)`, without overflow. Shapes broadcast and dtypes promote. In-place form: {@link hypot_}.
   *
   * @throws TypeError for integers and bool.
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([3, 0]).hypot(4).toArray(); // [5, 4]
   * ```
   */
  hypot(other: Operand): Tensor {
    return tidy(() => hypot(this, other));
  }

  /** In-place form of {@link hypot}; returns this tensor. */
  hypot_(other: Operand): Tensor {
    return tidy(() => hypot_(this, other));
  }

  /**
   * The absolute values with the signs of `other`, also of its zeros; a NaN counts as positive. Shapes broadcast and dtypes
   * promote; integers give float32. In-place form: {@link copysign_}.
   *
   * @throws RangeError when the shapes do not broadcast.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, -2]).copysign(tensor([-3, 4])).toArray(); // [-1, 2]
   * ```
   */
  copysign(other: Operand): Tensor {
    return tidy(() => copysign(this, other));
  }

  /** In-place form of {@link copysign}; returns this tensor. */
  copysign_(other: Operand): Tensor {
    return tidy(() => copysign_(this, other));
  }

  // Random numbers in place: ops/random_fill.ts

  /**
   * Fills this tensor with random numbers, uniformly distributed over [`from`, `to`) (by default [0, 1)), and
   * returns it.
   *
   * @throws TypeError for integers and bool.
   * @throws RangeError when `from` is above `to`, or the range is too wide for the dtype.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * const x = zeros([100]).uniform_(2, 3);
   * x.ge(2).all().item(); // 1
   * ```
   */
  uniform_(from?: number, to?: number, options?: RandomOptions): Tensor {
    return uniform_(this, from, to, options);
  }

  /**
   * Fills this tensor with random numbers of the normal distribution with a mean (default 0) and a standard
   * deviation (default 1), and returns it.
   *
   * @throws TypeError for integers and bool.
   * @throws RangeError when `std` is negative.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * zeros([3]).normal_(5, 0).toArray(); // [5, 5, 5]
   * ```
   */
  normal_(mean?: number, std?: number, options?: RandomOptions): Tensor {
    return normal_(this, mean, std, options);
  }

  /**
   * Fills this tensor with random integers, evenly distributed over those from `from` (default 0) up to but not including
   * `to`, and returns it. `random_(to)` starts from 0. Without bounds, all integers from 0 to the largest of the dtype, or
   * that of a float dtype up to which it holds every integer; an int64 gets no more than 2^53 − 2. Any dtype.
   *
   * @throws RangeError when there is no integer between the bounds, or the dtype cannot hold them.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * zeros([100], { dtype: "uint8" }).random_(10).lt(10).all().item(); // 1
   * ```
   */
  random_(options?: RandomOptions): Tensor;
  /** Fills this tensor with random integers from 0 up to but not including `to`. */
  random_(to: number, options?: RandomOptions): Tensor;
  /** Fills this tensor with random integers from `from` up to but not including `to`. */
  random_(from: number, to: number, options?: RandomOptions): Tensor;
  random_(first?: number | RandomOptions, second?: number | RandomOptions, third?: RandomOptions): Tensor {
    return tidy(() => random_(this, first, second, third));
  }

  /**
   * Sets each element to 1 with probability `p` (default 0.5), otherwise to 0, and returns this tensor. Any dtype.
   *
   * @throws RangeError when `p` is not between 0 and 1.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * zeros([3]).bernoulli_(1).toArray(); // [1, 1, 1]
   * ```
   */
  bernoulli_(p?: number, options?: RandomOptions): Tensor {
    return bernoulli_(this, p, options);
  }

  // Further functions: ops/special_functions.ts, ops/integers.ts, ops/integration.ts, ops/histogram.ts, ops/written_views.ts and others

  /**
   * Degrees in radians. Integers and bool give float32.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([180, 90]).deg2rad().toArray(); // about [3.14159, 1.5708]
   * ```
   */
  deg2rad(): Tensor {
    return tidy(() => deg2rad(this));
  }

  /**
   * {@link deg2rad}, in place.
   *
   * @throws TypeError for integers and bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([180]).deg2rad_().toArray(); // about [3.14159]
   * ```
   */
  deg2rad_(): Tensor {
    return tidy(() => deg2rad_(this));
  }

  /**
   * Radians in degrees. Integers and bool give float32.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([Math.PI, 1]).rad2deg().toArray(); // about [180, 57.29578]
   * ```
   */
  rad2deg(): Tensor {
    return tidy(() => rad2deg(this));
  }

  /**
   * {@link rad2deg}, in place.
   *
   * @throws TypeError for integers and bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([Math.PI]).rad2deg_().toArray(); // about [180]
   * ```
   */
  rad2deg_(): Tensor {
    return tidy(() => rad2deg_(this));
  }

  /**
   * The step function: 0 below 0, 1 above, and `values` at 0. NaN gives 0. Only `values` has a gradient.
   *
   * @throws TypeError when `values` has another dtype.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([-2, 0, 3]).heaviside(0.5).toArray(); // [0, 0.5, 1]
   * ```
   */
  heaviside(values: Operand): Tensor {
    return tidy(() => heaviside(this, values));
  }

  /**
   * {@link heaviside}, in place.
   *
   * @throws TypeError when `values` has another dtype.
   * @throws RangeError when the shapes do not broadcast to this shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([-2, 0, 3]).heaviside_(0.5).toArray(); // [0, 0.5, 1]
   * ```
   */
  heaviside_(values: Operand): Tensor {
    return tidy(() => heaviside_(this, values));
  }

  /**
   * This tensor times 2 to the power `other`. Integers give float32.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 3]).ldexp(tensor([2, 3])).toArray(); // [4, 24]
   * ```
   */
  ldexp(other: Operand): Tensor {
    return tidy(() => ldexp(this, other));
  }

  /**
   * {@link ldexp}, in place.
   *
   * @throws RangeError when the shapes do not broadcast to this shape.
   * @throws TypeError for integers and bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 3]).ldexp_(2).toArray(); // [4, 12]
   * ```
   */
  ldexp_(other: Operand): Tensor {
    return tidy(() => ldexp_(this, other));
  }

  /**
   * The logarithm to base 2 of 2ˣ + 2ᵒᵗʰᵉʳ, without overflow. Integers give float32.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([3, 1000]).logaddexp2(tensor([3, 1000])).toArray(); // [4, 1001]
   * ```
   */
  logaddexp2(other: Operand): Tensor {
    return tidy(() => logaddexp2(this, other));
  }

  /**
   * The power, computed in float64, which is the dtype of the result.
   *
   * @throws TypeError on a device without float64.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([2, 3], { dtype: "int32" }).floatPower(0.5).toArray(); // about [1.41421, 1.73205]
   * ```
   */
  floatPower(exponent: Operand): Tensor {
    return tidy(() => floatPower(this, exponent));
  }

  /**
   * {@link floatPower}, in place.
   *
   * @throws TypeError on a device without float64.
   * @throws TypeError unless this tensor is float64.
   * @throws RangeError when the shapes do not broadcast to this shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([2, 3], { dtype: "float64" }).floatPower_(2).toArray(); // [4, 9]
   * ```
   */
  floatPower_(exponent: Operand): Tensor {
    return tidy(() => floatPower_(this, exponent));
  }

  /**
   * Where elements are infinity.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, Infinity, -Infinity]).isposinf().toArray(); // [false, true, false]
   * ```
   */
  isposinf(): Tensor {
    return isposinf(this);
  }

  /**
   * Where elements are −infinity.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, Infinity, -Infinity]).isneginf().toArray(); // [false, false, true]
   * ```
   */
  isneginf(): Tensor {
    return isneginf(this);
  }

  /**
   * Where elements have a minus sign, as −0 has too. False for NaN.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([-1, -0, 0, 1]).signbit().toArray(); // [true, true, false, false]
   * ```
   */
  signbit(): Tensor {
    return tidy(() => signbit(this));
  }

  /**
   * The smallest and the largest elements, of all or along a dimension; NaN counts as both. Equal ones share the gradient.
   *
   * @throws RangeError when there are no elements to choose from.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const { min, max } = tensor([[3, 1], [2, 5]]).aminmax(1);
   * min.toArray(); // [1, 2]
   * max.toArray(); // [3, 5]
   * ```
   */
  aminmax(dim?: number, options?: ReduceOptions): { readonly min: Tensor; readonly max: Tensor } {
    return tidy(() => aminmax(this, dim, options));
  }

  /**
   * A matrix with the elements, row after row, on its diagonal; `offset` is that of the diagonal.
   *
   * @throws RangeError for an offset that is not whole.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).diagflat().toArray(); // [[1, 0], [0, 2]]
   * ```
   */
  diagflat(offset?: number): Tensor {
    return tidy(() => diagflat(this, offset));
  }

  /**
   * Sets the elements whose indices are all equal, and returns this tensor. With `wrap` the diagonal of a tall matrix starts again
   * after a row that is left out.
   *
   * @throws RangeError unless it is a matrix, or all sizes are equal.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * zeros([2, 3]).fillDiagonal_(1).toArray(); // [[1, 0, 0], [0, 1, 0]]
   * ```
   */
  fillDiagonal_(value: Scalar, options?: { readonly wrap?: boolean }): Tensor {
    return tidy(() => fillDiagonal_(this, value, options));
  }

  /**
   * A copy in which a {@link diagonal} holds the source.
   *
   * @throws RangeError when the source does not have the diagonal's shape.
   *
   * @example
   * ```ts
   * import { tensor, zeros } from "@heddle/tensor";
   * zeros([2, 2]).diagonalScatter(tensor([1, 2])).toArray(); // [[1, 0], [0, 2]]
   * ```
   */
  diagonalScatter(source: Tensor, options?: DiagonalOptions): Tensor {
    return tidy(() => diagonalScatter(this, source, options));
  }

  /**
   * A copy in which what {@link select} gives holds the source.
   *
   * @throws RangeError when the source does not fit, or there is no such dimension or index.
   *
   * @example
   * ```ts
   * import { tensor, zeros } from "@heddle/tensor";
   * zeros([2, 2]).selectScatter(tensor([1, 2]), 0, 1).toArray(); // [[0, 0], [1, 2]]
   * ```
   */
  selectScatter(source: Tensor, dim: number, index: number): Tensor {
    return tidy(() => selectScatter(this, source, dim, index));
  }

  /**
   * A copy in which a slice along a dimension (default 0) holds the source: from `start` up to but not including `end`, in steps of
   * `step`.
   *
   * @throws RangeError when the source does not have the slice's shape, or the slice is none.
   *
   * @example
   * ```ts
   * import { tensor, zeros } from "@heddle/tensor";
   * zeros([4]).sliceScatter(tensor([1, 2]), 0, { start: 1, step: 2 }).toArray(); // [0, 1, 0, 2]
   * ```
   */
  sliceScatter(source: Tensor, dim?: number, options?: SliceOptions): Tensor {
    return tidy(() => sliceScatter(this, source, dim, options));
  }

  /**
   * {@link indexPut_} on a copy.
   *
   * @throws as {@link indexPut_}.
   *
   * @example
   * ```ts
   * import { tensor, zeros } from "@heddle/tensor";
   * zeros([3]).indexPut([tensor([0, 2], { dtype: "int32" })], 5).toArray(); // [5, 0, 5]
   * ```
   */
  indexPut(indices: readonly Index[], value: Operand, options?: { readonly accumulate?: boolean }): Tensor {
    return tidy(() => indexPut(this, indices, value, options));
  }

  /**
   * A copy in which the elements at `index`, counted row after row, are those of the source. With `accumulate` they are added.
   *
   * @throws RangeError for an index out of range, or another number of elements in the source.
   * @throws TypeError when the source has another dtype.
   *
   * @example
   * ```ts
   * import { tensor, zeros } from "@heddle/tensor";
   * zeros([2, 2]).put(tensor([1, 2], { dtype: "int32" }), tensor([5, 6])).toArray(); // [[0, 5], [6, 0]]
   * ```
   */
  put(index: Tensor, source: Tensor, options?: { readonly accumulate?: boolean }): Tensor {
    return tidy(() => put(this, index, source, options));
  }

  /**
   * {@link put}, in place.
   *
   * @throws as {@link put}.
   *
   * @example
   * ```ts
   * import { tensor, zeros } from "@heddle/tensor";
   * zeros([2, 2]).put_(tensor([1, 2], { dtype: "int32" }), tensor([5, 6])).toArray(); // [[0, 5], [6, 0]]
   * ```
   */
  put_(index: Tensor, source: Tensor, options?: { readonly accumulate?: boolean }): Tensor {
    return tidy(() => put_(this, index, source, options));
  }

  /**
   * {@link indexCopy_} on a copy.
   *
   * @throws as {@link indexCopy_}.
   *
   * @example
   * ```ts
   * import { tensor, zeros } from "@heddle/tensor";
   * zeros([3]).indexCopy(0, tensor([2, 0], { dtype: "int32" }), tensor([5, 6])).toArray(); // [6, 0, 5]
   * ```
   */
  indexCopy(dim: number, index: Tensor, source: Tensor): Tensor {
    return tidy(() => indexCopy(this, dim, index, source));
  }

  /**
   * {@link indexFill_} on a copy.
   *
   * @throws as {@link indexFill_}.
   *
   * @example
   * ```ts
   * import { tensor, zeros } from "@heddle/tensor";
   * zeros([2, 2]).indexFill(1, tensor([0], { dtype: "int32" }), 7).toArray(); // [[7, 0], [7, 0]]
   * ```
   */
  indexFill(dim: number, index: Tensor, value: Operand): Tensor {
    return tidy(() => indexFill(this, dim, index, value));
  }

  /**
   * Combines the source's slices along a dimension with those at the indices, by product, mean, maximum or minimum. With
   * `includeSelf: false` what the tensor held there takes no part.
   *
   * @throws RangeError for an index out of range, or a source of another shape.
   * @throws TypeError for another dtype, or a reduction that is none.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([1, 2]);
   * const index = tensor([0, 0, 1], { dtype: "int32" });
   * x.indexReduce(0, index, tensor([3, 4, 5]), "prod").toArray(); // [12, 10]
   * ```
   */
  indexReduce(
    dim: number,
    index: Tensor,
    source: Tensor,
    reduce: IndexReduction,
    options?: { readonly includeSelf?: boolean },
  ): Tensor {
    return tidy(() => indexReduce(this, dim, index, source, reduce, options));
  }

  /**
   * {@link indexReduce}, in place.
   *
   * @throws as {@link indexReduce}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const x = tensor([1, 2]);
   * const index = tensor([0, 0, 1], { dtype: "int32" });
   * x.indexReduce_(0, index, tensor([3, 4, 5]), "amax").toArray(); // [4, 5]
   * ```
   */
  indexReduce_(
    dim: number,
    index: Tensor,
    source: Tensor,
    reduce: IndexReduction,
    options?: { readonly includeSelf?: boolean },
  ): Tensor {
    return tidy(() => indexReduce_(this, dim, index, source, reduce, options));
  }

  /**
   * A copy in which the places where the mask is true hold the source's elements in order. The mask broadcasts.
   *
   * @throws RangeError when the source has too few elements, on devices that can be read synchronously.
   * @throws TypeError when the mask is not bool, or the source has another dtype.
   *
   * @example
   * ```ts
   * import { tensor, zeros } from "@heddle/tensor";
   * const mask = tensor([true, false, true]);
   * zeros([3]).maskedScatter(mask, tensor([5, 6])).toArray(); // [5, 0, 6]
   * ```
   */
  maskedScatter(mask: Tensor, source: Tensor): Tensor {
    return tidy(() => maskedScatter(this, mask, source));
  }

  /**
   * {@link maskedScatter}, in place.
   *
   * @throws as {@link maskedScatter}.
   *
   * @example
   * ```ts
   * import { tensor, zeros } from "@heddle/tensor";
   * const mask = tensor([true, false, true]);
   * zeros([3]).maskedScatter_(mask, tensor([5, 6])).toArray(); // [5, 0, 6]
   * ```
   */
  maskedScatter_(mask: Tensor, source: Tensor): Tensor {
    return tidy(() => maskedScatter_(this, mask, source));
  }

  /**
   * The sum over the dimensions that broadcasting from a shape to this one adds or repeats: the gradient of `expand`.
   *
   * @throws RangeError when the shape does not broadcast to this one.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[1, 2], [3, 4]]).sumToSize(2, 1).toArray(); // [[3], [7]]
   * ```
   */
  sumToSize(...sizes: (number | readonly number[])[]): Tensor {
    return tidy(() => sumToSize(this, sizes));
  }

  /**
   * The distances in the `p`-norm (default 2) between all pairs of rows of a matrix `[n, k]`: `[n (n − 1) / 2]`.
   *
   * @throws RangeError unless it is a matrix and `p` at least 0.
   * @throws TypeError for integers and bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[0, 0], [3, 4], [0, 8]]).pdist().toArray(); // [5, 8, 5]
   * ```
   */
  pdist(p?: number): Tensor {
    return tidy(() => pdist(this, p));
  }

  /**
   * Slices along a dimension, those whose `p`-norm is above `maxnorm` scaled down to it.
   *
   * @throws RangeError for fewer than two dimensions, or a `p` that is not positive.
   * @throws TypeError for integers and bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[3, 4], [0, 1]]).renorm(2, 0, 1).toArray(); // about [[0.6, 0.8], [0, 1]]
   * ```
   */
  renorm(p: number, dim: number, maxnorm: number): Tensor {
    return tidy(() => renorm(this, p, dim, maxnorm));
  }

  /**
   * {@link renorm}, in place.
   *
   * @throws as {@link renorm}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([[3, 4], [0, 1]]).renorm_(2, 0, 1).toArray(); // about [[0.6, 0.8], [0, 1]]
   * ```
   */
  renorm_(p: number, dim: number, maxnorm: number): Tensor {
    return tidy(() => renorm_(this, p, dim, maxnorm));
  }

  /**
   * The integral along a dimension (default the last) by the trapezoidal rule. The values lie at the coordinates `x`, a vector or a
   * tensor that broadcasts, or `dx` (1) apart.
   *
   * @throws RangeError when the coordinates do not fit.
   * @throws TypeError for bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 5, 10]).trapezoid().toArray(); // 10.5
   * tensor([1, 5, 10]).trapezoid(tensor([1, 3, 6])).toArray(); // 28.5
   * ```
   */
  trapezoid(x?: Tensor, options?: TrapezoidOptions): Tensor {
    return tidy(() => trapezoid(this, x, options));
  }

  /**
   * The integrals from the first point to each of the others, as {@link trapezoid}.
   *
   * @throws as {@link trapezoid}.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 5, 10]).cumulativeTrapezoid().toArray(); // [3, 10.5]
   * ```
   */
  cumulativeTrapezoid(x?: Tensor, options?: TrapezoidOptions): Tensor {
    return tidy(() => cumulativeTrapezoid(this, x, options));
  }

  /**
   * Counts the elements in bins: evenly spaced ones from the smallest to the largest element (or over `range`), or those between the
   * edges given. Each bin holds its lower edge, the last one its upper too. The counts have this tensor's dtype.
   *
   * @throws RangeError or TypeError for bins, a range or a weight that do not fit.
   * @throws TypeError for integers and bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * const { hist, binEdges } = tensor([1, 2, 1]).histogram(4, { range: [0, 3] });
   * hist.toArray(); // [0, 2, 1, 0]
   * binEdges.toArray(); // [0, 0.75, 1.5, 2.25, 3]
   * ```
   */
  histogram(bins: number | Tensor, options?: HistogramOptions): Histogram {
    return tidy(() => histogram(this, bins, options));
  }

  /**
   * The modified Bessel function of the first kind of order 0.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 1, 2]).i0().toArray(); // about [1, 1.26607, 2.27959]
   * ```
   */
  i0(): Tensor {
    return tidy(() => i0(this));
  }

  /**
   * {@link i0}, in place.
   *
   * @throws TypeError for integers and bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1]).i0_().toArray(); // about [1.26607]
   * ```
   */
  i0_(): Tensor {
    return tidy(() => i0_(this));
  }

  /**
   * The modified Bessel function of the first kind of order 1.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([0, 1, 2]).i1().toArray(); // about [0, 0.56516, 1.59064]
   * ```
   */
  i1(): Tensor {
    return i1(this);
  }

  /**
   * Hurwitz's zeta function of this tensor, above 1, and `other`: the sum of (k + other)⁻ˣ over all k from 0 on. The gradient is that
   * of `other`.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([2]).zeta(1).toArray(); // about [1.64493]
   * ```
   */
  zeta(other: Operand): Tensor {
    return zeta(this, other);
  }

  /**
   * The regularised lower incomplete gamma function of this tensor, the parameter, and `other`. NaN where one is negative. The gradient
   * is that of `other`.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).igamma(tensor([1, 1])).toArray(); // about [0.63212, 0.26424]
   * ```
   */
  igamma(other: Operand): Tensor {
    return tidy(() => igamma(this, other));
  }

  /**
   * {@link igamma}, in place.
   *
   * @throws TypeError for integers and bool.
   * @throws RangeError when the shapes do not broadcast to this shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).igamma_(1).toArray(); // about [0.63212, 0.26424]
   * ```
   */
  igamma_(other: Operand): Tensor {
    return tidy(() => igamma_(this, other));
  }

  /**
   * The regularised upper incomplete gamma function of this tensor, the parameter, and `other`. NaN where one is negative. The gradient
   * is that of `other`.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).igammac(tensor([1, 1])).toArray(); // about [0.36788, 0.73576]
   * ```
   */
  igammac(other: Operand): Tensor {
    return tidy(() => igammac(this, other));
  }

  /**
   * {@link igammac}, in place.
   *
   * @throws TypeError for integers and bool.
   * @throws RangeError when the shapes do not broadcast to this shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).igammac_(1).toArray(); // about [0.36788, 0.73576]
   * ```
   */
  igammac_(other: Operand): Tensor {
    return tidy(() => igammac_(this, other));
  }

  /**
   * The `n`-th derivative of {@link digamma}.
   *
   * @throws RangeError when `n` is not a whole number of at least 0.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 0.5]).polygamma(1).toArray(); // about [1.64493, 4.9348]
   * ```
   */
  polygamma(n: number): Tensor {
    return tidy(() => polygamma(this, n));
  }

  /**
   * {@link polygamma}, in place.
   *
   * @throws RangeError when `n` is not a whole number of at least 0.
   * @throws TypeError for integers and bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 0.5]).polygamma_(1).toArray(); // about [1.64493, 4.9348]
   * ```
   */
  polygamma_(n: number): Tensor {
    return tidy(() => polygamma_(this, n));
  }

  /**
   * The logarithm of the multivariate gamma function of dimension `p`. Elements should be above (p − 1) / 2.
   *
   * @throws RangeError when `p` is not a positive whole number.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([2, 3]).mvlgamma(1).toArray(); // about [0, 0.69315]
   * ```
   */
  mvlgamma(p: number): Tensor {
    return tidy(() => mvlgamma(this, p));
  }

  /**
   * {@link mvlgamma}, in place.
   *
   * @throws RangeError when `p` is not a positive whole number.
   * @throws TypeError for integers and bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([2, 3]).mvlgamma_(1).toArray(); // about [0, 0.69315]
   * ```
   */
  mvlgamma_(p: number): Tensor {
    return tidy(() => mvlgamma_(this, p));
  }

  /**
   * The greatest common divisor, of integers.
   *
   * @throws TypeError for floats and bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([12, -9], { dtype: "int32" }).gcd(8).toArray(); // [4, 1]
   * ```
   */
  gcd(other: Operand): Tensor {
    return tidy(() => gcd(this, other));
  }

  /**
   * {@link gcd}, in place.
   *
   * @throws TypeError for floats and bool.
   * @throws RangeError when the shapes do not broadcast to this shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([12, -9], { dtype: "int32" }).gcd_(8).toArray(); // [4, 1]
   * ```
   */
  gcd_(other: Operand): Tensor {
    return tidy(() => gcd_(this, other));
  }

  /**
   * The least common multiple, of integers; 0 if one is 0.
   *
   * @throws TypeError for floats and bool.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([12, -9], { dtype: "int32" }).lcm(8).toArray(); // [24, 72]
   * ```
   */
  lcm(other: Operand): Tensor {
    return tidy(() => lcm(this, other));
  }

  /**
   * {@link lcm}, in place.
   *
   * @throws TypeError for floats and bool.
   * @throws RangeError when the shapes do not broadcast to this shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([12, -9], { dtype: "int32" }).lcm_(8).toArray(); // [24, 72]
   * ```
   */
  lcm_(other: Operand): Tensor {
    return tidy(() => lcm_(this, other));
  }

  /**
   * The next number of the dtype towards `other`.
   *
   * @throws TypeError unless the result is float32 or float64.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).nextafter(3).sub(tensor([1, 2])).toArray(); // about [1.1921e-7, 2.3842e-7]
   * ```
   */
  nextafter(other: Operand): Tensor {
    return tidy(() => nextafter(this, other));
  }

  /**
   * {@link nextafter}, in place.
   *
   * @throws TypeError unless the result is float32 or float64.
   * @throws RangeError when the shapes do not broadcast to this shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2]).nextafter_(3).sub(tensor([1, 2])).toArray(); // about [1.1921e-7, 2.3842e-7]
   * ```
   */
  nextafter_(other: Operand): Tensor {
    return tidy(() => nextafter_(this, other));
  }

  /**
   * Fills this tensor with random numbers of the Cauchy distribution with a median (default 0) and a scale (default 1), and
   * returns it.
   *
   * @throws TypeError for integers and bool.
   * @throws RangeError when `sigma` is not positive.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * zeros([3]).cauchy_(0, 2).shape; // [3]
   * ```
   */
  cauchy_(median?: number, sigma?: number, options?: RandomOptions): Tensor {
    return tidy(() => cauchy_(this, median, sigma, options));
  }

  /**
   * Fills this tensor with random numbers of the exponential distribution with a rate (default 1), and returns it.
   *
   * @throws TypeError for integers and bool.
   * @throws RangeError when the rate is not positive.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * zeros([3]).exponential_(2).ge(0).all().item(); // 1
   * ```
   */
  exponential_(rate?: number, options?: RandomOptions): Tensor {
    return tidy(() => exponential_(this, rate, options));
  }

  /**
   * Fills this tensor with the number of trials up to the first success, each with probability `p`, and returns it. Any dtype.
   *
   * @throws RangeError when `p` is not between 0 and 1.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * zeros([3]).geometric_(0.5).ge(1).all().item(); // 1
   * ```
   */
  geometric_(p: number, options?: RandomOptions): Tensor {
    return tidy(() => geometric_(this, p, options));
  }

  /**
   * Fills this tensor with numbers whose logarithm has a normal distribution with a mean (default 1) and a standard deviation
   * (default 2), and returns it.
   *
   * @throws TypeError for integers and bool.
   * @throws RangeError when `std` is not positive.
   *
   * @example
   * ```ts
   * import { zeros } from "@heddle/tensor";
   * zeros([3]).logNormal_().gt(0).all().item(); // 1
   * ```
   */
  logNormal_(mean?: number, std?: number, options?: RandomOptions): Tensor {
    return tidy(() => logNormal_(this, mean, std, options));
  }

  /**
   * {@link eq}, in place: 1 where it holds, otherwise 0, in this tensor's dtype.
   *
   * @throws RangeError when the shapes do not broadcast to this shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).eq_(2).toArray(); // [0, 1, 0]
   * ```
   */
  eq_(other: Operand): Tensor {
    return eq_(this, other);
  }

  /**
   * {@link ne}, in place: 1 where it holds, otherwise 0, in this tensor's dtype.
   *
   * @throws RangeError when the shapes do not broadcast to this shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).ne_(2).toArray(); // [1, 0, 1]
   * ```
   */
  ne_(other: Operand): Tensor {
    return ne_(this, other);
  }

  /**
   * {@link lt}, in place: 1 where it holds, otherwise 0, in this tensor's dtype.
   *
   * @throws RangeError when the shapes do not broadcast to this shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).lt_(2).toArray(); // [1, 0, 0]
   * ```
   */
  lt_(other: Operand): Tensor {
    return lt_(this, other);
  }

  /**
   * {@link le}, in place: 1 where it holds, otherwise 0, in this tensor's dtype.
   *
   * @throws RangeError when the shapes do not broadcast to this shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).le_(2).toArray(); // [1, 1, 0]
   * ```
   */
  le_(other: Operand): Tensor {
    return le_(this, other);
  }

  /**
   * {@link gt}, in place: 1 where it holds, otherwise 0, in this tensor's dtype.
   *
   * @throws RangeError when the shapes do not broadcast to this shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).gt_(2).toArray(); // [0, 0, 1]
   * ```
   */
  gt_(other: Operand): Tensor {
    return gt_(this, other);
  }

  /**
   * {@link ge}, in place: 1 where it holds, otherwise 0, in this tensor's dtype.
   *
   * @throws RangeError when the shapes do not broadcast to this shape.
   *
   * @example
   * ```ts
   * import { tensor } from "@heddle/tensor";
   * tensor([1, 2, 3]).ge_(2).toArray(); // [0, 1, 1]
   * ```
   */
  ge_(other: Operand): Tensor {
    return ge_(this, other);
  }
}

installRowComposites(rowComposites);
installTensorClass(Tensor as unknown as Parameters<typeof installTensorClass>[0]);
printOnConsole(Tensor.prototype);
markClass(Tensor, "@heddle/tensor");
