/** sin, cos, tan, their inverses, and sinc. */
import { polynomials as p, twoOverPi } from "@heddle/tensor/backend";
import { literal } from "../wgsl_types.ts";
import { horner } from "./horner.ts";

/** π/2 as three parts of 14 bits, whose products with k below 1024 are exact, and a rest. */
function halfPiParts(): number[] {
  let rest = Math.PI / 2;
  const parts = [14, 14, 14].map((count) => {
    const unit = 2 ** (Math.floor(Math.log2(Math.abs(rest))) + 1 - count);
    const part = Math.round(rest / unit) * unit;
    rest -= part;
    return part;
  });
  return [...parts, rest + 6.123233995736766e-17];
}

/** 2/π in 32-bit words: 64 zero bits before the binary point, and 256 bits after it. */
const words = twoOverPi.flatMap((wide) => [Number(wide >> 32n), Number(wide & 0xffffffffn)]);

/** Sine `s` and cosine `c` of `r`, at most a little over π/4. */
const sineAndCosine = `
  let z = r * r;
  let s = fma(r * z, ${horner("z", p.sinTail)}, r);
  let c = fma(z * z, ${horner("z", p.cosTail)}, fma(z, -0.5f, 1f));`;

const trigonometric = (result: string): string => `
  let a = reduce(abs(x));
  let r = a.x;
  let k = bitcast<u32>(a.y);${sineAndCosine}
  ${result}`;

