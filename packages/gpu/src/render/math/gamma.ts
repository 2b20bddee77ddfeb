/** The logarithm of the gamma function and its derivative, in the ranges of the reference functions. */
import { literal } from "../wgsl_types.ts";
import { horner } from "./horner.ts";

/** (ζ(k) − 1)·(−1)ᵏ / k from k = 2 on. */
// deno-fmt-ignore
const series = [
    0.32246703342411326, -0.0673523010531981, 0.02058080842778455, -0.007385551028673986,
    0.0028905103307415234, -0.001192753911703261, 0.0005096695247430425, -0.00022315475845357939,
    9.945751278180853e-5, -4.492623673813314e-5, 2.050721277567069e-5, -9.439488275268397e-6,
    4.374866789907488e-6, -2.039215753801366e-6, 9.55141213040742e-7, -4.492469198764566e-7,
];

/** Functions by name; see `functions.ts`. */
export const gammas: Readonly<Record<string, string>> = {
  // ln Γ(2 + t) for |t| up to ½.
  lgamma_near_2: `fn lgamma_near_2(t: f32) -> f32 {
  return t * fma(t, ${horner("t", series)}, 0.42278433509846713f);
}`,
  // ln |Γ(x)| for x above −½. Each function is called at one place, since compilers inline them all.
  lgamma_above: `fn lgamma_above(x: f32) -> f32 {
  var t = x - 1f;
  var z = 1f;
  if (x < 0.5f) {
    t = x;
    z = abs(x);
  } else if (x >= 8f) {
    z = x;
  } else if (x >= 1.5f) {
    t = x;
    while (t > 2.5f) { t -= 1f; z *= t; }
    t -= 2f;
  }
  let log_z = log_f(z);
  if (x >= 8f) {
    let r = 1f / x;
    let tail = r * ${horner("(r * r)", [1 / 12, -1 / 360, 1 / 1260])};
    return x * (log_z - 1f) - 0.5f * log_z + 0.9189385332046728f + tail;
  }
  let near = lgamma_near_2(t);
  if (x >= 1.5f) { return log_z + near; }
  return near - log1p_f(t) - log_z;
}`,
  lgamma_f: `fn lgamma_f(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = abs(x);
  if (a > 3.4028234e38f || (x <= 0f && x == floor(x))) { return infinity(); }
  let value = lgamma_above(select(a, x, x > -0.5f));
  if (x > -0.5f) { return value; }
  let part = abs(a - round(a));
  return log_f(${literal(Math.PI)} / (a * sin_f(${literal(Math.PI)} * part))) - value;
}`,
  digamma_above_0: `fn digamma_above_0(x: f32) -> f32 {
  var sum = 0f;
  var z = x;
  while (z < 6f) { sum -= 1f / z; z += 1f; }
  let w = 1f / (z * z);
  return sum + (log_f(z) - 0.5f / z - w * ${horner("w", [1 / 12, -1 / 120, 1 / 252, -1 / 240])});
}`,
  digamma_f: `fn digamma_f(x: f32) -> f32 {
  if (is_nan(x) || x > 3.4028234e38f) { return x; }
  if (x == 0f) { return with_sign(infinity(), -x); }
  if (x < 0f && x == floor(x)) { return not_a_number(); }
  let value = digamma_above_0(select(1f - x, x, x > 0f));
  if (x > 0f) { return value; }
  let angle = ${literal(Math.PI)} * (x - round(x));
  return value - ${literal(Math.PI)} / tan_f(angle);
}`,
};
