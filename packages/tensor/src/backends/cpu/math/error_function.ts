/** The error function. */
import {
  add,
  compare,
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
import { erfFar, erfNear, expm1Tail } from "./polynomials.ts";

/** Near 0 an odd polynomial, from 1 on `1 − e^−q(|x|)` with a polynomial q; within 2 ulp. */
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
  // The exponential is at most 0.16 here, so that one part of ln 2 is exact enough.
  const r = v.let(v.nmadd(sub(biased, rounding), v.c(Math.LN2), sub(v.c(0), q)));
  const p = v.madd(mul(r, r), v.horner(r, expm1Tail.slice(0, 5)), add(r, v.c(1)));
  const far = v.nmadd(p, shl(biased, 23), v.c(1));
  return v.result(or(select(compare("lt", a, v.c(1)), near, v.let(far)), signOf(v, given)));
};
