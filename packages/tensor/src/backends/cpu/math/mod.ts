/**
 * The vector functions by the names of their primitives, on all of float32, subnormal and special values included; `ulpBounds` in
 * references.ts says how exact they are. What is not here is computed lane by lane on the host.
 */
import type { ElementwisePrim } from "../../../prims/attrs.ts";
import type { Code, FunctionBuilder } from "../../../wasm/assembler.ts";
import { erf, erfc } from "./error_function.ts";
import { cosh, exp, expm1, sigmoid, sinh, tanh } from "./exponential.ts";
import type { BinaryExpander, UnaryExpander } from "./lanes.ts";
import { acosh, asinh, atanh } from "./inverse_hyperbolic.ts";
import { acos, asin, atan, atan2 } from "./inverse_trigonometric.ts";
import { log, log10, log1p, log2 } from "./logarithm.ts";
import { pow } from "./power.ts";
import { cos, sin, tan } from "./trigonometric.ts";

export type { BinaryExpander, UnaryExpander } from "./lanes.ts";

/** Functions of one vector. */
export const unaryMath: Partial<Record<ElementwisePrim, UnaryExpander>> = {
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
};

/** Functions of two vectors. */
export const binaryMath: Partial<Record<ElementwisePrim, BinaryExpander>> = { pow, atan2 };

/** Writes a function's code for kernels: with one operand, the second is ignored. */
export type Expander = (f: FunctionBuilder, x: Code, y: Code) => Code;

/** All of them, as kernels take them; how many operands each has, the table of primitives says. */
export const vectorMath: Partial<Record<ElementwisePrim, Expander>> = Object.fromEntries([
  ...Object.entries(unaryMath).map(([name, expand]) => [name, (f, x, _) => expand(f, x)] as [string, Expander]),
  ...Object.entries(binaryMath).map(([name, expand]) => [name, (f, x, y) => expand(f, x, y)] as [string, Expander]),
]);
