/**
 * The vector functions, by primitive. They take all float32 values, including subnormal and special ones; `ulpBound` in
 * testing/math_bounds.ts has their errors. A null entry is computed lane by lane on the host, by its JavaScript reference.
 */
import type { BinaryFunction, FunctionPrim, UnaryFunction } from "../../../prims/elementwise.ts";
import type { FunctionBuilder } from "../../../code/module.ts";
import type { Code } from "../../../code/tree.ts";
import { erf, erfc } from "./error_function.ts";
import { cosh, exp, expm1, sigmoid, sinh, tanh } from "./exponential.ts";
import type { BinaryExpander, UnaryExpander } from "./lanes.ts";
import { acosh, asinh, atanh } from "./inverse_hyperbolic.ts";
import { acos, asin, atan, atan2 } from "./inverse_trigonometric.ts";
import { log, log10, log1p, log2 } from "./logarithm.ts";
import { logaddexp } from "./logaddexp.ts";
import { pow } from "./power.ts";
import { cos, sin, sinc, tan } from "./trigonometric.ts";

export type { BinaryExpander, UnaryExpander } from "./lanes.ts";

/** Functions of one vector. */
export const unaryMath: { readonly [P in UnaryFunction]: UnaryExpander | null } = {
  exp,
  expm1,
  sigmoid,
  tanh,
  log,
  log2,
  log10,
  log1p,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  asinh,
  acosh,
  atanh,
  erf,
  erfc,
  erfinv: null,
  sinc,
  lgamma: null,
  digamma: null,
  i0: null,
  i1: null,
};

/** Functions of two vectors. */
export const binaryMath: { readonly [P in BinaryFunction]: BinaryExpander | null } = {
  floorDivide: null,
  remainder: null,
  fmod: null,
  pow,
  atan2,
  logaddexp,
  zeta: null,
  igamma: null,
  igammac: null,
};

/** Writes the code of a function for kernels. Functions of one operand ignore the second. */
export type Expander = (f: FunctionBuilder, x: Code, y: Code) => Code;

/** All vector functions, as kernels call them. The table of primitives has the number of operands. */
export const vectorMath: { readonly [P in FunctionPrim]: Expander | null } = {
  ...eachOf(unaryMath, (expand) => (f, x, _) => expand(f, x)),
  ...eachOf(binaryMath, (expand) => (f, x, y) => expand(f, x, y)),
};

function eachOf<P extends string, E>(
  table: { readonly [Q in P]: E | null },
  adapt: (expand: E) => Expander,
): { [Q in P]: Expander | null } {
  const entries = Object.entries(table) as [P, E | null][];
  return Object.fromEntries(entries.map(([name, expand]) => [name, expand && adapt(expand)])) as {
    [Q in P]: Expander | null;
  };
}
