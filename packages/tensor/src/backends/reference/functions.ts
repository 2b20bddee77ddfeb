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

/** ln |Γ(x)|: the series around 2 and, by the recurrence, around 1 and up to 8; Stirling's series beyond; reflection below 0. */
function lgamma(x: number): number {
  /** sin(πx), of which whole numbers are taken off first. */
  function sineOfHalfTurns(x: number): number {
    const whole = Math.round(x);
    const sine = Math.sin(Math.PI * (x - whole));
    return whole % 2 === 0 ? sine : -sine;
  }

  /**
   * ln Γ(2 + t) for |t| up to ½: t·(1 − γ) and the sum of (ζ(k) − 1)·(−t)ᵏ / k from k = 2 on (Abramowitz & Stegun 6.1.33), which is exact
   * at the root, where t is 0.
   */
  function lgammaNear2(t: number): number {
    // deno-fmt-ignore
    const series = [
      0.32246703342411326, -0.0673523010531981, 0.02058080842778455, -0.007385551028673986,
      0.0028905103307415234, -0.001192753911703261, 0.0005096695247430425, -0.00022315475845357939,
      9.945751278180853e-5, -4.492623673813314e-5, 2.050721277567069e-5, -9.439488275268397e-6,
      4.374866789907488e-6, -2.039215753801366e-6, 9.55141213040742e-7, -4.492469198764566e-7,
      2.1207184805554665e-7, -1.0043224823968099e-7, 4.7698101693639804e-8, -2.2711094608943164e-8,
      1.0838659214896955e-8, -5.183475041970047e-9, 2.4836745438024785e-9, -1.1921401405860912e-9,
      5.731367241678862e-10, -2.7595228851242334e-10, 1.330476437424449e-10, -6.4229645638381e-11,
      3.1044247747322276e-11,
    ];
    let sum = 0;
    for (const each of series.reverse()) sum = sum * t + each;
    return t * (0.42278433509846713 + t * sum);
  }

  if (x !== x) return x;
  if (Math.abs(x) === Infinity || (x <= 0 && x === Math.floor(x))) return Infinity;
  if (x < -0.5) return Math.log(Math.PI / Math.abs(sineOfHalfTurns(x))) - lgamma(1 - x);
  if (x <= 0.5) return lgammaNear2(x) - Math.log1p(x) - Math.log(Math.abs(x));
  if (x < 1.5) return lgammaNear2(x - 1) - Math.log1p(x - 1);
  if (x < 8) {
    let product = 1;
    let z = x;
    while (z > 2.5) product *= --z;
    return Math.log(product) + lgammaNear2(z - 2);
  }
  const r = 1 / x;
  const w = r * r;
  const tail = r *
    (1 / 12 + w * (-1 / 360 + w * (1 / 1260 + w * (-1 / 1680 + w * (1 / 1188 + w * (-691 / 360360 + w / 156))))));
  return (x - 0.5) * Math.log(x) - x + 0.9189385332046728 + tail;
}

/** The derivative of ln |Γ(x)|: the recurrence up to 10, the asymptotic series beyond, reflection below 0. */
function digamma(x: number): number {
  if (x === 0) return -1 / x;
  if (x < 0) {
    if (x === Math.floor(x)) return NaN;
    return digamma(1 - x) - Math.PI / Math.tan(Math.PI * (x - Math.round(x)));
  }
  let sum = 0;
  let z = x;
  for (; z < 10; z++) sum -= 1 / z;
  const w = 1 / (z * z);
  const tail = w *
    (1 / 12 - w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w * (1 / 132 - w * (691 / 32760 - w / 12))))));
  return sum + Math.log(z) - 0.5 / z - tail;
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
  lgamma,
  digamma,
  floorDivide,
  remainder,
  fmod,
  pow,
  atan2: Math.atan2,
  logaddexp,
};
