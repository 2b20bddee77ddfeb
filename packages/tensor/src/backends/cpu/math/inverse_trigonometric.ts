/** asin, acos, atan and atan2. */
import { type Code, i32, op } from "../../../code/tree.ts";
import {
  add,
  and,
  type BinaryExpander,
  compare,
  div,
  greater,
  Lanes,
  lesser,
  magnitude,
  mul,
  or,
  select,
  signOf,
  sub,
  type UnaryExpander,
  xor,
} from "./lanes.ts";
import { asinTail, atanTail } from "./polynomials.ts";

/** atan(t) for t from 0 to 1. */
const atanOf = (v: Lanes, t: Code): Code => {
  const z = v.let(mul(t, t));
  return v.madd(mul(t, z), v.horner(z, atanTail), t);
};

/** Inverse tangent. */
export const atan: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const given = v.let(x);
  const a = v.let(magnitude(v, given));
  // The reciprocal of numbers above 1.
  const t = v.let(div(lesser(a, v.c(1)), greater(a, v.c(1))));
  const p = v.let(atanOf(v, t));
  const value = select(compare("gt", a, v.c(1)), sub(v.c(Math.PI / 2), p), p);
  return v.result(or(value, signOf(v, given)));
};

/** Angle of the point (x, y). */
export const atan2: BinaryExpander = (f, y, x, fused) => {
  const v = new Lanes(f, fused);
  const [up, across] = [v.let(y), v.let(x)];
  const [a, b] = [v.let(magnitude(v, up)), v.let(magnitude(v, across))];
  const least = v.let(lesser(a, b));
  // 0/0 must give 0, and ∞/∞ must give 1.
  const quotient = div(least, greater(greater(b, a), v.c(2 ** -149)));
  const t = v.let(select(compare("eq", least, v.c(Infinity)), v.c(1), quotient));
  const p = v.let(atanOf(v, t));
  const steep = v.let(select(compare("gt", a, b), sub(v.c(Math.PI / 2), p), p));
  const backward = op("i32x.shr_s", across, i32(31));
  const value = select(backward, sub(v.c(Math.PI), steep), steep);
  const unknown = or(compare("ne", up, up), compare("ne", across, across));
  return v.result(or(or(value, signOf(v, up)), unknown));
};

/** asin of the magnitude `a` up to ½, else of `sqrt((1 − a)/2)`; `asin(a) = π/2 − 2·asin(sqrt((1 − a)/2))`. */
function halved(v: Lanes, a: Code): { small: Code; p: Code } {
  const small = v.let(compare("le", a, v.c(0.5)));
  const z = v.let(select(small, mul(a, a), v.nmadd(a, v.c(0.5), v.c(0.5))));
  const t = v.let(select(small, a, op("f32x.sqrt", z)));
  return { small, p: v.let(v.madd(mul(t, z), v.horner(z, asinTail), t)) };
}

/** Inverse sine. */
export const asin: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const given = v.let(x);
  const { small, p } = halved(v, v.let(magnitude(v, given)));
  const value = select(small, p, v.nmadd(p, v.c(2), v.c(Math.PI / 2)));
  return v.result(or(value, signOf(v, given)));
};

/** Inverse cosine. */
export const acos: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const given = v.let(x);
  const sign = v.let(signOf(v, given));
  const { small, p } = halved(v, v.let(magnitude(v, given)));
  // π/2 − asin(x) up to ½; beyond it 2p, or π − 2p for negative x.
  const near = sub(v.c(Math.PI / 2), xor(p, sign));
  const signed = xor(add(p, p), sign);
  const far = add(signed, and(op("i32x.shr_s", sign, i32(31)), v.c(Math.PI)));
  return v.result(select(small, near, v.let(far)));
};
