/** The catalogue of primitives: every name there is, with the attributes it takes. Everything else is made of these. */
import type { DType, Scalar } from "../dtype.ts";

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

/** Attributes by primitive. */
export interface Attrs {
  // Element-wise, one operand
  cast: { readonly dtype: DType };
  neg: None;
  abs: None;
  sign: None;
  floor: None;
  ceil: None;
  round: None;
  trunc: None;
  sqrt: None;
  exp: None;
  expm1: None;
  log: None;
  log2: None;
  log10: None;
  log1p: None;
  sin: None;
  cos: None;
  tan: None;
  asin: None;
  acos: None;
  atan: None;
  sinh: None;
  cosh: None;
  tanh: None;
  asinh: None;
  acosh: None;
  atanh: None;
  erf: None;
  erfc: None;
  erfinv: None;
  sigmoid: None;
  relu: None;
  isnan: None;
  logicalNot: None;
  bitwiseNot: None;
  // Element-wise, two operands
  add: None;
  sub: None;
  mul: None;
  div: None;
  floorDivide: None;
  remainder: None;
  fmod: None;
  pow: None;
  atan2: None;
  maximum: None;
  minimum: None;
  eq: None;
  ne: None;
  lt: None;
  le: None;
  gt: None;
  ge: None;
  logicalAnd: None;
  logicalOr: None;
  logicalXor: None;
  bitwiseAnd: None;
  bitwiseOr: None;
  bitwiseXor: None;
  bitwiseLeftShift: None;
  bitwiseRightShift: None;
  // Element-wise, three operands
  where: None;
  // Reductions
  sum: ReduceAttrs;
  prod: ReduceAttrs;
  amax: ReduceAttrs;
  amin: ReduceAttrs;
  argmax: ReduceAttrs;
  argmin: ReduceAttrs;
  // Rows: several walks over each row of elements
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
  // Views: the same storage, another geometry
  reshape: { readonly shape: readonly number[] };
  permute: { readonly dims: readonly number[] };
  expand: { readonly shape: readonly number[] };
  slice: { readonly dim: number; readonly start: number; readonly length: number; readonly step: number };
  select: { readonly dim: number; readonly index: number };
  diagonal: { readonly offset: number; readonly dim1: number; readonly dim2: number };
  unfold: { readonly dim: number; readonly size: number; readonly step: number };
  flip: { readonly dims: readonly number[] };
  // Assembled from copies
  cat: { readonly dim: number };
  embed: { readonly shape: readonly number[]; readonly value: Scalar; readonly view: ViewStep };
  // Routines
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

/** Name of a primitive. */
export type Prim = keyof Attrs;

/** Primitives that only change the geometry. */
export type ViewPrim = "reshape" | "permute" | "expand" | "slice" | "select" | "diagonal" | "unfold" | "flip";

/** Primitives that reduce an expression. */
export type ReducePrim = "sum" | "prod" | "amax" | "amin" | "argmax" | "argmin";

/** Primitives that walk over rows of elements; a backend without row kernels gets composites instead. */
export type RowPrim =
  | "softmax"
  | "softmaxGrad"
  | "logSoftmax"
  | "logSoftmaxGrad"
  | "labelLoss"
  | "labelLossGrad"
  | "normalize"
  | "normalizeGrad"
  | "rmsNormalize"
  | "rmsNormalizeGrad";

/** Primitives that are made by copying their inputs into parts of the output. */
export type AssemblePrim = "cat" | "embed";

/** Primitives that a backend implements by name. */
export type RoutinePrim =
  | "matmul"
  | "conv"
  | "convInputGrad"
  | "convWeightGrad"
  | "maxPool"
  | "maxPoolGrad"
  | "sumPool"
  | "sumPoolGrad"
  | "gather"
  | "scatter"
  | "sort"
  | "cumsum"
  | "cumprod"
  | "random";

/** Primitives that are nodes of kernel expressions. */
export type ElementwisePrim = Exclude<Prim, ViewPrim | ReducePrim | RowPrim | AssemblePrim | RoutinePrim>;

/** One view with its attributes. */
export type ViewStep = { readonly [P in ViewPrim]: { readonly prim: P; readonly attrs: Attrs[P] } }[ViewPrim];
