/**
 * Functions that WGSL lacks, or whose precision and special values it leaves open (`tanh(1000)` may be NaN, the error
 * of `sin` may be 2^-11). All compute in float32, with the polynomials of the CPU backend.
 */
import { literal } from "../wgsl_types.ts";
import { exponentials } from "./exponential.ts";
import { gammas } from "./gamma.ts";
import { incompleteGammas } from "./incomplete_gamma.ts";
import { angles } from "./trigonometric.ts";

/** `is_nan(x)`. Unlike `x != x`, compilers cannot replace it by false. */
export const isNan = `fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }\n`;

/** Functions by name; they may call each other. `p` is the params, whose field `inf` has the bits of infinity. */
export const functions: Readonly<Record<string, string>> = {
  // Compilers may assume that constants are finite and that NaN does not occur, but not so for values from memory.
  infinity: `fn infinity() -> f32 { return bitcast<f32>(p.inf); }`,
  not_a_number: `fn not_a_number() -> f32 { return bitcast<f32>(p.inf | 0x400000u); }`,
  is_nan: isNan,
  with_sign: `fn with_sign(x: f32, s: f32) -> f32 {
  return bitcast<f32>((bitcast<u32>(x) & 0x7fffffffu) | (bitcast<u32>(s) & 0x80000000u));
}`,
  or_nan: `fn or_nan(value: f32, x: f32) -> f32 { return select(value, x, is_nan(x)); }`,
  // Keeps compilers from reassociating sums across it. (The lowest bit of `p.inf` is 0.)
  fence: `fn fence(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) | (p.inf & 1u)); }`,
  // JavaScript's conversion to int32: the lowest 32 bits of floats out of range, 0 for NaN and infinities.
  to_int: `fn to_int(x: f32) -> i32 {
  let bits = bitcast<u32>(x);
  let shift = i32((bits >> 23u) & 255u) - 150;
  if (shift < 8) { return i32(x); }
  if (shift > 31) { return 0; }
  let magnitude = bitcast<i32>(((bits & 0x7fffffu) | 0x800000u) << u32(shift));
  return select(magnitude, -magnitude, (bits >> 31u) == 1u);
}`,
  // Exact: long division of the mantissas.
  fmod_f: `fn fmod_f(x: f32, y: f32) -> f32 {
  let a = bitcast<u32>(x) & 0x7fffffffu;
  let b = bitcast<u32>(y) & 0x7fffffffu;
  if (a >= 0x7f800000u || b > 0x7f800000u || b == 0u) { return not_a_number(); }
  if (a < b) { return x; }
  let ea = max(a >> 23u, 1u);
  let eb = max(b >> 23u, 1u);
  var r = (a & 0x7fffffu) | select(0u, 0x800000u, a >= 0x800000u);
  let m = (b & 0x7fffffu) | select(0u, 0x800000u, b >= 0x800000u);
  for (var i = ea; i > eb; i--) { r = select(r, r - m, r >= m) << 1u; }
  r = select(r, r - m, r >= m);
  // r·2^(eb − 150), in two steps because the power may be subnormal.
  return with_sign(f32(r) * ${literal(2 ** -23)} * bitcast<f32>(eb << 23u), x);
}`,
  remainder_f: `fn remainder_f(x: f32, y: f32) -> f32 {
  let r = fmod_f(x, y);
  return select(r, r + y, r != 0f && (r < 0f) != (y < 0f));
}`,
  // Rounds down and agrees with the remainder.
  floor_divide_f: `fn floor_divide_f(x: f32, y: f32) -> f32 {
  if (y == 0f) { return x / y; }
  let r = fmod_f(x, y);
  var q = (x - r) / y;
  if (r != 0f && (y < 0f) != (r < 0f)) { q -= 1f; }
  if (q == 0f) { return with_sign(0f, x / y); }
  let low = floor(q);
  return or_nan(select(low, low + 1f, q - low > 0.5f), r);
}`,
  round_f: `fn round_f(x: f32) -> f32 { return with_sign(round(x), x); }`,
  // The numbers below 0, without -0 and NaN, by their bits: a comparison could be compiled to a maximum, which loses NaN.
  relu_f: `fn relu_f(x: f32) -> f32 { return select(x, 0f, bitcast<u32>(x) - 0x80000001u < 0x7f800000u); }`,
  // A comparison alone, which compilers may replace by its opposite or by max, could lose a NaN in either place.
  maximum_f: `fn maximum_f(a: f32, b: f32) -> f32 { return select(b, a, ((a > b) & !is_nan(b)) | is_nan(a)); }`,
  minimum_f: `fn minimum_f(a: f32, b: f32) -> f32 { return select(b, a, ((a < b) & !is_nan(b)) | is_nan(a)); }`,
  equal_f: `fn equal_f(a: f32, b: f32) -> bool { return (a == b) & !is_nan(a) & !is_nan(b); }`,
  less_f: `fn less_f(a: f32, b: f32) -> bool { return (a < b) & !is_nan(a) & !is_nan(b); }`,
  less_equal_f: `fn less_equal_f(a: f32, b: f32) -> bool { return (a <= b) & !is_nan(a) & !is_nan(b); }`,
  floor_divide_i: `fn floor_divide_i(a: i32, d: i32) -> i32 {
  let b = select(d, 1, d == 0);
  let q = a / b;
  return select(q, q - 1, a % b != 0 && (a < 0) != (b < 0));
}`,
  remainder_i: `fn remainder_i(a: i32, d: i32) -> i32 {
  let b = select(d, 1, d == 0);
  let r = a % b;
  return select(r, r + b, r != 0 && (r < 0) != (b < 0));
}`,
  fmod_i: `fn fmod_i(a: i32, b: i32) -> i32 { return a % select(b, 1, b == 0); }`,
  gcd_i: `fn gcd_i(a: i32, b: i32) -> i32 {
  // Of magnitudes, since that of the least integer is no i32.
  var x = select(u32(a), 0u - u32(a), a < 0);
  var y = select(u32(b), 0u - u32(b), b < 0);
  while (y != 0u) {
    let rest = x % y;
    x = y;
    y = rest;
  }
  return i32(x);
}`,
  nextafter_f: `fn nextafter_f(a: f32, b: f32) -> f32 {
  if (is_nan(a) || is_nan(b)) { return not_a_number(); }
  if (a == b) { return b; }
  let up = less_f(a, b);
  let bits = bitcast<u32>(a);
  if ((bits & 0x7fffffffu) == 0u) { return bitcast<f32>(select(0x80000001u, 1u, up)); }
  return bitcast<f32>(select(bits - 1u, bits + 1u, up == ((bits >> 31u) == 0u)));
}`,
  pow_i: `fn pow_i(a: i32, b: i32) -> i32 {
  if (b < 0) {
    if (a == 1) { return 1; }
    if (a == -1) { return select(-1, 1, (b & 1) == 0); }
    return 0;
  }
  var result = 1;
  var base = a;
  for (var n = b; n > 0; n >>= 1u) {
    if ((n & 1) == 1) { result *= base; }
    base *= base;
  }
  return result;
}`,
  ...exponentials,
  ...gammas,
  ...incompleteGammas,
  ...angles,
};

/** The source of the functions that `code` calls, directly or through others. */
export function functionsFor(code: string): string {
  const found = new Set<string>();
  const search = (text: string): void => {
    for (const [, name] of text.matchAll(/\b([a-z]\w*)\(/g)) {
      const source = functions[name!];
      if (source === undefined || found.has(name!)) continue;
      found.add(name!);
      search(source);
    }
  };
  search(code);
  return [...found].map((name) => functions[name]).join("\n") + (found.size > 0 ? "\n" : "");
}