/** Functions by name; see `functions.ts`. */
export const angles: Readonly<Record<string, string>> = {
  multiply_high: `fn multiply_high(a: u32, b: u32) -> u32 {
  let al = a & 0xffffu; let ah = a >> 16u; let bl = b & 0xffffu; let bh = b >> 16u;
  let middle = ah * bl + ((al * bl) >> 16u);
  let low = al * bh + (middle & 0xffffu);
  return ah * bh + (middle >> 16u) + (low >> 16u);
}`,
  two_over_pi: `fn two_over_pi(i: u32) -> u32 {
  switch (i) {
    ${words.map((word, i) => `case ${i}u: { return ${word}u; }`).join("\n    ")}
    default: { return 0u; }
  }
}`,
  // Argument reduction: r and the bits of k in x = (4j + k)·π/2 + r, for x ≥ 0. Below 1600 it subtracts parts of π/2
  // one by one (Cody and Waite). Above, it multiplies by those bits of 2/π that do not contribute whole turns (Payne
  // and Hanek).
  reduce: `fn reduce(x: f32) -> vec2<f32> {
  if (x < 1600f) {
    let n = round(x * ${literal(2 / Math.PI)});
    let r = ${halfPiParts().reduce((rest, part) => `fma(n, ${literal(-part)}, fence(${rest}))`, "x")};
    return vec2<f32>(r, bitcast<f32>(u32(n)));
  }
  let bits = bitcast<u32>(x);
  if (bits >= 0x7f800000u) { return vec2<f32>(not_a_number(), 0f); }
  let position = (bits >> 23u) - 88u;
  let at = position >> 5u;
  let shift = position & 31u;
  let mantissa = (bits & 0x7fffffu) | 0x800000u;
  var w = array<u32, 3>();
  for (var i = 0u; i < 3u; i++) {
    w[i] = (two_over_pi(at + i) << shift) | ((two_over_pi(at + i + 1u) >> 1u) >> (31u - shift));
  }
  let low = mantissa * w[1];
  let turn_low = low + multiply_high(mantissa, w[2]);
  let turn = mantissa * w[0] + multiply_high(mantissa, w[1]) + select(0u, 1u, turn_low < low);
  let k = (turn + 0x20000000u) >> 30u;
  let rest = bitcast<i32>(turn - (k << 30u));
  let r = fma(f32(rest), ${literal(Math.PI / 2 * 2 ** -30)}, f32(turn_low) * ${literal(Math.PI / 2 * 2 ** -62)});
  return vec2<f32>(r, bitcast<f32>(k));
}`,
  quadrant_value: `fn quadrant_value(s: f32, c: f32, k: u32) -> f32 {
  let value = select(s, c, (k & 1u) == 1u);
  return select(value, -value, (k & 2u) == 2u);
}`,
  sin_f: `fn sin_f(x: f32) -> f32 {${
    trigonometric("let value = quadrant_value(s, c, k);\n  return select(value, -value, x < 0f);")
  }
}`,
  cos_f: `fn cos_f(x: f32) -> f32 {${trigonometric("return quadrant_value(s, c, k + 1u);")}
}`,
  tan_f: `fn tan_f(x: f32) -> f32 {
  let a = reduce(abs(x));
  let z = a.x * a.x;
  let t = fma(a.x * z, ${horner("z", p.tanTail)}, a.x);
  let value = select(t, -1f / t, (bitcast<u32>(a.y) & 1u) == 1u);
  return select(value, -value, x < 0f);
}`,
  // Half turns are taken off before the multiplication by π, which is exact. From 2^24 on all numbers are even.
  sinc_f: `fn sinc_f(x: f32) -> f32 {
  let a = abs(x);
  if (a == 0f) { return 1f; }
  if (bitcast<u32>(a) >= 0x7f800000u) { return not_a_number(); }
  let bounded = min(a, 16777216f);
  let quarters = round(2f * bounded);
  let r = fma(quarters, -0.5f, bounded) * ${literal(Math.PI)};${sineAndCosine}
  return quadrant_value(s, c, u32(quarters)) / (a * ${literal(Math.PI)});
}`,
  // atan(t) for t from 0 to 1.
  atan_small: `fn atan_small(t: f32) -> f32 {
  let z = t * t;
  return fma(t * z, ${horner("z", p.atanTail)}, t);
}`,
  atan_f: `fn atan_f(x: f32) -> f32 {
  let a = abs(x);
  let value = atan_small(min(a, 1f) / max(a, 1f));
  return or_nan(with_sign(select(value, ${literal(Math.PI / 2)} - value, a > 1f), x), x);
}`,
  atan2_f: `fn atan2_f(y: f32, x: f32) -> f32 {
  if (is_nan(y)) { return y; }
  if (is_nan(x)) { return x; }
  let a = abs(y);
  let b = abs(x);
  let least = min(a, b);
  // 0/0 counts as 0, ∞/∞ as 1.
  var t = select(least / max(a, b), 0f, least == 0f);
  if (bitcast<u32>(least) == 0x7f800000u) { t = 1f; }
  var value = atan_small(t);
  if (a > b) { value = ${literal(Math.PI / 2)} - value; }
  if ((bitcast<u32>(x) >> 31u) == 1u) { value = ${literal(Math.PI)} - value; }
  return with_sign(value, y);
}`,
  // asin(a) for a up to ½, asin(sqrt((1 − a)/2)) above.
  asin_halved: `fn asin_halved(a: f32) -> f32 {
  let z = select(fma(a, -0.5f, 0.5f), a * a, a <= 0.5f);
  let t = select(sqrt(z), a, a <= 0.5f);
  return fma(t * z, ${horner("z", p.asinTail)}, t);
}`,
  asin_f: `fn asin_f(x: f32) -> f32 {
  let a = abs(x);
  if (!(a <= 1f)) { return not_a_number(); }
  let h = asin_halved(a);
  return with_sign(select(fma(h, -2f, ${literal(Math.PI / 2)}), h, a <= 0.5f), x);
}`,
  acos_f: `fn acos_f(x: f32) -> f32 {
  let a = abs(x);
  if (!(a <= 1f)) { return not_a_number(); }
  let h = asin_halved(a);
  if (a <= 0.5f) { return ${literal(Math.PI / 2)} - select(h, -h, x < 0f); }
  return select(2f * h, fma(h, -2f, ${literal(Math.PI)}), x < 0f);
}`,
};
