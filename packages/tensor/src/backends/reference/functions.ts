/** The functions of {@link FunctionPrim} in float64. The accuracy of every device is measured against them. */
import type { BinaryFunction, UnaryFunction } from "../../prims/elementwise.ts";
import { bessel, i0, i1 } from "./bessel.ts";
import {
  digamma,
  erf,
  erfc,
  erfinv,
  gammaDensity,
  igamma,
  igammac,
  igammacFraction,
  igammacSeries,
  igammaEnds,
  igammaNear,
  igammaSeries,
  lgamma,
  lgammaNear2,
  log1pMinus,
  zeta,
} from "./gamma.ts";

/** The functions by name. Operands and results are float64. */
export type Functions =
  & { readonly [P in UnaryFunction]: (x: number) => number }
  & { readonly [P in BinaryFunction]: (a: number, b: number) => number };

function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

/** sin(πx) / (πx). The angle is reduced before it is multiplied, so that whole numbers give 0. */
function sinc(x: number): number {
  if (x === 0) return 1;
  const a = Math.abs(x);
  const whole = Math.round(a);
  const sine = Math.sin(Math.PI * (a - whole));
  return (whole % 2 === 0 ? sine : -sine) / (Math.PI * a) + 0; // no zero is negative
}

/** Remainder with the sign of the divisor. */
function remainder(a: number, b: number): number {
  const r = a % b;
  return r !== 0 && (r < 0) !== (b < 0) ? r + b : r;
}

/** Quotient rounded down, corrected as Python does it so that it agrees with {@link remainder}. */
function floorDivide(a: number, b: number): number {
  if (b === 0) return a / b;
  const r = a % b;
  let q = (a - r) / b;
  if (r !== 0 && (b < 0) !== (r < 0)) q -= 1;
  if (q === 0) return a / b < 0 || Object.is(a / b, -0) ? -0 : 0;
  const floor = Math.floor(q);
  return q - floor > 0.5 ? floor + 1 : floor;
}

/** `**`, except that 1 to the power NaN and ±1 to the power ±infinity are 1, as with C's pow. */
function pow(a: number, b: number): number {
  if (a === 1 || b === 0) return 1;
  if (a === -1 && (b === Infinity || b === -Infinity)) return 1;
  return a ** b;
}

/** ln(eᵃ + eᵇ). The difference of equal infinities is NaN; the result there is the infinity. */
function logaddexp(a: number, b: number): number {
  if (a === b) return a + Math.LN2;
  return Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
}

function fmod(a: number, b: number): number {
  return a % b;
}

/**
 * The functions. Threads of the CPU backend receive them as source text: they may use only their parameters, `Math`, and each other
 * (those declared with `function`; what is not a primitive joins {@link hostFunctions}).
 */
export const functions: Functions = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  erf,
  erfc,
  erfinv,
  sigmoid,
  sinc,
  lgamma,
  digamma,
  i0,
  i1,
  floorDivide,
  remainder,
  fmod,
  pow,
  atan2: Math.atan2,
  logaddexp,
  zeta,
  igamma,
  igammac,
};

/** The functions, and those that they call: what a thread needs to run them from their source text. */
export const hostFunctions: Readonly<Record<string, (...args: number[]) => number>> = {
  ...functions,
  bessel,
  gammaDensity,
  igammacFraction,
  igammacSeries,
  igammaEnds,
  igammaNear,
  igammaSeries,
  lgammaNear2,
  log1pMinus,
};
