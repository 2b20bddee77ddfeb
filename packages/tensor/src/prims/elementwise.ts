/**
 * The element-wise primitives: one line each, which names the type rule. Everything else that is kept by primitive (values, renderers,
 * gradients, methods) is typed by these names, so that the type checker asks for what a new line lacks: see docs/adding/operation.md.
 */
import type { DType, Scalar } from "../dtype.ts";
import { type TypeRule, type TypeRuleName, typeRules } from "./type_rules.ts";

/** Operations on one operand that every device has in some form. */
export const unaryOperations = {
  cast: "same",
  neg: "notBool",
  abs: "notBool",
  sign: "same",
  floor: "same",
  ceil: "same",
  round: "same",
  trunc: "same",
  sqrt: "float",
  relu: "notBool",
  isnan: "compare",
  logicalNot: "logical",
  bitwiseNot: "integral",
} as const;

/** Functions of one operand: the reference backend's, in float64, are what every other device is measured against. */
export const unaryFunctions = {
  exp: "float",
  expm1: "float",
  log: "float",
  log2: "float",
  log10: "float",
  log1p: "float",
  sin: "float",
  cos: "float",
  tan: "float",
  asin: "float",
  acos: "float",
  atan: "float",
  sinh: "float",
  cosh: "float",
  tanh: "float",
  asinh: "float",
  acosh: "float",
  atanh: "float",
  erf: "float",
  erfc: "float",
  erfinv: "float",
  sigmoid: "float",
  sinc: "float",
} as const;

/** Operations on two operands that every device has in some form. */
export const binaryOperations = {
  add: "same",
  sub: "notBool",
  mul: "same",
  div: "float",
  maximum: "same",
  minimum: "same",
  eq: "compare",
  ne: "compare",
  lt: "compare",
  le: "compare",
  gt: "compare",
  ge: "compare",
  logicalAnd: "logical",
  logicalOr: "logical",
  logicalXor: "logical",
  bitwiseAnd: "integral",
  bitwiseOr: "integral",
  bitwiseXor: "integral",
  bitwiseLeftShift: "shift",
  bitwiseRightShift: "shift",
} as const;

/** Functions of two operands, as {@link unaryFunctions}. */
export const binaryFunctions = {
  floorDivide: "notBool",
  remainder: "notBool",
  fmod: "notBool",
  pow: "notBool",
  atan2: "float",
  logaddexp: "float",
} as const;

/** The choice between two operands; the condition, which comes first, is a bool that takes no part in promotion. */
export const choices = { where: "same" } as const;

/** Functions of one operand. */
export type UnaryFunction = keyof typeof unaryFunctions;
/** Functions of two operands. */
export type BinaryFunction = keyof typeof binaryFunctions;
/** Functions that the reference backend computes with one of JavaScript in float64. */
export type FunctionPrim = UnaryFunction | BinaryFunction;

/** Primitives of one operand. */
export type UnaryPrim = keyof typeof unaryOperations | UnaryFunction;
/** Primitives of two operands. */
export type BinaryPrim = keyof typeof binaryOperations | BinaryFunction;
/** Primitives that are nodes of kernel expressions. */
export type ElementwisePrim = UnaryPrim | BinaryPrim | keyof typeof choices;
/** Element-wise primitives that renderers write as an operation on values; a cast depends on two dtypes and is written apart. */
export type OperationPrim = Exclude<ElementwisePrim, "cast">;

/**
 * The element-wise operations as methods. `Tensor` has them and so has its symbolic twin, so that what is written over
 * `T extends Elementwise<T>`, as gradient rules are, runs on both. A primitive without a method is a type error.
 */
export type Elementwise<T> =
  & { readonly dtype: DType; square(): T; rsqrt(): T; reciprocal(): T }
  & { readonly [P in Exclude<UnaryPrim, "cast">]: () => T }
  & { readonly [P in BinaryPrim]: (other: T | Scalar) => T };

/** The names in a table whose rule is one of these. */
type WithRule<T, R extends TypeRuleName> = { [P in keyof T]: T[P] extends R ? P : never }[keyof T];

/** Comparisons of two operands. */
export type ComparisonPrim = WithRule<typeof binaryOperations, "compare">;
/** Functions that are defined on integers too, and computed on these as integers. */
export type IntegerFunction = WithRule<typeof binaryFunctions, "notBool">;

/** Whether a primitive compares two operands. */
export function isComparison(prim: string): prim is ComparisonPrim {
  return (binaryOperations as Readonly<Record<string, TypeRuleName>>)[prim] === "compare";
}

/** Whether a primitive is one of the {@link FunctionPrim}s. */
export function isFunction(prim: string): prim is FunctionPrim {
  return Object.hasOwn(unaryFunctions, prim) || Object.hasOwn(binaryFunctions, prim);
}

/** Row of an element-wise primitive. With `condition` the first operand is a bool that takes no part in promotion. */
export interface ElementwiseRow {
  readonly kind: "elementwise";
  readonly arity: number;
  readonly types: TypeRule;
  readonly condition?: true;
}

function rowsOf<P extends string>(
  arity: number,
  rules: Readonly<Record<P, TypeRuleName>>,
  condition?: { readonly condition: true },
): { readonly [Q in P]: ElementwiseRow } {
  const entries = Object.entries(rules) as [P, TypeRuleName][];
  const rows = entries.map(([prim, rule]) =>
    [prim, { kind: "elementwise", arity, types: typeRules[rule], ...condition }] as const
  );
  return Object.fromEntries(rows) as { [Q in P]: ElementwiseRow };
}

/** Rows of the table of primitives. */
export const elementwiseRows: { readonly [P in ElementwisePrim]: ElementwiseRow } = {
  ...rowsOf(1, unaryOperations),
  ...rowsOf(1, unaryFunctions),
  ...rowsOf(2, binaryOperations),
  ...rowsOf(2, binaryFunctions),
  ...rowsOf(3, choices, { condition: true }),
};
