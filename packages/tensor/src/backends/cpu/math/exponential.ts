/** exp and what is made of it: expm1, sigmoid, tanh, sinh, cosh. */
import type { Code } from "../../../wasm/assembler.ts";
import {
  add,
  compare,
  div,
  greater,
  iadd,
  isub,
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
import { expm1Tail, expTail } from "./polynomials.ts";

/** The upper 16 bits of ln 2, so that products with small integers are exact, and the rest. */
const ln2High = 0.693145751953125;
const ln2Low = Math.LN2 - ln2High;

/** Adding this to a small float rounds it to an integer, which then stands in the lowest bits, 127 more than it is. */
const roundBiased = 1.5 * 2 ** 23 + 127;

/** `e^x = p · s²` with `s` a power of two and `1/2 ≤ p ≤ 2`: halving the exponent keeps `s` finite and normal throughout. */
function split(v: Lanes, x: Code, least: number, most: number): { p: Code; s: Code } {
  const y = v.let(greater(lesser(x, v.c(most)), v.c(least)));
  const biased = v.let(v.madd(y, v.c(Math.LOG2E / 2), v.c(roundBiased)));
  const n = v.let(sub(biased, v.c(roundBiased)));
  const r = v.let(v.nmadd(n, v.c(2 * ln2Low), v.nmadd(n, v.c(2 * ln2High), y)));
  return { p: v.horner(r, [1, 1, ...expTail]), s: v.let(shl(biased, 23)) };
}

/** Within 1.5 ulp. */
export const exp: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  // e^89 overflows, e^-105 rounds to 0.
  const { p, s } = split(v, x, -105, 89);
  return v.result(mul(mul(p, s), s));
};

/** `1/(1 + e^-x)`; within 2.5 ulp. */
export const sigmoid: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const y = v.let(lesser(greater(x, v.c(-105)), v.c(89)));
  const biased = v.let(v.madd(y, v.c(-Math.LOG2E / 2), v.c(roundBiased)));
  const n = v.let(sub(biased, v.c(roundBiased)));
  // -r, so that no negation is needed: the coefficients' signs alternate instead.
  const r = v.let(v.madd(n, v.c(2 * ln2Low), v.madd(n, v.c(2 * ln2High), y)));
  const p = v.horner(r, [1, 1, ...expTail].map((c, i) => i % 2 ? -c : c));
  // 1/(1 + p s²) = t/(t + p s) with t = 1/s, exact; nothing overflows before the quotient underflows.
  const s = v.let(shl(biased, 23));
  const t = v.let(isub(v.i(254 << 23), s));
  return v.result(div(t, v.madd(p, s, t)));
};

/** `e^y − 1` for y below 87 as `2^n · tail + (2^n − 1)`, which keeps the digits of small results. */
function minusOne(v: Lanes, y: Code): Code {
  const biased = v.let(v.madd(y, v.c(Math.LOG2E), v.c(roundBiased)));
  const n = v.let(sub(biased, v.c(roundBiased)));
  const r = v.let(v.nmadd(n, v.c(ln2Low), v.nmadd(n, v.c(ln2High), y)));
  const tail = v.madd(mul(r, r), v.horner(r, expm1Tail), r);
  const s = v.let(shl(biased, 23));
  return v.madd(tail, s, sub(s, v.c(1)));
}

/** Within 3 ulp. */
export const expm1: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const given = v.let(x);
  // e^-20 − 1 rounds to −1. Half of e^y keeps 2^n finite up to the overflow.
  const y = v.let(greater(lesser(given, v.c(89)), v.c(-20)));
  const biased = v.let(v.madd(y, v.c(Math.LOG2E), v.c(roundBiased)));
  const n = v.let(sub(biased, v.c(roundBiased)));
  const r = v.let(v.nmadd(n, v.c(ln2Low), v.nmadd(n, v.c(ln2High), y)));
  const tail = v.madd(mul(r, r), v.horner(r, expm1Tail), r);
  const half = v.let(iadd(shl(biased, 23), v.i(-1 << 23)));
  const value = v.madd(tail, half, sub(half, v.c(0.5)));
  // Halving would cost subnormal arguments a digit, and −0 its sign.
  const tiny = compare("lt", magnitude(v, given), v.c(2 ** -25));
  return v.result(select(tiny, given, add(v.let(value), value)));
};

/** `t/(t + 2)` with `t = e^2|x| − 1`; within 3 ulp. */
export const tanh: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const given = v.let(x);
  const a = v.let(magnitude(v, given));
  // tanh(9.02) rounds to 1.
  const y = v.let(lesser(add(a, a), v.c(18.1)));
  const t = v.let(minusOne(v, y));
  return v.result(or(div(t, add(t, v.c(2))), signOf(v, given)));
};
