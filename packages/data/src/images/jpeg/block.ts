/** Where the coefficients of a block stand, row by row, in the order in which they come. */
export const ZIGZAG: Uint8Array = Uint8Array.of(
  ...[0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48],
  ...[41, 34, 27, 20, 13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23],
  ...[30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63],
);

const work = new Int32Array(64);

/**
 * The samples of a block: the inverse cosine transform in whole numbers as libjpeg's `jidctint.c` does it (Loeffler,
 * Ligtenberg and Moschytz 1989), to the same bits.
 *
 * @param coefficients 64 from `from` on, row by row
 * @param table what they are multiplied by, row by row
 * @param stride samples in a row of `samples`
 */
export function transformBlock(
  coefficients: Int16Array,
  from: number,
  table: Uint16Array,
  samples: Uint8Array,
  to: number,
  stride: number,
): void {
  for (let i = 0; i < 64; i++) work[i] = coefficients[from + i]! * table[i]!;
  for (let x = 0; x < 8; x++) transformLine(x, 8, 11);
  for (let y = 0; y < 8; y++) {
    transformLine(8 * y, 1, 18);
    for (let x = 0; x < 8; x++) {
      const value = work[8 * y + x]! + 128;
      samples[to + x] = value < 0 ? 0 : value > 255 ? 255 : value;
    }
    to += stride;
  }
}

/** Eight values of `work` in place, `step` apart; what comes out is divided by 2^shift. The constants have 13 bits. */
function transformLine(at: number, step: number, shift: number): void {
  const i1 = at + step, i2 = i1 + step, i3 = i2 + step, i4 = i3 + step, i5 = i4 + step, i6 = i5 + step, i7 = i6 + step;
  const half = 1 << (shift - 1);
  const w0 = work[at]!, w1 = work[i1]!, w2 = work[i2]!, w3 = work[i3]!;
  const w4 = work[i4]!, w5 = work[i5]!, w6 = work[i6]!, w7 = work[i7]!;
  if ((w1 | w2 | w3 | w4 | w5 | w6 | w7) === 0) {
    const value = ((w0 << 13) + half) >> shift;
    work[at] =
      work[i1] =
      work[i2] =
      work[i3] =
      work[i4] =
      work[i5] =
      work[i6] =
      work[i7] =
        value;
    return;
  }
  const even = (w2 + w6) * 4433, e2 = even - w6 * 15137, e3 = even + w2 * 6270;
  const e0 = (w0 + w4) << 13, e1 = (w0 - w4) << 13;
  const a0 = e0 + e3, a3 = e0 - e3, a1 = e1 + e2, a2 = e1 - e2;
  const all = (w7 + w3 + w5 + w1) * 9633;
  const z1 = (w7 + w1) * -7373, z2 = (w5 + w3) * -20995;
  const z3 = (w7 + w3) * -16069 + all, z4 = (w5 + w1) * -3196 + all;
  const b0 = w7 * 2446 + z1 + z3, b1 = w5 * 16819 + z2 + z4, b2 = w3 * 25172 + z2 + z3, b3 = w1 * 12299 + z1 + z4;
  work[at] = (a0 + b3 + half) >> shift;
  work[i7] = (a0 - b3 + half) >> shift;
  work[i1] = (a1 + b2 + half) >> shift;
  work[i6] = (a1 - b2 + half) >> shift;
  work[i2] = (a2 + b1 + half) >> shift;
  work[i5] = (a2 - b1 + half) >> shift;
  work[i3] = (a3 + b0 + half) >> shift;
  work[i4] = (a3 - b0 + half) >> shift;
}
