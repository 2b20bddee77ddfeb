/** Logarithms. */
import { type Code, f32x, get, op, set } from "../../../code/tree.ts";
import {
  add,
  and,
  anySign,
  compare,
  iadd,
  isub,
  Lanes,
  mul,
  or,
  sar,
  select,
  shl,
  signOf,
  sub,
  type UnaryExpander,
} from "./lanes.ts";
import { logTail } from "./polynomials.ts";

/** The bits of √½, the lower end of the mantissa's interval. */
const rootHalf = 0x3f3504f3;

/** The parts of a logarithm of x: `x = 2^e · (1 + f)`, and `tail = log(1 + f) − f`. */
interface Parts {
  readonly e: Code;
  readonly f: Code;
  readonly tail: Code;
}

/** Whether any lane is not a positive normal number (i32). */
function anyUnusual(x: Code, v: Lanes): Code {
  const above = v.let(isub(x, v.i(0x00800000)));
  return anySign(or(above, isub(v.i(0x7effffff), above)));
}

/** The exponent of a positive normal x, and its mantissa (from √½ to √2) minus 1. */
function decompose(v: Lanes, x: Code): { power: Code; f: Code } {
  const above = v.let(isub(x, v.i(rootHalf)));
  const mantissa = iadd(and(above, v.i(0x007fffff)), v.i(rootHalf));
  return { power: v.let(sar(above, 23)), f: v.let(sub(mantissa, v.c(1))) };
}

function tailOf(v: Lanes, f: Code): Code {
  const z = v.let(mul(f, f));
  return v.let(v.nmadd(z, v.c(0.5), mul(mul(f, z), v.horner(f, logTail))));
}

/** `f` of `x + beyond`, a sum that needs more digits than x has. */
function corrected(v: Lanes, f: Code, power: Code, beyond: Code): Code {
  // If 2^-e is subnormal, `beyond` is negligible.
  const scale = shl(isub(v.i(127), op("i32x.min_s", power, v.i(126))), 23);
  return v.let(v.madd(beyond, scale, f));
}

/**
 * Computes the parts of `x + beyond`, and from them the logarithm with `combine`. Fixes the results for x that is not positive
 * and normal.
 */
function logarithm(v: Lanes, x: Code, combine: (parts: Parts) => Code, beyond: Code | null = null): Code {
  const given = v.let(x);
  const unusual = v.condition(anyUnusual(given, v));
  const scaled = v.variable(given);
  const subnormal = (): Code => compare("lt", given, f32x(2 ** -126));
  v.rarely(unusual, set(scaled, select(subnormal(), mul(given, f32x(2 ** 23)), given)));
  const { power, f } = decompose(v, get(scaled));
  const e = v.variable(op("f32x.convert_i32x_s", power));
  v.rarely(unusual, set(e, sub(get(e), and(subnormal(), f32x(23)))));
  const fraction = beyond === null ? f : corrected(v, f, power, beyond);
  const value = v.variable(combine({ e: get(e), f: fraction, tail: tailOf(v, fraction) }));
  // Zero gives −∞, +∞ gives +∞, NaN and negative numbers give NaN.
  const zeroOrNot = or(f32x(-Infinity), compare("ne", given, f32x(0)));
  const finite = select(compare("gt", given, f32x(0)), get(value), zeroOrNot);
  v.rarely(unusual, set(value, select(compare("eq", given, f32x(Infinity)), given, finite)));
  return get(value);
}

/** The upper 16 bits of ln 2. */
export const ln2High = 0.693145751953125;

function naturalOf(v: Lanes, { e, f, tail }: Parts): Code {
  return v.madd(e, v.c(ln2High), add(v.madd(e, v.c(Math.LN2 - ln2High), tail), f));
}

/** The natural logarithm of `x + beyond`, for positive normal x. */
export function logOfNormal(v: Lanes, x: Code, beyond: Code): Code {
  const { power, f } = decompose(v, x);
  const fraction = corrected(v, f, power, beyond);
  return v.let(naturalOf(v, { e: op("f32x.convert_i32x_s", power), f: fraction, tail: tailOf(v, fraction) }));
}

/** log(1 + x) without the sign of zero. */
export function log1pOf(v: Lanes, x: Code): Code {
  // Add the rounding error of 1 + x to f. The difference is exact up to 2^24; beyond it the error is negligible.
  const sum = v.let(add(x, v.c(1)));
  const lost = sub(x, sub(sum, v.c(1)));
  return logarithm(v, sum, (parts) => naturalOf(v, parts), v.let(lost));
}

/** log(1 + x). */
export const log1p: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const given = v.let(x);
  return v.result(or(log1pOf(v, given), signOf(v, given)));
};

/** Natural logarithm. */
export const log: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  return v.result(logarithm(v, x, (parts) => naturalOf(v, parts)));
};

/** Exact for powers of two. */
export const log2: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const combine = ({ e, f, tail }: Parts): Code => {
    // (f + tail)·log2(e) with log2(e) = 1 + 0.44…, computed as a sum.
    const beyond = v.c(Math.LOG2E - 1);
    const small = v.madd(f, beyond, v.madd(tail, beyond, tail));
    return add(add(small, f), e);
  };
  return v.result(logarithm(v, x, combine));
};

/** The upper bits of log10(e) and log10(2). */
const log10eHigh = 0.43359375;
const log10of2High = 0.30078125;

/** Decimal logarithm. */
export const log10: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const combine = ({ e, f, tail }: Parts): Code => {
    const low = v.madd(e, v.c(Math.log10(2) - log10of2High), mul(add(f, tail), v.c(Math.LOG10E - log10eHigh)));
    const middle = v.madd(f, v.c(log10eHigh), v.madd(tail, v.c(log10eHigh), low));
    return v.madd(e, v.c(log10of2High), middle);
  };
  return v.result(logarithm(v, x, combine));
};
