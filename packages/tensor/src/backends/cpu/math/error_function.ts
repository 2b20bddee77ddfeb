/** The error function and its complement. */
import {
  add,
  and,
  compare,
  div,
  Lanes,
  lesser,
  magnitude,
  mul,
  or,
  select,
  shl,
  signOf,
  sub,
  type UnaryExpander,
} from "./lanes.ts";
import { erfcScaled, erfFar, erfNear, expm1Tail } from "./polynomials.ts";
import { expOfSum } from "./exponential.ts";

/** For |x| below 1 an odd polynomial, above it `1 − e^−q(|x|)` with a polynomial q. */
export const erf: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const given = v.let(x);
  const a = v.let(magnitude(v, given));
  const z = v.let(mul(a, a));
  const near = v.let(v.madd(a, v.horner(z, erfNear), a));
  // erf(3.93) rounds to 1.
  const b = v.let(lesser(a, v.c(4)));
  const q = v.let(v.horner(b, erfFar));
  const rounding = v.c(1.5 * 2 ** 23 + 127);
  const biased = v.let(v.madd(q, v.c(-Math.LOG2E), rounding));
  // The exponential is at most 0.16 here, so that ln 2 in one part is accurate enough.
  const r = v.let(v.nmadd(sub(biased, rounding), v.c(Math.LN2), sub(v.c(0), q)));
  const p = v.madd(mul(r, r), v.horner(r, expm1Tail.slice(0, 5)), add(r, v.c(1)));
  const far = v.nmadd(p, shl(biased, 23), v.c(1));
  return v.result(or(select(compare("lt", a, v.c(1)), near, v.let(far)), signOf(v, given)));
};

/** `e^−x² · P((a − 2)/(a + 2))/(1 + 2a)` with a = |x|, and 2 minus that for negative x; near 0 `1 − erf(x)`. */
export const erfc: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const given = v.let(x);
  // erfc(10.06) rounds to 0.
  const a = v.let(lesser(magnitude(v, given), v.c(10.5)));
  // The square as a sum of two parts, of which the first is exact.
  const high = v.let(and(a, v.i(-(1 << 12))));
  const low = mul(sub(a, high), add(a, high));
  const q = v.let(div(sub(a, v.c(2)), add(a, v.c(2))));
  const scaled = div(v.horner(q, erfcScaled), v.madd(a, v.c(2), v.c(1)));
  const { p, s } = expOfSum(v, v.let(sub(v.c(0), mul(high, high))), v.let(low));
  const value = v.let(mul(mul(mul(p, scaled), s), s));
  const far = v.let(select(compare("lt", given, v.c(0)), sub(v.c(2), value), value));
  const z = v.let(mul(given, given));
  const near = v.let(sub(v.c(1), v.madd(given, v.horner(z, erfNear), given)));
  return v.result(select(compare("lt", a, v.c(0.5)), near, far));
};
