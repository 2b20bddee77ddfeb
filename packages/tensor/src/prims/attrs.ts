/** The catalogue of primitives: all names, with their attributes. All operations are composed of primitives. */
import type { DType, Scalar } from "../dtype.ts";
import type { ElementwisePrim } from "./elementwise.ts";

export type { ElementwisePrim } from "./elementwise.ts";

/** No attributes. */
export type None = Readonly<Record<never, never>>;

/** The dimensions that a reduction removes, or keeps with size 1. */
export interface ReduceAttrs {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

/** Convolution of `[N, C, …]` with `[O, C / groups, …]`; one entry per spatial dimension. */
export interface ConvAttrs {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** The function applied to a product's sums before they are stored. For floats only. */
export type Activation = "none" | "relu";
/** All activations. */
export const activations: readonly Activation[] = ["none", "relu"];

/** The epilogue of a product: a bias, if there is a third input, and an activation, by default none. */
export interface Epilogue {
  readonly activation?: Activation;
}

/** Attributes of a matrix product. */
export interface MatmulAttrs extends Epilogue {
  /** Whether elements of both operands are rounded to bfloat16 before they are multiplied. For float32 only. */
  readonly rounded?: boolean;
}

/** Windows of max-pooling; one entry per spatial dimension. */
export interface PoolAttrs {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly ceilMode: boolean;
}

/** Windows whose elements are summed, in one or two spatial dimensions. Elements outside the image are zero. */
export interface SumPoolAttrs {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly ceilMode: boolean;
  /** The factor of the sums. */
  readonly scale: number;
}

/** The distribution of a random tensor, and its position in the Philox stream (`key` and `counter`). */
export interface RandomAttrs {
  readonly distribution: "bits" | "uniform" | "normal";
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly key: readonly [number, number];
  /** In dispatches this is the only scalar, and not among the attributes of the work. */
  readonly counter: number;
}

/** A masked softmax of `scale` · x (1 by default) along `dim`. Masked elements are zero, and so are rows that are masked everywhere. */
export interface SoftmaxAttrs {
  readonly dim: number;
  readonly scale?: number;
  /**
   * Whether the second input is the index (int32) of the last unmasked element in each row. Further inputs are masks: bool, or
   * numbers that are added.
   */
  readonly limited?: boolean;
}

/** Discrete Fourier transforms of rows, n points long, times `scale`. Complex numbers are pairs in a last dimension of 2. */
export interface FftAttrs {
  /**
   * `complex`: `[…, n, 2]` to the same shape. `fromReal`: `[…, n]` to the first half of the spectrum, `[…, n / 2 + 1, 2]`. `toReal`: back,
   * ignoring the imaginary parts at both ends. The last two are for even n.
   */
  readonly kind: "complex" | "fromReal" | "toReal";
  readonly n: number;
  /** The sign of the exponent: −1 for `fromReal`, 1 for `toReal`. */
  readonly direction: 1 | -1;
  readonly scale: number;
}

/**
 * Fused attention. The weights are a softmax of `scale` · q kᵀ over the keys, to which masks apply as in {@link SoftmaxAttrs}; some
 * are then dropped. The result is the weighted sum of the values.
 */
export interface AttentionAttrs {
  readonly scale: number;
  /** If a number, query i attends to keys up to i + `causalOffset` only. */
  readonly causalOffset: number | null;
  /** Probability at which a weight is dropped; the others are divided by 1 − `dropoutP`. */
  readonly dropoutP: number;
  /** The position in the Philox stream if weights are dropped. */
  readonly key?: readonly [number, number];
  readonly counter?: number;
  /**
   * The draws are those of `[…, queries, keys]` for one block of so many queries after the other, where the keys end with the last one
   * that the block attends to.
   */
  readonly blockQueries?: number;
}

/** How `scatter` combines a value with the present element. */
export type ScatterMode = "set" | "sum" | "prod" | "amax" | "amin";

/** Attributes of element-wise primitives. */
export type ElementwiseAttrs = { [P in ElementwisePrim]: P extends "cast" ? { readonly dtype: DType } : None };

/** Attributes of reductions. */
export interface ReductionAttrs {
  sum: ReduceAttrs;
  prod: ReduceAttrs;
  amax: ReduceAttrs;
  amin: ReduceAttrs;
  argmax: ReduceAttrs;
  argmin: ReduceAttrs;
}

/** Attributes of row primitives, which make several passes over each row of elements. */
export interface RowAttrs {
  /** {@link SoftmaxAttrs} describes the inputs after the first. */
  softmax: SoftmaxAttrs;
  softmaxGrad: Pick<SoftmaxAttrs, "dim" | "scale">;
  logSoftmax: { readonly dim: number };
  logSoftmaxGrad: { readonly dim: number };
  labelLoss: { readonly dim: number; readonly ignoreIndex: number };
  labelLossGrad: { readonly dim: number; readonly ignoreIndex: number };
  normalize: { readonly dims: readonly number[]; readonly eps: number } & Epilogue;
  normalizeGrad: {
    readonly dims: readonly number[];
    readonly eps: number;
    readonly perRow: boolean;
    /** Whether to compute the gradient of the residual, which differs from the incoming gradient if there is an activation. */
    readonly addend?: boolean;
  } & Epilogue;
  rmsNormalize: { readonly dims: readonly number[]; readonly eps: number };
  rmsNormalizeGrad: { readonly dims: readonly number[] };
}

/** Attributes of views: the same storage, another geometry. */
export interface ViewAttrs {
  reshape: { readonly shape: readonly number[] };
  permute: { readonly dims: readonly number[] };
  expand: { readonly shape: readonly number[] };
  slice: { readonly dim: number; readonly start: number; readonly length: number; readonly step: number };
  select: { readonly dim: number; readonly index: number };
  diagonal: { readonly offset: number; readonly dim1: number; readonly dim2: number };
  unfold: { readonly dim: number; readonly size: number; readonly step: number };
  flip: { readonly dims: readonly number[] };
}

/** Attributes of primitives that assemble their output from copies. */
export interface AssembleAttrs {
  cat: { readonly dim: number };
  embed: { readonly shape: readonly number[]; readonly value: Scalar; readonly view: ViewStep };
}

/** Attributes of routines. */
export interface RoutineAttrs {
  /** A bias, if given, is `[N]`. */
  matmul: MatmulAttrs;
  /** A bias, if given, is `[O]`. */
  conv: ConvAttrs & Epilogue;
  convInputGrad: ConvAttrs & { readonly inputSize: readonly number[] };
  convWeightGrad: ConvAttrs & { readonly kernelSize: readonly number[] };
  maxPool: PoolAttrs;
  maxPoolGrad: PoolAttrs & { readonly inputSize: readonly number[] };
  sumPool: SumPoolAttrs;
  sumPoolGrad: SumPoolAttrs & { readonly inputSize: readonly number[] };
  gather: { readonly dim: number };
  scatter: { readonly dim: number; readonly mode: ScatterMode };
  sort: { readonly dim: number; readonly descending: boolean };
  /** Fourier transforms of rows, at least one number long: see {@link FftAttrs}. */
  fft: FftAttrs;
  cumsum: { readonly dim: number };
  cumprod: { readonly dim: number };
  random: RandomAttrs;
  /**
   * Inputs: queries, keys and values (see {@link AttentionAttrs}), whose batch dimensions broadcast to those of the outputs, and masks.
   * Outputs: the result, and for each query its greatest score and the logarithm of the sum of the exponentials relative to it.
   */
  attention: AttentionAttrs;
  /**
   * Inputs: the gradient of the result, the two outputs of `attention`, and the inputs of `attention`. Outputs: the gradients of the inputs
   * with the numbers `wanted`, before broadcast dimensions are summed.
   */
  attentionGrad: AttentionAttrs & { readonly wanted: readonly number[] };
}

/** Attributes by primitive. */
export interface Attrs extends ElementwiseAttrs, ReductionAttrs, RowAttrs, ViewAttrs, AssembleAttrs, RoutineAttrs {}

/** The name of a primitive. */
export type Prim = keyof Attrs;

/** Primitives that only change the geometry. */
export type ViewPrim = keyof ViewAttrs;

/** Primitives that reduce an expression. */
export type ReducePrim = keyof ReductionAttrs;

/** Primitives over rows of elements. On a backend without row kernels they run as composites. */
export type RowPrim = keyof RowAttrs;

/** Primitives that copy their inputs into parts of the output. */
export type AssemblePrim = keyof AssembleAttrs;

/** Primitives that a backend implements by name. */
export type RoutinePrim = keyof RoutineAttrs;

/** The routines of the backends on the host. Callers of the others compose them of primitives where `Backend.hasRoutine` is false. */
export type HostRoutine = Exclude<RoutinePrim, "attention" | "attentionGrad">;

/** A view primitive with its attributes. */
export type ViewStep = { readonly [P in ViewPrim]: { readonly prim: P; readonly attrs: Attrs[P] } }[ViewPrim];
