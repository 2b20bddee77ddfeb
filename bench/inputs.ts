/**
 * `count` numbers from -1 to 1 that look random and depend only on `seed` and their position: 32-bit integer
 * arithmetic, the same in every contender, so that inputs need not be sent. `peers/pytorch.py` has the same function.
 */
export function uniform(
  seed: number,
  count: number,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(count);
  const start = Math.imul(seed, 0x9e3779b9);
  for (let i = 0; i < count; i++) {
    let h = Math.imul(i + start | 0, 0x85ebca6b);
    h = Math.imul(h ^ h >>> 13, 0xc2b2ae35);
    h = (h ^ h >>> 16) >>> 0;
    values[i] = h / 2 ** 31 - 1;
  }
  return values;
}
