/** float32 to float16 and back, four lanes of which each holds the 16 bits of a half below zeros. */
import { type Code, op } from "../../../wasm/assembler.ts";
import {
  add,
  and,
  compare,
  iadd,
  isub,
  Lanes,
  magnitude,
  mul,
  or,
  select,
  shl,
  shr,
  type UnaryExpander,
} from "./lanes.ts";

/** Halves to floats, exactly. */
export const fromHalf: UnaryExpander = (f, h) => {
  const v = new Lanes(f);
  const bits = v.let(h);
  // Read as a float, the shifted magnitude is 2^112 times too small, subnormal halves included.
  const shifted = v.let(shl(and(bits, v.i(0x7fff)), 13));
  const scaled = mul(shifted, v.c(2 ** 112));
  const special = and(op("i32x4.gt_s", shifted, v.i(0x0f7fffff)), v.i(0x7f800000));
  return v.result(or(or(scaled, special), shl(and(bits, v.i(0x8000)), 16)));
};

/** Floats to the nearest halves, ties to even; every NaN becomes the quiet one of its sign. */
export const toHalf: UnaryExpander = (f, x) => {
  const v = new Lanes(f);
  const given = v.let(x);
  const a = v.let(magnitude(v, given));
  // Whatever is above the largest half meets the bits of infinity.
  const bounded = v.let(op("i32x4.min_s", a, v.i(0x47800000)));
  const tie = and(shr(bounded, 13), v.i(1));
  const normal = v.let(shr(iadd(iadd(bounded, v.i(0xfff - 0x38000000)), tie), 13));
  // Of ½ + a the last bit is worth 2^-24, as that of a subnormal half.
  const subnormal = v.let(isub(add(a, v.c(0.5)), v.c(0.5)));
  const value: Code = select(compare("lt", a, v.c(2 ** -14)), subnormal, normal);
  const quiet = and(op("i32x4.gt_s", a, v.i(0x7f800000)), v.i(0x200));
  return v.result(or(or(value, quiet), and(shr(given, 16), v.i(0x8000))));
};
