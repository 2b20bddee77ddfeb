/** The logarithm of the gamma function, its derivative, and the zeta function, in float64. */

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
  sum += last * z / (s - 1) + last / 2;
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
