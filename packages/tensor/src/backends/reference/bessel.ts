/** Modified Bessel functions in float64. */

/** The modified Bessel function of the first kind of order `n`: its power series, and the asymptotic one (DLMF 10.40.1) far out. */
export function bessel(n: number, x: number): number {
  const a = Math.abs(x);
  const sign = x < 0 && n === 1 ? -1 : 1;
  if (a > 800) return sign * Infinity;
  let sum = 1;
  let term = 1;
  if (a < 30) {
    const q = a * a / 4;
    for (let k = 1; term > 1e-17 * sum; k++) {
      term *= q / (k * (k + n));
      sum += term;
    }
    return sign * (n === 0 ? sum : sum * a / 2);
  }
  for (let k = 1; k < 40 && Math.abs(term) > 1e-17; k++) {
    term *= ((2 * k - 1) ** 2 - 4 * n * n) / (8 * k * a);
    sum += term;
  }
  // In two factors, since the exponential alone may overflow.
  const half = Math.exp(a / 2);
  return sign * half * (sum / Math.sqrt(2 * Math.PI * a) * half);
}

export function i0(x: number): number {
  return bessel(0, x);
}

export function i1(x: number): number {
  return bessel(1, x);
}
