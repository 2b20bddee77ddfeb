/** The Box-Muller transform (1958): pairs of normal numbers in float32 from pairs of 32-bit words. */
import type { FunctionBuilder } from "../../../../code/module.ts";
import { type Code, get, type Local, op, set } from "../../../../code/tree.ts";
import { andNot, iadd, isub, Lanes, mul, sar, select, shl, shr, sub } from "../../math/lanes.ts";
import { logOfNormal } from "../../math/logarithm.ts";
import { sinCos } from "../../math/trigonometric.ts";

/**
 * Code that replaces four words u and four words v by `r·cos(2πv)` and `r·sin(2πv)` with `r = sqrt(−2·log(1 − u))`, where both
 * words are fractions of 2^32. The results are within 4 ulp of the same in float64, and bit for bit those of the reference.
 */
export function boxMuller(f: FunctionBuilder, u: Local, v: Local): Code {
  // Without fused operations, so that every runtime gives the reference's bits: see backends/reference/normal.ts.
  const lanes = new Lanes(f, false);
  const toFloat = (word: Code): Code => op("f32x.convert_i32x_s", word);
  // As a signed number the word is u below ½, and u − 1 above it: the smaller of u and 1 − u, with all its digits.
  const signed = lanes.let(mul(toFloat(get(u)), lanes.c(2 ** -32)));
  const large = lanes.let(sar(get(u), 31));
  const rest = lanes.let(sub(lanes.c(1), signed));
  const lost = sub(sub(lanes.c(1), rest), signed);
  const remaining = lanes.let(select(large, sub(lanes.c(0), signed), rest));
  const logarithm = logOfNormal(lanes, remaining, lanes.let(andNot(lost, large)));
  const radius = lanes.let(op("f32x.sqrt", mul(logarithm, lanes.c(-2))));
  // A turn has four quarters of 2^30. Take the nearest quarter; the remainder is exact.
  const quarter = lanes.let(shr(iadd(get(v), lanes.i(1 << 29)), 30));
  const angle = lanes.let(mul(toFloat(isub(get(v), shl(quarter, 30))), lanes.c(Math.PI / 2 * 2 ** -30)));
  const { sin, cos } = sinCos(lanes, angle, quarter);
  return lanes.result([set(u, mul(radius, cos)), set(v, mul(radius, sin))]);
}
