/** The half-precision formats, as numbers and as bits. `Float16Array` is missing in Node 20, and bfloat16 has no typed array. */
import type { HalfDType } from "./dtype.ts";

/** A floating-point format of 16 bits. */
export interface HalfFormat {
  /** The value of each of the 65,536 bit patterns, computed on first use. */
  readonly values: () => Float32Array;
  /**
   * The bits of the element nearest to a float32 value, ties to even. Other numbers are rounded to float32 first, as in PyTorch.
   */
  readonly toBits: (value: number) => number;
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** IEEE 754 binary16: one sign bit, five of exponent, ten of fraction. */
function float16Value(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function toFloat16Bits(value: number): number {
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

/** The upper half of a float32: one sign bit, eight of exponent, seven of fraction. */
function bfloat16Value(half: number): number {
  bits[0] = half << 16;
  return float[0]!;
}

function toBfloat16Bits(value: number): number {
  float[0] = value;
  const x = bits[0]!;
  if ((x & 0x7fffffff) > 0x7f800000) return 0x7fc0; // rounding the bits of NaN could give infinity
  return (x + 0x7fff + ((x >>> 16) & 1)) >>> 16;
}

/** A function that computes the table of values once. */
function tableOf(value: (half: number) => number): () => Float32Array {
  let table: Float32Array | null = null;
  return () => table ??= Float32Array.from({ length: 65536 }, (_, half) => value(half));
}

/** The table of formats. */
export const halfFormats: Readonly<Record<HalfDType, HalfFormat>> = {
  float16: { values: tableOf(float16Value), toBits: toFloat16Bits },
  bfloat16: { values: tableOf(bfloat16Value), toBits: toBfloat16Bits },
};
