/**
 * Exponentials, logarithms and functions built on them: powers, hyperbolic functions and their inverses, the error
 * function.
 */
import { polynomials as p } from "@heddle/tensor/backend";
import { literal } from "../wgsl_types.ts";
import { horner } from "./horner.ts";

/** The upper 16 bits of ln 2: their products with small integers are exact. */
const ln2High = 0.693145751953125;
const ln2Low = Math.LN2 - ln2High;

/** Functions by name; see `functions.ts`. */
export const exponentials: Readonly<Record<string, string>> = {
  // factor·e^x as p·s²·factor, where s is a power of two, which so cannot overflow.
  exp_times: `fn exp_times(x: f32, factor: f32) -> f32 {
  let y = clamp(x, -105f, 90f);
  let n = round(y * ${literal(Math.LOG2E / 2)});
  let r = fma(n, ${literal(-2 * ln2Low)}, fence(fma(n, ${literal(-2 * ln2High)}, y)));
  let s = bitcast<f32>(u32(i32(n) + 127) << 23u);
  return ${horner("r", [1, 1, ...p.expTail])} * s * (s * factor);
}`,
  exp_f: `fn exp_f(x: f32) -> f32 { return or_nan(exp_times(x, 1f), x); }`,
  // (e^y − 1)/2^shift for y from -20 to 90, accurate for small results.
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
  // The parts e and f of x = 2^e·(1 + f), with 1 + f from √½ to √2.
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
  // The special cases of logarithms: −∞ for 0, +∞ for +∞, NaN for NaN and negative numbers.
  log_special_cases: `fn log_special_cases(x: f32, value: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if (bits - 1u < 0x7f7fffffu) { return value; }
  if ((bits & 0x7fffffffu) == 0u) { return -infinity(); }
  return select(not_a_number(), x, bits == 0x7f800000u);
}`,
  log_f: `fn log_f(x: f32) -> f32 {
  let a = log_parts(x);
  return log_special_cases(x, fma(a.x, ${literal(ln2High)}, fma(a.x, ${literal(ln2Low)}, log_tail(a.y)) + a.y));
}`,
  log2_f: `fn log2_f(x: f32) -> f32 {
  let a = log_parts(x);
  return log_special_cases(x, a.x + (a.y + log_tail(a.y)) * ${literal(Math.LOG2E)});
}`,
  log10_f: `fn log10_f(x: f32) -> f32 {
  let a = log_parts(x);
  return log_special_cases(x, fma(a.x, ${literal(Math.log10(2))}, (a.y + log_tail(a.y)) * ${literal(Math.LOG10E)}));
}`,
  log1p_f: `fn log1p_f(x: f32) -> f32 {
  if (x > -0.2928f && x < 0.4142f) { return with_sign(log_tail(x) + x, x); }
  return log_f(1f + x);
}`,
  // Equal infinities differ by NaN; equals are 0 apart.
  logaddexp_f: `fn logaddexp_f(a: f32, b: f32) -> f32 {
  if (is_nan(a)) { return a; }
  if (is_nan(b)) { return b; }
  let distance = select(abs(a - b), 0f, a == b);
  return max(a, b) + log1p_f(exp_f(-distance));
}`,
  // log(1 + small), or log(2·large) where `large` is too large to be squared.
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
  // Split the square into two parts, of which the first is exact.
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
  // Integer exponents up to 64 by repeated squaring, others by logarithm and exponential. Special cases follow C99,
  // annex F.
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
};
