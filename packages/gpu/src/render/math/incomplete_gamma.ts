/** Special functions next to the gamma function: Bessel's, zeta and the incomplete gamma functions, as the reference computes them. */
import { literal } from "../wgsl_types.ts";
import { horner } from "./horner.ts";

/** Temme's coefficients of powers of η by powers of 1/a, by the recurrences of DiDonato and Morris (1986). */
function temmeRows(rows: number, columns: number): number[][] {
  const alpha = [0, 1, 1 / 3];
  for (let n = 3; n < columns + 2 * rows; n++) {
    let sum = alpha[n - 1]!;
    for (let j = 2; j < n; j++) sum -= j * alpha[j]! * alpha[n + 1 - j]!;
    alpha.push(sum / (n + 1));
  }
  const first = alpha.slice(2).map((value, n) => (n + 2) * value - (n === 0 ? 1 : 0));
  const stirling = [1, -1 / 12, 1 / 288, 139 / 51840, -571 / 2488320];
  const result = [first];
  for (let k = 1; k < rows; k++) {
    const before = result[k - 1]!;
    result.push(before.slice(2).map((_, n) => stirling[k]! * first[n]! + (n + 2) * before[n + 2]!));
  }
  return result.map((row) => row.slice(0, columns));
}

const temme = temmeRows(5, 10).map((row) => horner("eta", row)).reduceRight((sum, row) => `fma(${sum}, r, ${row})`);
const rootOfTwoPi = literal(Math.sqrt(2 * Math.PI));
const bernoulli = [1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160];

