/**
 * The discrete Fourier transform of any length, composed of matrix products (docs/decisions/014-fft.md).
 *
 * Inside, a complex signal is two planes, real parts and imaginary parts, so that a short transform is one real matrix
 * product. A longer one is split by Cooley and Tukey: with n = n1 · n2, j = j1 · n2 + j2 and k = k1 + n1 · k2,
 *
 *     X[k] = Σ_j2 w_n2^(j2·k2) · w_n^(j2·k1) · Σ_j1 w_n1^(j1·k1) · x[j]
 *
 * Lengths with a large prime factor become a convolution of a smooth length (Bluestein).
 */
import { getDevice } from "../device.ts";
import { fused } from "../engine/fuse.ts";
import { tidy } from "../memory/scope.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fromTypedArray } from "./creation.ts";
import { chirp, type Direction, type Factors, factors, transformMatrix, twiddles } from "./fft_tables.ts";
import { padded } from "./join.ts";

/** Up to this length a transform is one product. */
const longestProduct = 64;
/** Longer ones are split into factors of about this size: larger products take more arithmetic, smaller ones more passes over memory. */
const usualPart = 32;
/** Prime factors up to this are one product too: Bluestein's two transforms of more than twice the length take longer. */
const longestPrime = 200;

/**
 * Transforms the last dimension.
 *
 * @param x of shape `[batch, 2, n]`, or `[batch, 1, n]` for real signals.
 * @returns a view of shape `[batch, 2, …]`, whose dims from the third on are the digits of the frequency: reshape to
 * `[batch, 2, n]` for the frequencies in order.
 */
export function transform(x: Tensor, direction: Direction, scale: number): Tensor {
  const [batch, planes, n] = x.shape as unknown as [number, number, number];
  const n1 = firstFactor(n);
  if (n1 === 0) return bluestein(x, direction, scale);
  if (n1 === n) {
    const matrix = transformMatrix(n, planes, direction, scale, x);
    return x.reshape([batch, planes * n]).matmul(matrix.t()).reshape([batch, 2, n]);
  }
  const n2 = n / n1;
  const first = transformMatrix(n1, planes, direction, 1, x).matmul(x.reshape([batch, planes * n1, n2]));
  const turned = timesComplex(first.reshape([batch, 2, n1, n2]), twiddles(n1, n2, direction, x), true);
  const second = transform(turned.reshape([batch * n1, 2, n2]), direction, scale);
  const digits = second.shape.slice(2);
  const split = second.unflatten(0, [batch, n1]);
  return split.permute([0, 2, ...digits.map((_, d) => d + 3), 1]);
}

/** The factor that the first pass transforms: n if one product suffices, 0 for Bluestein. */
function firstFactor(n: number): number {
  if (n <= longestProduct) return n;
  const root = n ** (1 / Math.ceil(Math.log(n) / Math.log(usualPart) - 1e-9));
  let best = 0;
  for (let d = 2; d <= longestProduct; d++) {
    if (n % d === 0 && Math.abs(Math.log(d / root)) <= Math.abs(Math.log(best / root))) best = d;
  }
  if (best > 0) return best;
  for (let d = longestProduct + 1; d <= longestPrime; d++) if (n % d === 0) return d;
  return 0;
}

const product = fused("fft", (x, other, re, im) => x.mul(re).add(other.mul(im)));

/** Planes `[batch, 2, …]` times complex factors; `inner` puts the planes behind the third dim: `[batch, n1, 2, n2]`. */
function timesComplex(x: Tensor, { re, im }: Factors, inner = false): Tensor {
  if (!inner) return product([x, x.flip(1), re, im]);
  const moved = x.transpose(1, 2);
  return product([moved, moved.flip(2), re.transpose(0, 1), im.transpose(0, 1)]);
}

/** The smallest length from n on without prime factors above 5. */
function smoothLength(n: number): number {
  for (let length = n;; length++) {
    let rest = length;
    for (const p of [2, 3, 5]) while (rest % p === 0) rest /= p;
    if (rest === 1) return length;
  }
}

/** With j · k = (j² + k² − (k − j)²) / 2, a transform is a convolution with a chirp, which transforms of a smooth length compute. */
function bluestein(x: Tensor, direction: Direction, scale: number): Tensor {
  const [batch, planes, n] = x.shape as unknown as [number, number, number];
  const length = smoothLength(2 * n - 1);
  const before = factors(`chirp ${n} ${direction} 1`, [n], x, () => chirp(n, direction, 1));
  const after = factors(`chirp ${n} ${direction} ${scale}`, [n], x, () => chirp(n, direction, scale));
  const spectrum = factors(`spectrum ${n} ${direction}`, [length], x, () => chirpSpectrum(n, length, direction));
  const complex = planes === 2 ? x : padded(x, 1, 0, 1);
  const signal = padded(timesComplex(complex, before), 2, 0, length - n);
  const transformed = transform(signal, -1, 1);
  const digits = transformed.shape.slice(2);
  const multiplied = timesComplex(transformed, {
    re: spectrum.re.reshape([1, ...digits]),
    im: spectrum.im.reshape([2, ...digits]),
  });
  const convolved = transform(multiplied.reshape([batch, 2, length]), 1, 1).reshape([batch, 2, length]);
  return timesComplex(convolved.narrow(2, 0, n), after);
}

/** The spectrum of the conjugate chirp, wrapped around, divided by the length. */
function chirpSpectrum(n: number, length: number, direction: Direction): { re: Float64Array; im: Float64Array } {
  const { re, im } = chirp(n, direction === 1 ? -1 : 1, 1 / length);
  const wrapped = new Float64Array(2 * length);
  for (let j = 0; j < n; j++) {
    for (const at of [j, (length - j) % length]) {
      wrapped[at] = re[j]!;
      wrapped[length + at] = im[j]!;
    }
  }
  const values = tidy(() => {
    const x = fromTypedArray(wrapped, [1, 2, length], { device: getDevice("cpu") });
    return transform(x, -1, 1).reshape([2 * length]).toTypedArray("float64");
  });
  return { re: values.subarray(0, length), im: values.subarray(length) };
}
