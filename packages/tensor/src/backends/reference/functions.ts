/** The functions of {@link FunctionPrim} in float64. The accuracy of every device is measured against them. */
import type { BinaryFunction, UnaryFunction } from "../../prims/elementwise.ts";

/** The functions by name. Operands and results are float64. */
export type Functions =
  & { readonly [P in UnaryFunction]: (x: number) => number }
  & { readonly [P in BinaryFunction]: (a: number, b: number) => number };

/** Error function: Taylor series up to 1, the continued fraction of erfc beyond (Abramowitz & Stegun 7.1.5, 7.1.14). */
function erf(x: number): number {
  if (x !== x) return x;
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a > 1) return Math.sign(x) * (1 - erfc(a));
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum) && n < 200; n++) {
    term *= -x * x / n;
    sum += term / (2 * n + 1);
  }
  return sum * 2 / Math.sqrt(Math.PI);
}

function erfc(x: number): number {
  if (x <= 1) return 1 - erf(x);
  if (x > 27.3) return 0;
  // erfc(x) = exp(-x²)/√π · 1/(x + (1/2)/(x + (2/2)/(x + (3/2)/(x + …)))), evaluated from the tail.
  // The error of n steps is about exp(-2x√(2n)).
  let fraction = x;
  for (let k = x < 2.5 ? 250 : 120; k > 0; k--) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}

/** Inverse error function: Winitzki's approximation (2008) for a start, then Halley's method. */
function erfinv(y: number): number {
  if (!(Math.abs(y) <= 1)) return NaN;
  if (Math.abs(y) === 1) return y * Infinity;
  if (y === 0) return y;
  const logTerm = Math.log1p(-y * y);
  const a = 0.147;
  const b = 2 / (Math.PI * a) + logTerm / 2;
  let x = Math.sign(y) * Math.sqrt(Math.sqrt(b * b - logTerm / a) - b);
  for (let i = 0; i < 4; i++) {
    // Near 1 the complement keeps more digits than erf.
    const error = Math.abs(y) > 0.5 ? Math.sign(y) * ((1 - Math.abs(y)) - erfc(Math.abs(x))) : erf(x) - y;
    const step = error / (2 / Math.sqrt(Math.PI) * Math.exp(-x * x));
    x -= step / (1 + x * step);
  }
  return x;
}

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
 * (those declared with `function`).
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
  floorDivide,
  remainder,
  fmod,
  pow,
  atan2: Math.atan2,
  logaddexp,
};
