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
  // ln Γ(x) for x above 0.
  lgamma_above_0: `fn lgamma_above_0(x: f32) -> f32 {
  if (x < 0.5f) { return lgamma_near_2(x) - log1p_f(x) - log_f(x); }
  if (x < 1.5f) { return lgamma_near_2(x - 1f) - log1p_f(x - 1f); }
  if (x < 8f) {
    var product = 1f;
    var z = x;
    while (z > 2.5f) { z -= 1f; product *= z; }
    return log_f(product) + lgamma_near_2(z - 2f);
  }
  let r = 1f / x;
  let tail = r * ${horner("(r * r)", [1 / 12, -1 / 360, 1 / 1260])};
  return x * (log_f(x) - 1f) - 0.5f * log_f(x) + 0.9189385332046728f + tail;
}`,
  lgamma_f: `fn lgamma_f(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = abs(x);
  if (a > 3.4028234e38f || (x <= 0f && x == floor(x))) { return infinity(); }
  if (x > 0f) { return lgamma_above_0(x); }
  if (x > -0.5f) { return lgamma_near_2(x) - log1p_f(x) - log_f(a); }
  let part = abs(a - round(a));
  return log_f(${literal(Math.PI)} / (a * sin_f(${literal(Math.PI)} * part))) - lgamma_above_0(a);
}`,
  digamma_above_0: `fn digamma_above_0(x: f32) -> f32 {
  var sum = 0f;
  var z = x;
  while (z < 6f) { sum -= 1f / z; z += 1f; }
  let w = 1f / (z * z);
  return sum + (log_f(z) - 0.5f / z - w * ${horner("w", [1 / 12, -1 / 120, 1 / 252, -1 / 240])});
}`,
  digamma_f: `fn digamma_f(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (x == 0f) { return with_sign(infinity(), -x); }
  if (x > 0f) { return select(digamma_above_0(x), x, x > 3.4028234e38f); }
  if (x == floor(x)) { return not_a_number(); }
  let angle = ${literal(Math.PI)} * (x - round(x));
  return digamma_above_0(1f - x) - ${literal(Math.PI)} / tan_f(angle);
}`,
};