/** Functions by name; see `functions.ts`. */
export const incompleteGammas: Readonly<Record<string, string>> = {
  // The modified Bessel function of the first kind of order n, which is 0 or 1, for x from 0 on.
  bessel: `fn bessel(n: f32, x: f32) -> f32 {
  var sum = 1f;
  var term = 1f;
  if (x < 15f) {
    let q = x * x / 4f;
    for (var k = 1f; k < 60f && term > 1e-8f * sum; k += 1f) {
      term *= q / (k * (k + n));
      sum += term;
    }
    return select(sum, sum * x / 2f, n > 0f);
  }
  for (var k = 1f; k < 16f && abs(term) > 1e-8f; k += 1f) {
    term *= ((2f * k - 1f) * (2f * k - 1f) - 4f * n * n) / (8f * k * x);
    sum += term;
  }
  let half = exp_f(x / 2f);
  return half * (sum / sqrt(${literal(2 * Math.PI)} * x) * half);
}`,
  i0_f: `fn i0_f(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (abs(x) > 100f) { return infinity(); }
  return bessel(0f, abs(x));
}`,
  i1_f: `fn i1_f(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (abs(x) > 100f) { return with_sign(infinity(), x); }
  return with_sign(bessel(1f, abs(x)), x);
}`,
  // For q above 0. Powers are computed at one place, since compilers inline them all.
  zeta_above_0: `fn zeta_above_0(s: f32, q: f32) -> f32 {
  if (q > 3.4028234e38f) { return 0f; }
  var sum = 0f;
  var z = q;
  var last = 0f;
  var integral = false;
  loop {
    let power = pow_f(z, select(-s, 1f - s, integral));
    if (integral) {
      sum += power / (s - 1f) + last / 2f;
      break;
    }
    if (z < 8f) {
      sum += power;
      z += 1f;
    } else {
      last = power;
      integral = true;
    }
  }
  if (last == 0f) { return sum; }
  var factor = s * last / z;
  ${
    bernoulli.map((c, k) =>
      `sum += ${literal(c)} * factor;
  factor *= (s + ${literal(2 * k + 1)}) / z * ((s + ${literal(2 * k + 2)}) / z);`
    ).join("\n  ")
  }
  return sum;
}`,
  zeta_f: `fn zeta_f(given: f32, q: f32) -> f32 {
  let s = select(min(given, 1e9f), given, given > 3.4028234e38f || is_nan(given)); // every power is 0, 1 or infinite there
  if (s == 1f) { return infinity(); }
  if (is_nan(s) || is_nan(q) || s < 1f) { return not_a_number(); }
  if (s > 3.4028234e38f) { return select(select(infinity(), 1f, q == 1f), 0f, q > 1f); }
  if (q <= 0f && q == floor(q)) { return infinity(); }
  if (q <= 0f && s != floor(s)) { return not_a_number(); }
  let part = q - floor(q);
  let even = fmod_f(s, 2f) == 0f;
  var other = 0f;
  var value = 0f;
  for (var i = 0u; i < select(3u, 1u, q > 0f); i++) {
    let found = zeta_above_0(s, select(select(select(1f - q, 1f - part, i == 1u), part, i == 0u), q, q > 0f));
    if (i == 0u) { value = found; } else { other = select(other - found, found, i == 1u); }
  }
  if (q > 0f) { return value; }
  value += select(-other, other, even);
  // The larger of two infinite parts decides.
  return select(value, select(-infinity(), infinity(), even || part < 0.5f), is_nan(value));
}`,
  // ln(1 + m) − m.
  log1p_minus: `fn log1p_minus(m: f32) -> f32 {
  if (abs(m) > 0.5f) { return log1p_f(m) - m; }
  let r = m / (2f + m);
  let w = r * r;
  return r * (2f * w * ${horner("w", [1 / 3, 1 / 5, 1 / 7, 1 / 9, 1 / 11, 1 / 13, 1 / 15])} - m);
}`,
  // xᵃ·e⁻ˣ / Γ(a).
  gamma_density: `fn gamma_density(a: f32, x: f32) -> f32 {
  if (a < 10f) {
    if (x > 250f) { return 0f; }
    var product = 1f;
    var z = a;
    while (z > 2.5f) { z -= 1f; product /= z; }
    while (z < 1.5f) { product *= z; z += 1f; }
    let half = exp_f(-0.5f * x);
    return pow_f(x, a) * half * (product * exp_f(-lgamma_near_2(z - 2f))) * half;
  }
  let r = 1f / a;
  let rest = r * ${horner("(r * r)", [1 / 12, -1 / 360, 1 / 1260])};
  return sqrt(a) / ${rootOfTwoPi} * exp_f(a * log1p_minus((x - a) / a) - rest);
}`,
  // Over the density: the power series of the lower function, and the continued fraction of the upper one.
  igamma_sum: `fn igamma_sum(a: f32, x: f32) -> f32 {
  var sum = 1f;
  var term = 1f;
  for (var n = 1f; n < 1000f && term > 1e-8f * sum; n += 1f) {
    term *= x / (a + n);
    sum += term;
  }
  return sum / a;
}`,
  igammac_fraction: `fn igammac_fraction(a: f32, x: f32) -> f32 {
  var b = x + 1f - a;
  var c = 1e30f;
  var d = 1f / b;
  var product = d;
  for (var n = 1f; n < 1000f; n += 1f) {
    let above = n * (a - n);
    b += 2f;
    d = 1f / (above * d + b);
    c = b + above / c;
    let step = c * d;
    product *= step;
    if (abs(step - 1f) < 6e-8f) { break; }
  }
  return product;
}`,
  igammac_series: `fn igammac_series(a: f32, x: f32) -> f32 {
  var sum = 0f;
  var term = 1f;
  for (var n = 1f; n < 20f; n += 1f) {
    term *= -x / n;
    sum += term / (a + n);
  }
  let near = lgamma_near_2(select(a - 1f, a, a <= 0.5f));
  let power = a * log_f(x) - select(near, near - log1p_f(a), a <= 0.5f);
  return -expm1_f(power) - exp_f(power) * a * sum;
}`,
  // For large a with x nearby.
  igamma_near: `fn igamma_near(a: f32, x: f32, s: f32) -> f32 {
  let m = (x - a) / a;
  let eta = with_sign(sqrt(max(-2f * log1p_minus(m), 0f)), m);
  let r = 1f / a;
  let sum = ${temme};
  let tail = exp_f(-0.5f * a * eta * eta) / (${rootOfTwoPi} * sqrt(a)) * sum;
  return 0.5f * erfc_f(s * eta * sqrt(0.5f * a)) + s * tail;
}`,
  // Values at the ends of the domain of the lower function, and NaN beyond; −1 within.
  igamma_ends: `fn igamma_ends(a: f32, x: f32) -> f32 {
  let far_a = a > 3.4028234e38f;
  let far_x = x > 3.4028234e38f;
  if (is_nan(a) || is_nan(x) || a < 0f || x < 0f || (a == 0f && x == 0f) || (far_a && far_x)) { return not_a_number(); }
  if (a == 0f || far_x) { return 1f; }
  return select(-1f, 0f, x == 0f || far_a);
}`,
  igamma_f: "fn igamma_f(a: f32, x: f32) -> f32 { return incomplete_gamma(a, x, false); }",
  igammac_f: "fn igammac_f(a: f32, x: f32) -> f32 { return incomplete_gamma(a, x, true); }",
  // Calls each function at one place, since compilers inline them all.
  incomplete_gamma: `fn incomplete_gamma(a: f32, x: f32, upper: bool) -> f32 {
  let end = igamma_ends(a, x);
  if (is_nan(end) || end >= 0f) { return select(end, 1f - end, upper); }
  if (a > 20f && abs(x - a) < 0.3f * a) { return igamma_near(a, x, select(-1f, 1f, upper)); }
  var found_upper = x > 1f && x > a;
  if (upper) {
    let small = select((x * 1.1f < a), (-0.4f / log_f(x) < a), (x <= 0.5f));
    found_upper = !select(small, (x < a), (x > 1.1f));
  }
  var value = 0f;
  if (found_upper && x <= 1.1f) {
    value = igammac_series(a, x);
  } else {
    if (found_upper) { value = igammac_fraction(a, x); } else { value = igamma_sum(a, x); }
    value *= gamma_density(a, x);
  }
  return select(1f - value, value, found_upper == upper);
}`,
};
