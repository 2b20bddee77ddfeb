/** asinh, acosh and atanh, all through log(1 + x). */
import { type Code, op } from "../../../code/tree.ts";
import { add, and, compare, div, Lanes, magnitude, mul, or, select, signOf, sub, type UnaryExpander } from "./lanes.ts";
import { log1pOf } from "./logarithm.ts";

const sqrt = (a: Code): Code => op("f32x.sqrt", a);

/** log(1 + small); or log(2·large) if `large` is above 2^30, since its square may overflow. */
function logarithmOf(v: Lanes, small: Code, large: Code): Code {
  const beyond = v.let(compare("gt", large, v.c(2 ** 30)));
  return add(log1pOf(v, v.let(select(beyond, large, small))), and(beyond, v.c(Math.LN2)));
}

/** log(a + sqrt(a² + 1)), with the sign of x. */
export const asinh: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const given = v.let(x);
  const a = v.let(magnitude(v, given));
  const square = v.let(mul(a, a));
  // sqrt(1 + a²) − 1 without cancellation.
  const grown = div(square, add(v.c(1), sqrt(add(square, v.c(1)))));
  return v.result(or(logarithmOf(v, add(a, grown), a), signOf(v, given)));
};

/** log(x + sqrt(x² − 1)), computed from x − 1. */
export const acosh: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const given = v.let(x);
  const t = v.let(sub(given, v.c(1)));
  const value = logarithmOf(v, add(t, sqrt(mul(t, add(t, v.c(2))))), given);
  return v.result(or(value, compare("lt", given, v.c(1))));
};

/** Half of log(1 + 2a/(1 − a)), with the sign of x. */
export const atanh: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const given = v.let(x);
  const a = v.let(magnitude(v, given));
  const value = log1pOf(v, v.let(div(add(a, a), sub(v.c(1), a))));
  return v.result(or(mul(value, v.c(0.5)), signOf(v, given)));
};
