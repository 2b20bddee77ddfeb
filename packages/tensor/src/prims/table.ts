/** The one table of primitives: what each accepts and what it yields. Gradients and renderers are tables over the same names. */
import { type DType, isFloat } from "../dtype.ts";
import type { Geometry, Shape } from "../shape.ts";
import type {
  AssemblePrim,
  Attrs,
  ElementwisePrim,
  Prim,
  ReducePrim,
  RoutinePrim,
  RowPrim,
  ViewPrim,
} from "./attrs.ts";
import { routineRules } from "./routines.ts";
import { viewRules } from "./views.ts";

/** Types of an element-wise operation: that of its operands once promoted, and that of its result. */
export interface OpTypes {
  readonly compute: DType;
  readonly result: DType;
}

/** dtype and shape of a value that does not exist yet. */
export interface Meta {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** Type rule of an element-wise primitive or a reduction, from the promoted dtype. */
export type TypeRule = (operation: string, promoted: DType) => OpTypes;

/** Row of an element-wise primitive. With `condition` the first operand is a bool that takes no part in promotion. */
export interface ElementwiseRow {
  readonly kind: "elementwise";
  readonly arity: number;
  readonly types: TypeRule;
  readonly condition?: true;
}

/** A row of the table. */
export type Row<P extends Prim> = P extends ElementwisePrim ? ElementwiseRow
  : P extends ReducePrim ? { readonly kind: "reduce"; readonly types: TypeRule }
  : P extends ViewPrim ? { readonly kind: "view"; readonly geometry: (input: Geometry, attrs: Attrs[P]) => Geometry }
  : P extends AssemblePrim ? { readonly kind: "assemble" }
  : P extends RowPrim ? { readonly kind: "rows" }
  : P extends RoutinePrim
    ? { readonly kind: "routine"; readonly outputs: (inputs: readonly Meta[], attrs: Attrs[P]) => readonly Meta[] }
  : never;

const same: TypeRule = (_, dtype) => ({ compute: dtype, result: dtype });

const notBool: TypeRule = (operation, dtype) => {
  if (dtype === "bool") {
    throw new TypeError(`${operation}: not defined on bool; cast with .to("int32"), or use a logical operation`);
  }
  return { compute: dtype, result: dtype };
};

/** Integers are computed as float32, the default float. */
const float: TypeRule = (_, dtype) => {
  const compute = isFloat(dtype) ? dtype : "float32";
  return { compute, result: compute };
};

const compare: TypeRule = (_, dtype) => ({ compute: dtype, result: "bool" });

const logical: TypeRule = () => ({ compute: "bool", result: "bool" });

const integral: TypeRule = (operation, dtype) => {
  if (isFloat(dtype)) {
    throw new TypeError(`${operation}: defined on integers and bool, got ${dtype}; cast with .to("int32")`);
  }
  return { compute: dtype, result: dtype };
};

/** Sums of small integers are int32 on every backend (PyTorch: int64, which GPUs lack). */
const accumulate: TypeRule = (_, dtype) => {
  const compute = isFloat(dtype) || dtype === "int64" ? dtype : "int32";
  return { compute, result: compute };
};

const index: TypeRule = (_, dtype) => ({ compute: dtype, result: "int32" });

const row = (arity: number, types: TypeRule): ElementwiseRow => ({ kind: "elementwise", arity, types });
const reduction = (types: TypeRule): { kind: "reduce"; types: TypeRule } => ({ kind: "reduce", types });

/** What they write stands in `row_programs.ts`. */
const rows = { kind: "rows" } as const;

/** The table. */
export const table: { readonly [P in Prim]: Row<P> } = {
  cast: row(1, same),
  neg: row(1, notBool),
  abs: row(1, notBool),
  sign: row(1, same),
  floor: row(1, same),
  ceil: row(1, same),
  round: row(1, same),
  trunc: row(1, same),
  sqrt: row(1, float),
  exp: row(1, float),
  expm1: row(1, float),
  log: row(1, float),
  log2: row(1, float),
  log10: row(1, float),
  log1p: row(1, float),
  sin: row(1, float),
  cos: row(1, float),
  tan: row(1, float),
  asin: row(1, float),
  acos: row(1, float),
  atan: row(1, float),
  sinh: row(1, float),
  cosh: row(1, float),
  tanh: row(1, float),
  asinh: row(1, float),
  acosh: row(1, float),
  atanh: row(1, float),
  erf: row(1, float),
  erfc: row(1, float),
  erfinv: row(1, float),
  sigmoid: row(1, float),
  relu: row(1, notBool),
  isnan: row(1, compare),
  logicalNot: row(1, logical),
  bitwiseNot: row(1, integral),
  add: row(2, same),
  sub: row(2, notBool),
  mul: row(2, same),
  div: row(2, float),
  floorDivide: row(2, notBool),
  remainder: row(2, notBool),
  fmod: row(2, notBool),
  pow: row(2, notBool),
  atan2: row(2, float),
  maximum: row(2, same),
  minimum: row(2, same),
  eq: row(2, compare),
  ne: row(2, compare),
  lt: row(2, compare),
  le: row(2, compare),
  gt: row(2, compare),
  ge: row(2, compare),
  logicalAnd: row(2, logical),
  logicalOr: row(2, logical),
  logicalXor: row(2, logical),
  bitwiseAnd: row(2, integral),
  bitwiseOr: row(2, integral),
  bitwiseXor: row(2, integral),
  bitwiseLeftShift: row(2, (operation, dtype) => notBool(operation, integral(operation, dtype).compute)),
  bitwiseRightShift: row(2, (operation, dtype) => notBool(operation, integral(operation, dtype).compute)),
  where: { kind: "elementwise", arity: 3, types: same, condition: true },
  sum: reduction(accumulate),
  prod: reduction(accumulate),
  amax: reduction(same),
  amin: reduction(same),
  argmax: reduction(index),
  argmin: reduction(index),
  softmax: rows,
  softmaxGrad: rows,
  logSoftmax: rows,
  logSoftmaxGrad: rows,
  labelLoss: rows,
  labelLossGrad: rows,
  normalize: rows,
  normalizeGrad: rows,
  rmsNormalize: rows,
  rmsNormalizeGrad: rows,
  cat: { kind: "assemble" },
  embed: { kind: "assemble" },
  ...viewRules,
  ...routineRules,
};
