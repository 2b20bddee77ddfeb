/** Multiplication and addition with one rounding, exactly. */

const bits = new DataView(new ArrayBuffer(8));

/** `a · b + c` of floats, rounded once to a float. */
export function fusedMultiplyAdd32(a: number, b: number, c: number): number {
  const product = a * b; // exact: 48 bits
  const sum = product + c;
  if (!Number.isFinite(sum)) return Math.fround(sum);
  const part = sum - product;
  const error = (product - (sum - part)) + (c - part);
  if (error === 0) return Math.fround(sum);
  // Rounds the sum to odd, so that rounding it again to a float is right.
  bits.setFloat64(0, sum);
  const pattern = bits.getBigInt64(0);
  if ((pattern & 1n) === 0n) bits.setBigInt64(0, pattern + ((error > 0) === (sum > 0) ? 1n : -1n));
  return Math.fround(bits.getFloat64(0));
}

/** A finite float64 as integer · 2^exponent. */
function parts(x: number): [bigint, number] {
  bits.setFloat64(0, x);
  const pattern = bits.getBigUint64(0);
  const exponent = Number(pattern >> 52n & 0x7ffn);
  const fraction = pattern & (1n << 52n) - 1n;
  const magnitude = exponent === 0 ? fraction : fraction | 1n << 52n;
  return [x < 0 ? -magnitude : magnitude, Math.max(exponent, 1) - 1075];
}

/** An integer times 2^exponent, rounded to float64. */
function rounded(value: bigint, exponent: number): number {
  const magnitude = value < 0n ? -value : value;
  const length = magnitude.toString(2).length;
  // Keep 53 bits, or as many as a subnormal number has.
  const drop = Math.max(length - 53, -1074 - exponent);
  let kept = magnitude;
  let power = exponent;
  if (drop > 0) {
    const half = 1n << BigInt(drop - 1);
    const rest = magnitude & (1n << BigInt(drop)) - 1n;
    kept = magnitude >> BigInt(drop);
    if (rest > half || (rest === half && (kept & 1n) === 1n)) kept += 1n;
    power += drop;
  }
  let result = Number(kept);
  // In two steps, as 2^1023 is the largest power and 2^-1074 the least. `kept` has at most 54 bits, so that both are exact.
  for (let rest = power; rest !== 0;) {
    const step = Math.max(-1000, Math.min(1000, rest));
    result *= 2 ** step;
    rest -= step;
  }
  return value < 0n ? -result : result;
}

/** `a · b + c` of float64, rounded once. */
export function fusedMultiplyAdd(a: number, b: number, c: number): number {
  const plain = a * b + c;
  // The product may be beyond the range of float64, but it is finite.
  if (Number.isFinite(a) && Number.isFinite(b) && !Number.isFinite(c)) return c;
  if (!Number.isFinite(a) || !Number.isFinite(b) || !Number.isFinite(c) || a === 0 || b === 0) return plain;
  const [x, p] = parts(a);
  const [y, q] = parts(b);
  const [z, r] = parts(c);
  const exponent = Math.min(p + q, r);
  const sum = (x * y << BigInt(p + q - exponent)) + (z << BigInt(r - exponent));
  if (sum === 0n) return 0;
  return rounded(sum, exponent);
}
