/** How transforms of a length are computed, and the constants for it, in float64. */
import type { Direction } from "./fft_stages.ts";
import { unrolledRadices } from "./fft_stages.ts";
import type { Method } from "./fft_module.ts";

/** Lengths with a larger prime factor than this become a convolution: a stage of radix r takes r multiplications for each number. */
const largestRadix = 100;

/** A plan for rows of n complex numbers. */
export interface FftPlan {
  readonly method: Method;
  /** The length that the stages transform: n, or that of the convolution. */
  readonly length: number;
  /** The points in each lane, the product of the radices. */
  readonly m: number;
  readonly radices: readonly number[];
}

/** The radices of a length, in the order of the stages, or null if one is too large. */
function radicesOf(length: number): number[] | null {
  const odd: number[] = [];
  let rest = length;
  let fours = 0;
  for (; rest % 4 === 0; rest /= 4) fours++;
  const twos = rest % 2 === 0 ? 1 : 0;
  if (twos === 1) rest /= 2;
  for (let p = 3; p * p <= rest; p += 2) {
    if (p > largestRadix) return null;
    for (; rest % p === 0; rest /= p) odd.push(p);
  }
  if (rest > largestRadix) return null;
  if (rest > 1) odd.push(rest);
  return [...odd.reverse(), ...new Array<number>(fours).fill(4), ...new Array<number>(twos).fill(2)];
}

/** Plans transforms of n points with so many lanes. */
export function planOf(n: number, lanes: number): FftPlan {
  const whole = n % lanes === 0 && n >= lanes * lanes;
  const m = whole ? n / lanes : n;
  const radices = radicesOf(m);
  if (radices !== null) return { method: whole ? "one" : "several", length: n, m, radices };
  let length = lanes * lanes;
  while (length < 2 * n - 1) length *= 2;
  return { method: "chirp", length, m: length / lanes, radices: radicesOf(length / lanes)! };
}

/** exp(direction · 2πi · k / n), exact over quarter turns. */
function root(k: number, n: number, direction: Direction): readonly [re: number, im: number] {
  const turn = k % n;
  if ((4 * turn) % n === 0) {
    const quarter = 4 * turn / n;
    return [[1, 0, -1, 0][quarter]!, direction * [0, 1, 0, -1][quarter]!];
  }
  const angle = direction * 2 * Math.PI * (turn / n);
  return [Math.cos(angle), Math.sin(angle)];
}

/** The factors of one stage, and its cosines and sines if its radix has no code of its own. */
export function stageFactors(radix: number, m: number, direction: Direction): { factors: number[]; roots: number[] } {
  const [factors, roots]: [number[], number[]] = [[], []];
  for (let p = 0; p < m; p++) for (let k = 1; k < radix; k++) factors.push(...root(p * k, radix * m, direction));
  if (!(unrolledRadices as readonly number[]).includes(radix)) {
    for (let k = 0; k < radix; k++) roots.push(...root(k, radix, 1));
  }
  return { factors, roots };
}

/** The factors of the pass that combines lanes: for each group of elements, lanes 1 to the last, real parts and then imaginary ones. */
export function mergeFactors({ length, m }: FftPlan, lanes: number, direction: Direction): number[] {
  const values: number[] = [];
  for (let group = 0; group < m; group += lanes) {
    const first = Math.min(group, m - lanes);
    for (let lane = 1; lane < lanes; lane++) {
      const roots = Array.from({ length: lanes }, (_, i) => root((first + i) * lane, length, direction));
      for (const part of [0, 1] as const) for (const value of roots) values.push(value[part]);
    }
  }
  return values;
}

/** The factors T of `halvesPass`, from 1 on, for n real numbers. */
export function halvesFactors(n: number, direction: Direction): number[] {
  const values: number[] = [];
  // −i/2 · w^k forward, i · w^−k back.
  for (let k = 1; k <= n / 4; k++) {
    const [re, im] = root(k, n, direction);
    if (direction === -1) values.push(im / 2, -re / 2);
    else values.push(-im, re);
  }
  return values;
}

/** Bluestein's chirp exp(direction · πi · j² / n). */
export function chirpOf(n: number, direction: Direction): Float64Array {
  const values = new Float64Array(2 * n);
  // j² modulo 2n step by step, exactly for every n.
  let square = 0;
  for (let j = 0; j < n; j++) {
    values.set(root(square, 2 * n, direction), 2 * j);
    square = (square + 2 * j + 1) % (2 * n);
  }
  return values;
}

/** The conjugate of the transform of the conjugate chirp, wrapped around to a power of two, divided by that length. */
export function chirpSpectrum(chirp: Float64Array, length: number, direction: Direction): Float64Array {
  const n = chirp.length / 2;
  const values = new Float64Array(2 * length);
  for (let j = 0; j < n; j++) {
    for (const at of [j, (length - j) % length]) {
      values[2 * at] = chirp[2 * j]! / length;
      values[2 * at + 1] = -chirp[2 * j + 1]! / length;
    }
  }
  const result = powerOfTwo(values, direction);
  for (let k = 0; k < length; k++) result[2 * k + 1] = -result[2 * k + 1]!;
  return result;
}

/** A transform of a power of two, of pairs. */
function powerOfTwo(x: Float64Array, direction: Direction): Float64Array {
  let from = x;
  let to: Float64Array = new Float64Array(x.length);
  const half = x.length / 4;
  for (let m = half, s = 1; m >= 1; m /= 2, s *= 2) {
    for (let p = 0; p < m; p++) {
      const [cosine, sine] = root(p, 2 * m, direction);
      for (let q = 0; q < s; q++) {
        const [i, o] = [2 * (q + s * p), 2 * (q + 2 * s * p)];
        const [re, im] = [from[i]! - from[i + 2 * half]!, from[i + 1]! - from[i + 1 + 2 * half]!];
        to[o] = from[i]! + from[i + 2 * half]!;
        to[o + 1] = from[i + 1]! + from[i + 1 + 2 * half]!;
        to[o + 2 * s] = re * cosine - im * sine;
        to[o + 2 * s + 1] = re * sine + im * cosine;
      }
    }
    [from, to] = [to, from];
  }
  return from;
}
