/**
 * The element-wise primitives: one line each, with the name of the type rule. All other tables of primitives (values, renderers,
 * gradients, methods) are typed by these names, so that the type checker lists the entries that a new primitive needs: see
 * docs/adding/operation.md.
 */
import type { DType, Scalar } from "../dtype.ts";
import { type TypeRule, type TypeRuleName, typeRules } from "./type_rules.ts";

/** Operations on one operand that every device implements natively. */
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

/** Functions of one operand. The accuracy of every device is measured against the reference backend, which computes them in float64. */
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
  lgamma: "float",
  digamma: "float",
  i0: "float",
  i1: "float",
} as const;

/** Operations on two operands that every device implements natively. */
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
  gcd: "shift",
  nextafter: "float",
} as const;

/** Functions of two operands; see {@link unaryFunctions}. */
export const binaryFunctions = {
  floorDivide: "notBool",
  remainder: "notBool",
  fmod: "notBool",
  pow: "notBool",
  atan2: "float",
  logaddexp: "float",
  zeta: "float",
  igamma: "float",
  igammac: "float",
} as const;

/** The choice between two operands. The condition, which comes first, is a bool that does not affect promotion. */
export const choices = { where: "same" } as const;

/** Functions of one operand. */
export type UnaryFunction = keyof typeof unaryFunctions;
/** Functions of two operands. */
export type BinaryFunction = keyof typeof binaryFunctions;
/** Functions that the reference backend computes by a JavaScript function in float64. */
export type FunctionPrim = UnaryFunction | BinaryFunction;

/** Primitives of one operand. */
export type UnaryPrim = keyof typeof unaryOperations | UnaryFunction;
/** Primitives of two operands. */
export type BinaryPrim = keyof typeof binaryOperations | BinaryFunction;
/** Primitives that are nodes of kernel expressions. */
export type ElementwisePrim = UnaryPrim | BinaryPrim | keyof typeof choices;
/** Element-wise primitives that renderers translate by name. Casts depend on two dtypes, and are rendered separately. */
export type OperationPrim = Exclude<ElementwisePrim, "cast">;

/**
 * The element-wise operations as methods, which both `Tensor` and `Symbolic` have. Code that is generic over `T extends
 * Elementwise<T>`, such as gradient rules, runs on both. A primitive without a method is a type error.
 */
export type Elementwise<T> =
  & { readonly dtype: DType; square(): T; rsqrt(): T; reciprocal(): T }
  & { readonly [P in Exclude<UnaryPrim, "cast">]: () => T }
  & { readonly [P in BinaryPrim]: (other: T | Scalar) => T };

/** The names in a table with one of these rules. */
type WithRule<T, R extends TypeRuleName> = { [P in keyof T]: T[P] extends R ? P : never }[keyof T];

/** Comparisons of two operands. */
export type ComparisonPrim = WithRule<typeof binaryOperations, "compare">;
/** Functions that are defined on integers too, with integer arithmetic. */
export type IntegerFunction = WithRule<typeof binaryFunctions, "notBool">;

/** Whether a primitive compares two operands. */
export function isComparison(prim: string): prim is ComparisonPrim {
  return (binaryOperations as Readonly<Record<string, TypeRuleName>>)[prim] === "compare";
}

/** Whether a primitive is one of the {@link FunctionPrim}s. */
export function isFunction(prim: string): prim is FunctionPrim {
  return Object.hasOwn(unaryFunctions, prim) || Object.hasOwn(binaryFunctions, prim);
}

/** The row of an element-wise primitive. With `condition` the first operand is a bool that does not affect promotion. */
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
