/** The regularised incomplete gamma functions in float64. */
import { erfc } from "./error_function.ts";
import { lgamma, lgammaNear2 } from "./gamma.ts";

/** ln(1 + m) − m, without the cancellation near 0. */
export function log1pMinus(m: number): number {
  if (Math.abs(m) > 0.5) return Math.log1p(m) - m;
  const r = m / (2 + m);
  const w = r * r;
  let sum = 0;
  for (let k = 33; k >= 3; k -= 2) sum = sum * w + 1 / k;
  return r * (2 * w * sum - m);
}

/** xᵃ·e⁻ˣ / Γ(a). */
export function gammaDensity(a: number, x: number): number {
  if (a < 10) return Math.exp(a * Math.log(x) - x - lgamma(a));
  // From Stirling's formula, so that no large numbers cancel.
  const w = 1 / (a * a);
  const rest = (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w * (1 / 1188 - w * 691 / 360360))))) / a;
  return Math.sqrt(a / (2 * Math.PI)) * Math.exp(a * log1pMinus((x - a) / a) - rest);
}

/** The lower incomplete gamma function by its power series (DLMF 8.7.1). */
export function igammaSeries(a: number, x: number): number {
  let sum = 1;
  let term = 1;
  for (let n = 1; n < 5000 && term > 1e-17 * sum; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return gammaDensity(a, x) * sum / a;
}

/** The upper incomplete gamma function by its continued fraction (DLMF 8.9.2), as Lentz evaluates it. */
export function igammacFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let product = d;
  for (let n = 1; n < 5000; n++) {
    const above = n * (a - n);
    b += 2;
    d = 1 / (above * d + b);
    c = b + above / c;
    const step = c * d;
    product *= step;
    if (Math.abs(step - 1) < 1e-16) break;
  }
  return gammaDensity(a, x) * product;
}

/** The upper incomplete gamma function for small x (DLMF 8.7.3). */
export function igammacSeries(a: number, x: number): number {
  let sum = 0;
  let term = 1;
  for (let n = 1; n < 50; n++) {
    term *= -x / n;
    sum += term / (a + n);
  }
  const power = a * Math.log(x) - (a <= 0.5 ? lgammaNear2(a) - Math.log1p(a) : lgamma(1 + a));
  return -Math.expm1(power) - Math.exp(power) * a * sum;
}

/**
 * The incomplete gamma functions for large a with x nearby: Temme's expansion (DLMF 8.12.3), with the coefficients by the recurrences of
 * DiDonato and Morris, "Computation of the incomplete gamma function ratios", 1986. The sign is 1 for the upper and −1 for the lower one.
 */
export function igammaNear(a: number, x: number, sign: number): number {
  const eta = Math.sign(x - a) * Math.sqrt(-2 * log1pMinus((x - a) / a));
  const alpha = [0, 1, 1 / 3];
  for (let n = 3; n < 30; n++) {
    let sum = alpha[n - 1]!;
    for (let j = 2; j < n; j++) sum -= j * alpha[j]! * alpha[n + 1 - j]!;
    alpha.push(sum / (n + 1));
  }
  const first = alpha.slice(2).map((value, n) => (n + 2) * value - (n === 0 ? 1 : 0));
  const stirling = [1, 1 / 12, 1 / 288, -139 / 51840, -571 / 2488320, 163879 / 209018880];
  let row = first;
  let sum = 0;
  for (let k = 0; k < 6; k++) {
    if (k > 0) {
      const before = row;
      row = before.slice(2).map((_, n) => (k % 2 === 0 ? 1 : -1) * stirling[k]! * first[n]! + (n + 2) * before[n + 2]!);
    }
    sum += row.reduceRight((sum, c) => sum * eta + c, 0) / a ** k;
  }
  const tail = Math.exp(-0.5 * a * eta * eta) / Math.sqrt(2 * Math.PI * a) * sum;
  return 0.5 * erfc(sign * eta * Math.sqrt(a / 2)) + sign * tail;
}

/** Values at the ends of the domain of the lower incomplete gamma function, and NaN beyond; −1 within. */
export function igammaEnds(a: number, x: number): number {
  if (!(a >= 0 && x >= 0) || (a === 0 && x === 0) || (a === Infinity && x === Infinity)) return NaN;
  if (a === 0 || x === Infinity) return 1;
  return x === 0 || a === Infinity ? 0 : -1;
}

/** The regularised lower incomplete gamma function. */
export function igamma(a: number, x: number): number {
  const end = igammaEnds(a, x);
  if (end !== -1) return end;
  if (a > 200 && Math.abs(x - a) < 0.3 * a) return igammaNear(a, x, -1);
  return x > 1 && x > a ? 1 - igammac(a, x) : igammaSeries(a, x);
}

/** The regularised upper incomplete gamma function. */
export function igammac(a: number, x: number): number {
  const end = igammaEnds(a, x);
  if (end !== -1) return 1 - end;
  if (a > 200 && Math.abs(x - a) < 0.3 * a) return igammaNear(a, x, 1);
  if (x > 1.1) return x < a ? 1 - igammaSeries(a, x) : igammacFraction(a, x);
  const complement = x <= 0.5 ? -0.4 / Math.log(x) < a : x * 1.1 < a;
  return complement ? 1 - igammaSeries(a, x) : igammacSeries(a, x);
}
