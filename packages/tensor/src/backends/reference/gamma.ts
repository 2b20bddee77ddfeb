/**
 * The error function, the gamma function's logarithm, its derivatives (zeta) and the incomplete gamma functions, in float64. They share
 * a file, since threads get their source text, in which a call of another module's function would not be found.
 */

/** Error function: Taylor series up to 1, the continued fraction of erfc beyond (Abramowitz & Stegun 7.1.5, 7.1.14). */
export function erf(x: number): number {
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

export function erfc(x: number): number {
  if (x <= 1) return 1 - erf(x);
  if (x > 27.3) return 0;
  // erfc(x) = exp(-x²)/√π · 1/(x + (1/2)/(x + (2/2)/(x + (3/2)/(x + …)))), evaluated from the tail.
  // The error of n steps is about exp(-2x√(2n)).
  let fraction = x;
  for (let k = x < 2.5 ? 250 : 120; k > 0; k--) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}

/** Inverse error function: Winitzki's approximation (2008) for a start, then Halley's method. */
export function erfinv(y: number): number {
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

/**
 * ln Γ(2 + t) for |t| up to ½: t·(1 − γ) and the sum of (ζ(k) − 1)·(−t)ᵏ / k from k = 2 on (Abramowitz & Stegun 6.1.33), which is exact
 * at the root, where t is 0.
 */
export function lgammaNear2(t: number): number {
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

/** ln |Γ(x)|: the series around 2 and, by the recurrence, around 1 and up to 8; Stirling's series beyond; reflection below 0. */
export function lgamma(x: number): number {
  /** sin(πx), of which whole numbers are taken off first. */
  function sineOfHalfTurns(x: number): number {
    const whole = Math.round(x);
    const sine = Math.sin(Math.PI * (x - whole));
    return whole % 2 === 0 ? sine : -sine;
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
export function digamma(x: number): number {
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

/** Hurwitz's zeta function, the sum of (q + k)⁻ˢ: some terms, and the formula of Euler and Maclaurin for the others. */
export function zeta(s: number, q: number): number {
  if (s === 1) return Infinity;
  if (!(s > 1) || q !== q) return NaN;
  if (s === Infinity) return q > 1 ? 0 : q === 1 ? 1 : Infinity;
  if (q <= 0) {
    if (q === Math.floor(q)) return Infinity;
    if (s !== Math.floor(s)) return NaN;
    // For whole s, from the sum over all whole numbers.
    const part = q - Math.floor(q);
    return s % 2 === 0
      ? zeta(s, part) + zeta(s, 1 - part) - zeta(s, 1 - q)
      : zeta(s, part) - zeta(s, 1 - part) + zeta(s, 1 - q);
  }
  if (q === Infinity) return 0;
  let sum = 0;
  let z = q;
  for (; z < 12; z++) sum += z ** -s;
  const last = z ** -s;
  sum += z ** (1 - s) / (s - 1) + last / 2;
  if (last === 0) return sum;
  // Bernoulli's numbers over factorials.
  // deno-fmt-ignore
  const ratios = [
    1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000, 1 / 74724249600,
    -3617 / 10670622842880000, 43867 / 5109094217170944000,
  ];
  let factor = s * last / z;
  for (let k = 0; k < ratios.length; k++) {
    sum += ratios[k]! * factor;
    factor *= (s + 2 * k + 1) / z * ((s + 2 * k + 2) / z);
  }
  return sum;
}

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
