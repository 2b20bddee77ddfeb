/** IEEE 754 half precision for runtimes without `Float16Array` (Node 20 among them). */

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

let table: Float32Array | null = null;

/** The value of each of the 65,536 bit patterns, computed on first use. */
export function halfTable(): Float32Array {
  if (table) return table;
  table = new Float32Array(65536);
  for (let h = 0; h < 65536; h++) {
    const sign = h & 0x8000 ? -1 : 1;
    const exponent = (h >> 10) & 31;
    const fraction = h & 1023;
    table[h] = exponent === 31
      ? (fraction ? NaN : sign * Infinity)
      : exponent === 0
      ? sign * fraction * 2 ** -24
      : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return table;
}

/**
 * The bits of the half nearest to a float32 value, ties to even. Round a float64 to float32 first, as PyTorch does.
 */
export function toHalfBits(value: number): number {
  float[0] = value;
  const x = bits[0]!;
  const sign = (x >>> 16) & 0x8000;
  const magnitude = x & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // rounds to infinity
  if (magnitude < 0x38800000) {
    // Subnormal halves are multiples of 2^-24, and scaling by a power of two is exact.
    const scaled = Math.abs(float[0]!) * 2 ** 24;
    const floor = Math.floor(scaled);
    const rest = scaled - floor;
    return sign | (floor + (rest > 0.5 || (rest === 0.5 && (floor & 1) === 1) ? 1 : 0));
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}
