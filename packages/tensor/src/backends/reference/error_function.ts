/** The error function, its complement and its inverse, in float64. */

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
