/**
 * Philox 4×32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011). A counter
 * and a key give four 32-bit words, in any order of computation, so that every backend draws the same stream.
 */

const m0 = 0xd2511f53;
const m1 = 0xcd9e8d57;
const w0 = 0x9e3779b9;
const w1 = 0xbb67ae85;

function mulHigh(a: number, b: number): number {
  const [ah, al, bh, bl] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff];
  const low = al * bl;
  const mid = ah * bl + (low >>> 16);
  const mid2 = al * bh + (mid % 0x10000);
  return (ah * bh + Math.floor(mid / 0x10000) + Math.floor(mid2 / 0x10000)) >>> 0;
}

/** Writes the four words of block `counter` (an integer below 2^53) under a key of two words to `out`. */
export function philox(counter: number, key0: number, key1: number, out: Uint32Array): void {
  let c0 = counter >>> 0;
  let c1 = Math.floor(counter / 0x100000000) >>> 0;
  let c2 = 0;
  let c3 = 0;
  let k0 = key0;
  let k1 = key1;
  for (let round = 0; round < 10; round++) {
    const h0 = mulHigh(m0, c0);
    const l0 = Math.imul(m0, c0);
    const h1 = mulHigh(m1, c2);
    const l1 = Math.imul(m1, c2);
    c0 = (h1 ^ c1 ^ k0) >>> 0;
    c1 = l1 >>> 0;
    c2 = (h0 ^ c3 ^ k1) >>> 0;
    c3 = l0 >>> 0;
    k0 = (k0 + w0) >>> 0;
    k1 = (k1 + w1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** How many elements one block of four words makes: float64 takes two words each, everything else one. */
export function elementsPerBlock(dtype: string): number {
  return dtype === "float64" ? 2 : 4;
}
