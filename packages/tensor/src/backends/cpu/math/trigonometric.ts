/** sin, cos, tan and sinc. */
import { type Code, get, i32, op } from "../../../code/tree.ts";
import {
  add,
  and,
  compare,
  div,
  iadd,
  Lanes,
  lesser,
  magnitude,
  mul,
  select,
  shl,
  signOf,
  sub,
  type UnaryExpander,
  xor,
} from "./lanes.ts";
import { cosTail, sinTail, tanTail } from "./polynomials.ts";
import { reduceHuge } from "./huge_angle.ts";

/** π/2 is the sum of this and `Math.PI / 2`. */
const halfPiBeyond = 6.123233995736766e-17;

/** Splits π/2 into parts of the given numbers of bits, and a last one in float32. */
function partsOfHalfPi(bits: readonly number[]): number[] {
  let rest = Math.PI / 2;
  const parts = bits.map((count) => {
    const unit = 2 ** (Math.floor(Math.log2(Math.abs(rest))) + 1 - count);
    const part = Math.round(rest / unit) * unit;
    rest -= part;
    return part;
  });
  return [...parts, Math.fround(rest + halfPiBeyond)];
}

/**
 * `x = k·π/2 + r` for non-negative x, with |r| at most slightly above π/4, and k in the lowest bits. Cody-Waite reduction: parts of
 * π/2 are subtracted one by one, exactly for angles up to `bound`. Larger angles use Payne-Hanek reduction.
 */
function reduce(v: Lanes, x: Code): { r: Code; k: Code } {
  // Products are exact with fused multiply-add. Otherwise they must fit in 24 bits: 14 of a part and 10 of k.
  const parts = partsOfHalfPi(v.fused ? [24, 24] : [14, 14, 14]);
  const bound = v.fused ? 65536 : 1600;
  const rounding = v.c(1.5 * 2 ** 23);
  const biased = v.let(v.madd(x, v.c(2 / Math.PI), rounding));
  const n = v.let(sub(biased, rounding));
  const r = v.variable(parts.reduce((rest, part) => v.nmadd(n, v.c(part), rest), x));
  const k = v.variable(biased);
  const huge = op("i32x.gt_s", x, v.c(bound));
  v.rarely(op("i32x.bitmask", huge), reduceHuge(v, x, bound, r, k));
  return { r: get(r), k: get(k) };
}

const sinOf = (v: Lanes, r: Code, z: Code): Code => v.madd(mul(r, z), v.horner(z, sinTail), r);
const cosOf = (v: Lanes, z: Code): Code => v.madd(mul(z, z), v.horner(z, cosTail), v.nmadd(z, v.c(0.5), v.c(1)));

/** A mask of the lanes whose lowest bit is set. */
const oddOnes = (v: Lanes, k: Code): Code => v.let(op("i32x.shr_s", shl(k, 31), i32(31)));
/** The second lowest bit, moved to the sign. */
const signBit = (v: Lanes, k: Code): Code => and(shl(k, 30), v.c(-0));

/** sin(r + k·π/2), with k in the lowest bits. */
function quadrant(v: Lanes, r: Code, k: Code): Code {
  const z = v.let(mul(r, r));
  const value = select(oddOnes(v, k), v.let(cosOf(v, z)), v.let(sinOf(v, r, z)));
  return xor(value, signBit(v, k));
}

/** sin and cos of r + k·π/2, with k in the lowest bits and |r| at most π/4. */
export function sinCos(v: Lanes, r: Code, k: Code): { sin: Code; cos: Code } {
  const z = v.let(mul(r, r));
  const [c, s, odd] = [v.let(cosOf(v, z)), v.let(sinOf(v, r, z)), oddOnes(v, k)];
  return {
    sin: v.let(xor(select(odd, c, s), signBit(v, k))),
    cos: v.let(xor(select(odd, s, c), signBit(v, v.let(iadd(k, v.i(1)))))),
  };
}

/** Sine. */
export const sin: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const given = v.let(x);
  const { r, k } = reduce(v, v.let(magnitude(v, given)));
  return v.result(xor(quadrant(v, r, k), signOf(v, given)));
};

/** Cosine. */
export const cos: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const { r, k } = reduce(v, v.let(magnitude(v, x)));
  return v.result(quadrant(v, r, v.let(iadd(k, v.i(1)))));
};

/** Tangent. */
export const tan: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const given = v.let(x);
  const { r, k } = reduce(v, v.let(magnitude(v, given)));
  const z = v.let(mul(r, r));
  const t = v.let(v.madd(mul(r, z), v.horner(z, tanTail), r));
  return v.result(xor(select(oddOnes(v, k), div(v.c(-1), t), t), signOf(v, given)));
};

/** sin(πx) / (πx). Half turns are taken off before the multiplication by π, which is exact. */
export const sinc: UnaryExpander = (f, x, fused) => {
  const v = new Lanes(f, fused);
  const a = v.let(magnitude(v, x));
  // From 2^24 on all numbers are even, and their sines 0.
  const bounded = v.let(lesser(a, v.c(2 ** 24)));
  const quarters = v.let(op("f32x.nearest", add(bounded, bounded)));
  const r = v.let(mul(v.nmadd(quarters, v.c(0.5), bounded), v.c(Math.PI)));
  const sine = quadrant(v, r, v.let(op("i32x.trunc_sat_f32x_s", quarters)));
  // a − a makes NaN of infinities, and takes the sign from zeros.
  const value = add(div(sine, mul(a, v.c(Math.PI))), sub(a, a));
  return v.result(select(compare("eq", a, v.c(0)), v.c(1), v.let(value)));
};
