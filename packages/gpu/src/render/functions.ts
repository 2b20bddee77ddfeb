/**
 * Functions that WGSL lacks, or whose precision and special values it leaves open (`tanh(1000)` may be NaN, `sin` may be off by
 * 2^-11). All are in float32 and go by the polynomials of the CPU engine.
 */
import { polynomials as p, twoOverPi } from "@heddle/tensor";
import { literal } from "./values.ts";

/** The upper 16 bits of ln 2, so that products with small integers are exact. */
const ln2High = 0.693145751953125;
const ln2Low = Math.LN2 - ln2High;

/** `c[0] + c[1]·x + …` */
function horner(x: string, coefficients: readonly number[]): string {
  return coefficients.slice(0, -1).reduceRight(
    (sum, c) => `fma(${sum}, ${x}, ${literal(c)})`,
    literal(coefficients.at(-1)!),
  );
}

/** π/2 in parts of 14 bits, whose products with k below 1024 are exact, and the rest. */
function partsOfHalfPi(): number[] {
  let rest = Math.PI / 2;
  const parts = [14, 14, 14].map((count) => {
    const unit = 2 ** (Math.floor(Math.log2(Math.abs(rest))) + 1 - count);
    const part = Math.round(rest / unit) * unit;
    rest -= part;
    return part;
  });
  return [...parts, rest + 6.123233995736766e-17];
}

/** 2/π in words: 64 bits before the point, all zero, and 256 behind it. */
const words = twoOverPi.flatMap((wide) => [Number(wide >> 32n), Number(wide & 0xffffffffn)]);

const trigonometric = (result: string): string => `
  let a = reduce(abs(x));
  let k = bitcast<u32>(a.y);
  let z = a.x * a.x;
  let s = fma(a.x * z, ${horner("z", p.sinTail)}, a.x);
  let c = fma(z * z, ${horner("z", p.cosTail)}, fma(z, -0.5f, 1f));
  ${result}`;

