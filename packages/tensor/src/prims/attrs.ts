/** The catalogue of primitives: every name there is, with the attributes it takes. Everything else is made of these. */
import type { DType, Scalar } from "../dtype.ts";
import type { ElementwisePrim } from "./elementwise.ts";

export type { ElementwisePrim } from "./elementwise.ts";

/** No attributes. */
export type None = Readonly<Record<never, never>>;

/** Dimensions a reduction removes (or keeps with size 1). */
export interface ReduceAttrs {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
}

/** Convolution of `[N, C, …]` with `[O, C / groups, …]`; one entry a spatial dimension. */
export interface ConvAttrs {
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** What is done to a product's sums before they are stored, floats only. */
export type Activation = "none" | "relu";
/** All of them. */
export const activations: readonly Activation[] = ["none", "relu"];

/** What follows a product whose third input, where there is one, is a bias; no activation unless it says so. */
export interface Epilogue {
  readonly activation?: Activation;
}

/** Windows of a max-pooling; one entry a spatial dimension. */
export interface PoolAttrs {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly ceilMode: boolean;
}

/** Windows whose elements are added up, in one or two spatial dimensions; what lies beyond the image is zero. */
export interface SumPoolAttrs {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly ceilMode: boolean;
  /** What the sums are multiplied by. */
  readonly scale: number;
}

/** What a random tensor holds; `key` and `counter` place it in the Philox stream. */
export interface RandomAttrs {
  readonly distribution: "bits" | "uniform" | "normal";
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly key: readonly [number, number];
  readonly counter: number;
}

/** A softmax along `dim` of `scale` · x (1 unless it says so), of those elements that masks let take part; zeros where they let none. */
export interface SoftmaxAttrs {
  readonly dim: number;
  readonly scale?: number;
  /** Whether the second input is the last place (int32) that takes part; those after are masks: bool, or numbers that are added. */
  readonly limited?: boolean;
}

/** How `scatter` combines a value with what is there. */
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

/** Attributes of row primitives: several walks over each row of elements. */
export interface RowAttrs {
  /** Inputs behind the first are what {@link SoftmaxAttrs} says, and masks. */
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
    /** Whether the gradient of what was added after normalising is wanted, which with an activation is one of its own. */
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

/** Attributes of what is assembled from copies. */
export interface AssembleAttrs {
  cat: { readonly dim: number };
  embed: { readonly shape: readonly number[]; readonly value: Scalar; readonly view: ViewStep };
}

/** Attributes of routines. */
export interface RoutineAttrs {
  /** A bias, if given, is `[N]`. */
  matmul: Epilogue;
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
  cumsum: { readonly dim: number };
  cumprod: { readonly dim: number };
  random: RandomAttrs;
}

/** Attributes by primitive. */
export interface Attrs extends ElementwiseAttrs, ReductionAttrs, RowAttrs, ViewAttrs, AssembleAttrs, RoutineAttrs {}

/** Name of a primitive. */
export type Prim = keyof Attrs;

/** Primitives that only change the geometry. */
export type ViewPrim = keyof ViewAttrs;

/** Primitives that reduce an expression. */
export type ReducePrim = keyof ReductionAttrs;

/** Primitives that walk over rows of elements; a backend without row kernels gets composites instead. */
export type RowPrim = keyof RowAttrs;

/** Primitives that are made by copying their inputs into parts of the output. */
export type AssemblePrim = keyof AssembleAttrs;

/** Primitives that a backend implements by name. */
export type RoutinePrim = keyof RoutineAttrs;

/** One view with its attributes. */
export type ViewStep = { readonly [P in ViewPrim]: { readonly prim: P; readonly attrs: Attrs[P] } }[ViewPrim];
