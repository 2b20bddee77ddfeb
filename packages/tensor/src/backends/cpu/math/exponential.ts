/** exp and functions based on it: expm1, sigmoid, tanh, sinh, cosh. */
import { type Code, f32x, get, set } from "../../../code/tree.ts";
import {
  add,
  anySign,
  compare,
  div,
  greater,
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

/** The upper 16 bits of ln 2, so that products with small integers are exact; and the remainder. */
const ln2High = 0.693145751953125;
const ln2Low = Math.LN2 - ln2High;

const bitsOf88 = 0x42b00000;

/** Adding this to a small float rounds it to an integer, whose value plus 127 is then in the lowest bits. */
const roundBiased = 1.5 * 2 ** 23 + 127;

/** Clamps x to a range in which its exponential neither overflows by far nor vanishes. NaN stays. */
function confine(v: Lanes, x: Code, least: number, most: number): Code {
  if (!v.fused) return v.let(greater(lesser(x, v.c(most)), v.c(least)));
  // Without fused multiply-add, a test whether any number is beyond 88 is cheaper than two comparisons.
  const y = v.variable(x);
  const beyond = anySign(isub(v.i(bitsOf88), magnitude(v, get(y))));
  v.rarely(beyond, set(y, greater(lesser(get(y), f32x(most)), f32x(least))));
  return get(y);
}

/** `e^x = p · s²` with `s` a power of two and `1/2 ≤ p ≤ 2`: halving the exponent keeps `s` finite and normal throughout. */
function split(v: Lanes, x: Code, least: number, most: number): { p: Code; s: Code } {
  return expOfSum(v, confine(v, x, least, most), null);
}

/** {@link split} of `e^(x − less)` for x from -176 to 90 and a small `less`. */
export function expOfSum(v: Lanes, x: Code, less: Code | null): { p: Code; s: Code } {
  const biased = v.let(v.madd(x, v.c(Math.LOG2E / 2), v.c(roundBiased)));
  const n = v.let(sub(biased, v.c(roundBiased)));
  const high = v.nmadd(n, v.c(2 * ln2High), x);
  const r = v.let(v.nmadd(n, v.c(2 * ln2Low), less === null ? high : sub(high, less)));
  return { p: v.horner(r, [1, 1, ...expTail]), s: v.let(shl(biased, 23)) };
}

/** e^x. */
export const exp: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  // e^89 overflows. At -176 the bits of s are 0, so that the result is 0 without underflow. Numbers that underflow are ten times
  // slower, which matters for many arguments of -Infinity, as in masked attention.
  const { p, s } = split(v, x, -176, 89);
  return v.result(mul(mul(p, s), s));
};

/** `1/(1 + e^-x)`. */
export const sigmoid: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const y = confine(v, x, -105, 89);
  const biased = v.let(v.madd(y, v.c(-Math.LOG2E / 2), v.c(roundBiased)));
  const n = v.let(sub(biased, v.c(roundBiased)));
  // This is -r, so that no negation is needed: the signs of the coefficients alternate instead.
  const r = v.let(v.madd(n, v.c(2 * ln2Low), v.madd(n, v.c(2 * ln2High), y)));
  const p = v.horner(r, [1, 1, ...expTail].map((c, i) => i % 2 ? -c : c));
  // 1/(1 + p s²) = t/(t + p s) with t = 1/s, which is exact. Nothing overflows before the quotient underflows.
  const s = v.let(shl(biased, 23));
  const t = v.let(isub(v.i(254 << 23), s));
  return v.result(div(t, v.madd(p, s, t)));
};

/** `(e^y − 1)/2^shift` as `2^n · tail + (2^n − 1)`, which keeps the digits of small results. */
function minusOne(v: Lanes, value: Code, shift: number): Code {
  const y = v.let(value);
  const rounding = v.c(1.5 * 2 ** 23 + 127 - shift);
  const biased = v.let(v.madd(y, v.c(Math.LOG2E), rounding));
  const n = v.let(sub(biased, rounding));
  const r = v.let(v.nmadd(n, v.c(ln2Low), v.nmadd(n, v.c(ln2High), y)));
  const tail = v.madd(mul(r, r), v.horner(r, expm1Tail), r);
  const s = v.let(shl(biased, 23));
  return v.madd(tail, s, sub(s, v.c(2 ** -shift)));
}

/** `e^x − 1`. */
export const expm1: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const given = v.let(x);
  // e^-20 − 1 rounds to −1. 2^n overflows before e^y does; half of it does not.
  const half = v.let(minusOne(v, greater(lesser(given, v.c(89)), v.c(-20)), 1));
  // Halving would lose a digit of subnormal arguments, and the sign of −0.
  const tiny = compare("lt", magnitude(v, given), v.c(2 ** -25));
  return v.result(select(tiny, given, v.let(add(half, half))));
};

/** Half of `e^x + e^-x`. */
export const cosh: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const { p, s } = split(v, magnitude(v, x), 0, 90);
  const half = v.let(mul(mul(p, s), mul(s, v.c(0.5))));
  return v.result(add(half, div(v.c(0.25), half)));
};

/** Half of `t + t/(t + 1)` with `t = e^|x| − 1`. */
export const sinh: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const given = v.let(x);
  const a = v.let(magnitude(v, given));
  // A quarter of t, since 2^n overflows before sinh does.
  const quarter = v.let(minusOne(v, lesser(a, v.c(89.5)), 2));
  const half = add(quarter, div(quarter, v.madd(quarter, v.c(4), v.c(1))));
  const value = v.let(select(compare("lt", a, v.c(2 ** -12)), a, mul(half, v.c(2))));
  return v.result(or(value, signOf(v, given)));
};

/** `t/(t + 2)` with `t = e^2|x| − 1`. */
export const tanh: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const given = v.let(x);
  const a = v.let(magnitude(v, given));
  // tanh(9.02) rounds to 1.
  const y = v.let(lesser(add(a, a), v.c(18.1)));
  const t = v.let(minusOne(v, y, 0));
  return v.result(or(div(t, add(t, v.c(2))), signOf(v, given)));
};
