/** pow, by a logarithm and an exponential in float64, half of the lanes at a time. */
import type { FunctionBuilder } from "../../../code/module.ts";
import { type Code, f32x, get, i32, i32x, op, set, shuffle, wide } from "../../../code/tree.ts";
import {
  and,
  andNot,
  anySign,
  type BinaryExpander,
  compare,
  hornerWide,
  iadd,
  isub,
  Lanes,
  maddWide,
  mul,
  or,
  sar,
  select,
  xor,
} from "./lanes.ts";
import { wideExp2, wideLog2 } from "./polynomials.ts";

const rootHalf = 0x3f3504f3;
const rounding = 1.5 * 2 ** 52;

/** The upper half of the lanes moved to the lower one. */
function upper(f: FunctionBuilder, a: Code): Code {
  if (f.vectorBytes > 16) return wide("turn", f.vectorBytes / 8, a);
  return shuffle([8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7], a, a);
}

/** The lower halves of two vectors. */
function joined(f: FunctionBuilder, low: Code, high: Code): Code {
  if (f.vectorBytes === 16) return shuffle([0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23], low, high);
  return wide("shuffle_pieces", f.vectorBytes === 32 ? 0 : 0b01_00_01_00, low, high);
}

/** `2^(y·log2(2^e·m))` of the lower half of the lanes, as floats. */
function lowerPower(v: Lanes, m: Code, e: Code, y: Code): Code {
  const base = v.let(op("f64x.promote_low_f32x", m));
  const s = v.let(op("f64x.div", op("f64x.sub", base, v.d(1)), op("f64x.add", base, v.d(1))));
  const z = v.let(op("f64x.mul", s, s));
  const logarithm = maddWide(v, s, hornerWide(v, z, wideLog2), op("f64x.convert_low_i32x_s", e));
  const product = op("f64x.mul", logarithm, op("f64x.promote_low_f32x", y));
  // 2^±200 overflows or underflows. pmin and pmax return the first operand if either is NaN.
  const t = v.let(op("f64x.pmax", op("f64x.pmin", product, v.d(200)), v.d(-200)));
  const biased = v.let(op("f64x.add", t, v.d(rounding)));
  const r = v.let(op("f64x.sub", t, op("f64x.sub", biased, v.d(rounding))));
  const p = op("i64x.add", hornerWide(v, r, wideExp2), op("i64x.shl", biased, i32(52)));
  return op("f32x.demote_f64x_zero", p);
}

/** x to the power of y, with the special cases of C99's annex F. */
export const pow: BinaryExpander = (f, x, y, fused) => {
  const v = new Lanes(f, fused);
  const base = v.let(x);
  const exponent = v.let(y);
  // Lanes whose base is not positive and normal, or whose exponent is not finite.
  const above = v.let(isub(base, v.i(0x00800000)));
  const infiniteExponent = isub(v.i(0x7f7fffff), and(exponent, v.i(0x7fffffff)));
  const unusual = v.condition(anySign(or(or(above, isub(v.i(0x7effffff), above)), infiniteExponent)));
  const a = v.variable(base);
  const subnormal = (): Code => compare("lt", v0, f32x(2 ** -126));
  const v0: Code = op("f32x.abs", base);
  v.rarely(unusual, set(a, select(subnormal(), mul(v0, f32x(2 ** 23)), v0)));
  const offset = v.let(isub(get(a), v.i(rootHalf)));
  const e = v.variable(sar(offset, 23));
  v.rarely(unusual, set(e, isub(get(e), and(subnormal(), i32x(23)))));
  const m = v.let(iadd(and(offset, v.i(0x007fffff)), v.i(rootHalf)));
  const low = v.let(lowerPower(v, m, get(e), exponent));
  const high = v.let(lowerPower(v, upper(f, m), upper(f, get(e)), upper(f, exponent)));
  const value = v.variable(joined(f, low, high));
  v.rarely(unusual, fixSpecialCases(v, base, exponent, value));
  return v.result(get(value));
};

/** Fixes the special cases. */
function fixSpecialCases(v: Lanes, x: Code, y: Code, value: ReturnType<Lanes["variable"]>): Code {
  const temporary = v.variable(f32x(0));
  const a = op("f32x.abs", x);
  const infinity = f32x(Infinity);
  const one = f32x(1);
  const infinite = compare("eq", a, infinity);
  const half = mul(y, f32x(0.5));
  const integral = compare("eq", op("f32x.trunc", y), y);
  const odd = and(integral, compare("ne", op("f32x.trunc", half), half));
  const outward = xor(compare("lt", y, f32x(0)), infinite);
  const finiteNegative = and(compare("lt", x, f32x(0)), compare("lt", a, infinity));
  const toOne = or(
    or(compare("eq", y, f32x(0)), compare("eq", x, one)),
    and(compare("eq", a, one), compare("eq", op("f32x.abs", y), infinity)),
  );
  return [
    // Powers of 0 and ∞ are 0 or ∞.
    set(temporary, or(infinite, compare("eq", x, f32x(0)))),
    set(value, select(get(temporary), and(outward, infinity), get(value))),
    // Odd integer exponents keep the sign of the base. Non-integer powers of negative numbers are NaN.
    set(value, xor(get(value), and(and(x, odd), i32x(-(2 ** 31))))),
    set(value, or(get(value), andNot(finiteNegative, integral))),
    // NaN gives NaN, except that x^0 and 1^y are always 1.
    set(value, or(get(value), or(compare("ne", x, x), compare("ne", y, y)))),
    set(value, select(toOne, one, get(value))),
  ];
}
