/** Payne-Hanek reduction of large angles modulo π/2: only the bits of 2/π that affect the fraction are multiplied. */
import {
  choose,
  type Code,
  f32,
  f64,
  get,
  i32,
  i64,
  lane,
  type Local,
  op,
  set,
  when,
  whileLoop,
  wide,
} from "../../../code/tree.ts";
import type { Lanes } from "./lanes.ts";

/** 2/π in binary: 64 zeros before the point, 256 bits after it. */
export const twoOverPi: readonly bigint[] = [
  0n,
  0xa2f9836e4e441529n,
  0xfc2757d1f534ddc0n,
  0xdb6295993c439041n,
  0xfe5163abdebbc561n,
];

/**
 * Statements that set the lanes of `r` and `k` whose angle x (non-negative) is above `bound` (at least 1024), so that `x = (4j +
 * k)·π/2 + r`. An infinite angle gives NaN.
 */
export function reduceHuge(v: Lanes, x: Code, bound: number, r: Local, k: Local): Code {
  const bits = v.scalar("i32");
  const shift = v.scalar("i32");
  const high = v.scalar("i64");
  const low = v.scalar("i64");
  const turn = v.scalar("i64");
  const mantissa = v.scalar("i64");
  // With x = M·2^s and M of 24 bits, the fraction of a turn is M·(2/π)·2^(s-2) modulo 1. Bits of 2/π before index 62 + s of the
  // table only contribute whole turns.
  const position = op("i32.sub", op("i32.shr_u", get(bits), i32(23)), i32(150 - 62));
  const word = (offset: number): Code => {
    const at = (n: number): Code => i64(twoOverPi[n + offset] ?? 0n);
    const third = choose("i64", op("i32.lt_s", position, i32(128)), at(1), at(2));
    return choose("i64", op("i32.lt_s", position, i32(64)), at(0), third);
  };
  const by = op("i64.extend_i32_u", get(shift));
  const complement = op("i64.extend_i32_u", op("i32.sub", i32(63), get(shift)));
  const window = (first: number): Code =>
    op(
      "i64.or",
      op("i64.shl", word(first), by),
      op("i64.shr_u", op("i64.shr_u", word(first + 1), i64(1n)), complement),
    );
  const reduceLane = (n: number): Code => [
    set(mantissa, op("i64.extend_i32_u", op("i32.or", op("i32.and", get(bits), i32(0x7fffff)), i32(0x800000)))),
    set(shift, op("i32.and", position, i32(63))),
    set(high, window(0)),
    set(low, window(1)),
    set(
      turn,
      op(
        "i64.add",
        op("i64.mul", get(mantissa), get(high)),
        op("i64.shr_u", op("i64.mul", get(mantissa), op("i64.shr_u", get(low), i64(32n))), i64(32n)),
      ),
    ),
    // Round to the nearest quarter of a turn. The remainder is signed.
    set(high, op("i64.shr_u", op("i64.add", get(turn), i64(1n << 61n)), i64(62n))),
    set(turn, op("i64.sub", get(turn), op("i64.shl", get(high), i64(62n)))),
    set(k, lane("i32x.replace_lane", n, get(k), op("i32.wrap_i64", get(high)))),
    set(
      r,
      lane(
        "f32x.replace_lane",
        n,
        get(r),
        op("f32.demote_f64", op("f64.mul", op("f64.convert_i64_s", get(turn)), f64(Math.PI / 2 * 2 ** -62))),
      ),
    ),
  ];
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, bound);
  const oneLane = (n: number, x: Code): Code => [
    set(bits, lane("i32x.extract_lane", n, x)),
    when(
      op("i32.gt_s", get(bits), i32(view.getInt32(0))),
      when(
        op("i32.lt_s", get(bits), i32(0x7f800000)),
        reduceLane(n),
        set(r, lane("f32x.replace_lane", n, get(r), f32(NaN))),
      ),
    ),
  ];
  if (v.vectorBytes === 16) return [0, 1, 2, 3].map((n) => oneLane(n, x));
  // A loop over the first lane of vectors that turn once around, as the code for each of many lanes would be long.
  const turning = v.vector();
  const left = v.scalar("i32");
  return [
    set(turning, x),
    set(left, i32(v.vectorBytes / 4)),
    whileLoop(
      get(left),
      oneLane(0, get(turning)),
      [turning, r, k].map((local) => set(local, wide("turn", 1, get(local)))),
      set(left, op("i32.sub", get(left), i32(1))),
    ),
  ];
}