/** Functions by name; they may call each other. `p` holds the params, of which `inf` has the bits of infinity. */
export const functions: Readonly<Record<string, string>> = {
  // Compilers may assume that constants are finite, and that NaN does not happen; what is read from memory they believe.
  infinity: `fn infinity() -> f32 { return bitcast<f32>(p.inf); }`,
  not_a_number: `fn not_a_number() -> f32 { return bitcast<f32>(p.inf | 0x400000u); }`,
  is_nan: `fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }`,
  with_sign: `fn with_sign(x: f32, s: f32) -> f32 {
  return bitcast<f32>((bitcast<u32>(x) & 0x7fffffffu) | (bitcast<u32>(s) & 0x80000000u));
}`,
  or_nan: `fn or_nan(value: f32, x: f32) -> f32 { return select(value, x, is_nan(x)); }`,

  // Compilers reassociate sums: what comes out of here they know nothing of. (The param's lowest bit is 0.)
  fence: `fn fence(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) | (p.inf & 1u)); }`,

  // Of a float beyond the range the lowest 32 bits, 0 for what is no number, as JavaScript does it.
  to_int: `fn to_int(x: f32) -> i32 {
  let bits = bitcast<u32>(x);
  let shift = i32((bits >> 23u) & 255u) - 150;
  if (shift < 8) { return i32(x); }
  if (shift > 31) { return 0; }
  let magnitude = bitcast<i32>(((bits & 0x7fffffu) | 0x800000u) << u32(shift));
  return select(magnitude, -magnitude, (bits >> 31u) == 1u);
}`,

  // e^x = p·s² with s a power of two, which so stays finite; times \`factor\`.
  exp_times: `fn exp_times(x: f32, factor: f32) -> f32 {
  let y = clamp(x, -105f, 90f);
  let n = round(y * ${literal(Math.LOG2E / 2)});
  let r = fma(n, ${literal(-2 * ln2Low)}, fence(fma(n, ${literal(-2 * ln2High)}, y)));
  let s = bitcast<f32>(u32(i32(n) + 127) << 23u);
  return ${horner("r", [1, 1, ...p.expTail])} * s * (s * factor);
}`,
  exp_f: `fn exp_f(x: f32) -> f32 { return or_nan(exp_times(x, 1f), x); }`,
  // (e^y − 1)/2^shift, which keeps the digits of small results, for y from -20 to 90.
  expm1_scaled: `fn expm1_scaled(y: f32, shift: i32) -> f32 {
  let n = round(y * ${literal(Math.LOG2E)});
  let r = fma(n, ${literal(-ln2Low)}, fence(fma(n, ${literal(-ln2High)}, y)));
  let tail = fma(r * r, ${horner("r", p.expm1Tail)}, r);
  let s = bitcast<f32>(u32(i32(n) + 127 - shift) << 23u);
  return fma(tail, s, s - bitcast<f32>(u32(127 - shift) << 23u));
}`,
  expm1_f: `fn expm1_f(x: f32) -> f32 {
  if (abs(x) < ${literal(2 ** -25)} || is_nan(x)) { return x; }
  return 2f * expm1_scaled(clamp(x, -20f, 89f), 1);
}`,
  sinh_f: `fn sinh_f(x: f32) -> f32 {
  let a = abs(x);
  if (a < ${literal(2 ** -12)} || is_nan(x)) { return x; }
  let q = expm1_scaled(min(a, 89.5f), 2);
  return with_sign(2f * (q + q / fma(q, 4f, 1f)), x);
}`,
  cosh_f: `fn cosh_f(x: f32) -> f32 {
  let half = exp_times(abs(x), 0.5f);
  return or_nan(half + 0.25f / half, x);
}`,
  tanh_f: `fn tanh_f(x: f32) -> f32 {
  let t = expm1_scaled(min(2f * abs(x), 18.1f), 0);
  return or_nan(with_sign(t / (t + 2f), x), x);
}`,
  sigmoid_f: `fn sigmoid_f(x: f32) -> f32 { return 1f / (1f + exp_f(-x)); }`,

  // x = 2^e·(1 + f): e and f, from √½ to √2 for 1 + f.
  log_parts: `fn log_parts(x: f32) -> vec2<f32> {
  let small = x < ${literal(2 ** -126)};
  let above = bitcast<i32>(select(x, x * 8388608f, small)) - 0x3f3504f3;
  return vec2<f32>(f32((above >> 23u) - select(0, 23, small)), bitcast<f32>((above & 0x7fffff) + 0x3f3504f3) - 1f);
}`,
  // log(1 + f) − f.
  log_tail: `fn log_tail(f: f32) -> f32 {
  let z = f * f;
  return fma(z, -0.5f, f * z * ${horner("f", p.logTail)});
}`,
  // 0 gives −∞, +∞ itself, NaN and what is negative NaN.
  log_mended: `fn log_mended(x: f32, value: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (bits - 1u < 0x7f7fffffu) { return value; }
  if ((bits & 0x7fffffffu) == 0u) { return -infinity(); }
  return select(not_a_number(), x, bits == 0x7f800000u);
}`,
  log_f: `fn log_f(x: f32) -> f32 {
  let a = log_parts(x);
  return log_mended(x, fma(a.x, ${literal(ln2High)}, fma(a.x, ${literal(ln2Low)}, log_tail(a.y)) + a.y));
}`,
  log2_f: `fn log2_f(x: f32) -> f32 {
  let a = log_parts(x);
  return log_mended(x, a.x + (a.y + log_tail(a.y)) * ${literal(Math.LOG2E)});
}`,
  log10_f: `fn log10_f(x: f32) -> f32 {
  let a = log_parts(x);
  return log_mended(x, fma(a.x, ${literal(Math.log10(2))}, (a.y + log_tail(a.y)) * ${literal(Math.LOG10E)}));
}`,
  log1p_f: `fn log1p_f(x: f32) -> f32 {
  if (x > -0.2928f && x < 0.4142f) { return with_sign(log_tail(x) + x, x); }
  return log_f(1f + x);
}`,

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
  // x = (4j + k)·π/2 + r for x not negative: r, and the bits of k. Parts of π/2 are taken off one by one (Cody and Waite); from
  // large angles only those bits of 2/π are multiplied that make no whole turns (Payne and Hanek).
  reduce: `fn reduce(x: f32) -> vec2<f32> {
  if (x < 1600f) {
    let n = round(x * ${literal(2 / Math.PI)});
    let r = ${partsOfHalfPi().reduce((rest, part) => `fma(n, ${literal(-part)}, fence(${rest}))`, "x")};
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
  turned: `fn turned(s: f32, c: f32, k: u32) -> f32 {
  let value = select(s, c, (k & 1u) == 1u);
  return select(value, -value, (k & 2u) == 2u);
}`,
  sin_f: `fn sin_f(x: f32) -> f32 {${
    trigonometric("let value = turned(s, c, k);\n  return select(value, -value, x < 0f);")
  }
}`,
  cos_f: `fn cos_f(x: f32) -> f32 {${trigonometric("return turned(s, c, k + 1u);")}
}`,
  tan_f: `fn tan_f(x: f32) -> f32 {
  let a = reduce(abs(x));
  let z = a.x * a.x;
  let t = fma(a.x * z, ${horner("z", p.tanTail)}, a.x);
  let value = select(t, -1f / t, (bitcast<u32>(a.y) & 1u) == 1u);
  return select(value, -value, x < 0f);
}`,

  // atan of t from 0 to 1.
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
  // 0/0 is to be 0, ∞/∞ to be 1.
  var t = select(least / max(a, b), 0f, least == 0f);
  if (bitcast<u32>(least) == 0x7f800000u) { t = 1f; }
  var value = atan_small(t);
  if (a > b) { value = ${literal(Math.PI / 2)} - value; }
  if ((bitcast<u32>(x) >> 31u) == 1u) { value = ${literal(Math.PI)} - value; }
  return with_sign(value, y);
}`,
  // asin of a up to ½, of sqrt((1 − a)/2) beyond.
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
  // log(1 + small), but log(2·large) where \`large\` is too large to be squared.
  log_of: `fn log_of(small: f32, large: f32) -> f32 {
  if (large > 1073741824f) { return log_f(large) + ${literal(Math.LN2)}; }
  return log1p_f(small);
}`,
  asinh_f: `fn asinh_f(x: f32) -> f32 {
  let a = abs(x);
  let square = a * a;
  return or_nan(with_sign(log_of(a + square / (1f + sqrt(square + 1f)), a), x), x);
}`,
  acosh_f: `fn acosh_f(x: f32) -> f32 {
  if (!(x >= 1f)) { return not_a_number(); }
  let t = x - 1f;
  return log_of(t + sqrt(t * (t + 2f)), x);
}`,
  atanh_f: `fn atanh_f(x: f32) -> f32 {
  let a = abs(x);
  if (!(a <= 1f)) { return not_a_number(); }
  if (a == 1f) { return with_sign(infinity(), x); }
  return with_sign(0.5f * log1p_f(2f * a / (1f - a)), x);
}`,

  erf_near: `fn erf_near(x: f32) -> f32 { return fma(x, ${horner("(x * x)", p.erfNear)}, x); }`,
  erf_f: `fn erf_f(x: f32) -> f32 {
  let a = abs(x);
  if (a < 1f) { return erf_near(x); }
  let b = min(a, 4f);
  return or_nan(with_sign(1f - exp_f(-(${horner("b", p.erfFar)})), x), x);
}`,
  erfc_f: `fn erfc_f(x: f32) -> f32 {
  let a = min(abs(x), 10.5f);
  if (a < 0.5f) { return 1f - erf_near(x); }
  // The square in two parts, the first of them exact.
  let high = bitcast<f32>(bitcast<u32>(a) & 0xfffff000u);
  let q = (a - 2f) / (a + 2f);
  let scaled = ${horner("q", p.erfcScaled)} / fma(a, 2f, 1f);
  let value = exp_times(-high * high, exp_f(-(a - high) * (a + high)) * scaled);
  return or_nan(select(value, 2f - value, x < 0f), x);
}`,
  // M. Giles, "Approximating the erfinv function" (2010), single precision.
  erfinv_f: `fn erfinv_f(x: f32) -> f32 {
  let a = abs(x);
  if (!(a <= 1f)) { return not_a_number(); }
  if (a == 1f) { return with_sign(infinity(), x); }
  let w = -log1p_f(-a) - log1p_f(a);
  if (w < 5f) {
    let v = w - 2.5f;
    return x * ${
    horner("v", [
      1.50140941,
      0.246640727,
      -0.00417768164,
      -0.00125372503,
      0.00021858087,
      -4.39150654e-6,
      -3.5233877e-6,
      3.43273939e-7,
      2.81022636e-8,
    ])
  };
  }
  let v = sqrt(w) - 3f;
  return x * ${
    horner("v", [
      2.83297682,
      1.00167406,
      0.00943887047,
      -0.0076224613,
      0.00573950773,
      -0.00367342844,
      0.00134934322,
      0.000100950558,
      -0.000200214257,
    ])
  };
}`,

  // Small whole exponents by repeated squaring, others by logarithm and exponential; special cases as in C99's annex F.
  pow_f: `fn pow_f(x: f32, y: f32) -> f32 {
  if (x == 1f || y == 0f) { return 1f; }
  if (is_nan(x)) { return x; }
  if (is_nan(y)) { return y; }
  let whole = trunc(y) == y;
  if (whole && abs(y) <= 64f) {
    var n = u32(abs(y));
    var base = x;
    var power = 1f;
    while (n > 0u) {
      if ((n & 1u) == 1u) { power *= base; }
      base *= base;
      n >>= 1u;
    }
    return select(power, 1f / power, y < 0f);
  }
  let a = abs(x);
  var value = 0f;
  let infinite = (bitcast<u32>(y) & 0x7fffffffu) == 0x7f800000u;
  if (a == 0f || bitcast<u32>(a) == 0x7f800000u || infinite) {
    if (infinite && a == 1f) { return 1f; }
    value = select(0f, infinity(), (a > 1f) == (y > 0f));
  } else {
    let l = log_parts(a);
    let t = y * l.x;
    let u = y * (l.y + log_tail(l.y)) * ${literal(Math.LOG2E)};
    let n = clamp(round(t + u), -300f, 300f);
    let r = clamp((t - n) + u, -1f, 1f) * ${literal(Math.LN2)};
    let h = i32(n) / 3;
    let s = bitcast<f32>(u32(h + 127) << 23u);
    value = ${horner("r", [1, 1, ...p.expTail])} * s * s * bitcast<f32>(u32(i32(n) - 2 * h + 127) << 23u);
  }
  if ((bitcast<u32>(x) >> 31u) == 1u) {
    if (!whole && a > 0f && bitcast<u32>(a) != 0x7f800000u && !infinite) { return not_a_number(); }
    let odd = whole && abs(y) < 16777216f && (u32(abs(y)) & 1u) == 1u;
    return select(value, -value, odd);
  }
  return value;
}`,
  // Exact: the division that is done by hand, on the mantissas.
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
  // r·2^(eb − 150), in two steps since the power may be subnormal.
  return with_sign(f32(r) * ${literal(2 ** -23)} * bitcast<f32>(eb << 23u), x);
}`,
  remainder_f: `fn remainder_f(x: f32, y: f32) -> f32 {
  let r = fmod_f(x, y);
  return select(r, r + y, r != 0f && (r < 0f) != (y < 0f));
}`,
  // Rounded down, and in agreement with the remainder.
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
  maximum_f: `fn maximum_f(a: f32, b: f32) -> f32 { return select(b, a, a > b || is_nan(a)); }`,
  minimum_f: `fn minimum_f(a: f32, b: f32) -> f32 { return select(b, a, a < b || is_nan(a)); }`,
  equal_f: `fn equal_f(a: f32, b: f32) -> bool { return a == b && !is_nan(a) && !is_nan(b); }`,
  less_f: `fn less_f(a: f32, b: f32) -> bool { return a < b && !is_nan(a) && !is_nan(b); }`,
  less_equal_f: `fn less_equal_f(a: f32, b: f32) -> bool { return a <= b && !is_nan(a) && !is_nan(b); }`,

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
};

/** The functions that some code calls, directly or through others. */
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
