/** The frequencies of a transform, and reordering them. */
import { checkNumber, checkNumbers, checkTensor } from "../engine/checks.ts";
import { checkOptions } from "../options.ts";
import { normalizeDim, showShape } from "../shape.ts";
import type { TensorOptions } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { optionDType } from "./conversion.ts";
import { deviceOf, fromElements, withOptions } from "./from_elements.ts";

/** Options of {@link fftfreq} and {@link rfftfreq}. */
export interface FrequencyOptions extends TensorOptions {
  /** The time from one sample to the next (default 1): frequencies are in its inverse. */
  readonly d?: number;
}

function frequencies(
  operation: string,
  n: number,
  options: FrequencyOptions,
  count: number,
  number: (k: number) => number,
): Tensor {
  checkOptions(operation, options, ["d", "dtype", "device", "requiresGrad"]);
  const { d = 1 } = options;
  if (!Number.isInteger(n) || n < 1) {
    throw new RangeError(`${operation}: n is ${n}; a transform takes a whole number of points, at least 1`);
  }
  checkNumber(operation, "d", d);
  if (d === 0) throw new RangeError(`${operation}: d is 0; give the time from one sample to the next`);
  const dtype = optionDType(operation, options.dtype, "float32");
  return withOptions(fromElements(operation, dtype, [count], deviceOf(options), (k) => number(k) / (n * d)), options);
}

/**
 * The frequencies of {@link fft} of n points: `[0, 1, …, −2, −1] / (n · d)` (PyTorch: `torch.fft.fftfreq`).
 *
 * @throws RangeError when n is not a whole number from 1 on, or d is 0.
 *
 * @example
 * ```ts
 * import { fftfreq } from "@heddle/tensor";
 * fftfreq(4).toArray(); // [0, 0.25, -0.5, -0.25]
 * ```
 */
export function fftfreq(n: number, options: FrequencyOptions = {}): Tensor {
  return frequencies("fftfreq", n, options, n, (k) => k < n / 2 ? k : k - n);
}

/**
 * The frequencies of {@link rfft} of n points: `[0, 1, …, ⌊n / 2⌋] / (n · d)` (PyTorch: `torch.fft.rfftfreq`).
 *
 * @throws RangeError as {@link fftfreq}.
 *
 * @example
 * ```ts
 * import { rfftfreq } from "@heddle/tensor";
 * rfftfreq(8, { d: 0.5 }).toArray(); // [0, 0.25, 0.5, 0.75, 1]
 * ```
 */
export function rfftfreq(n: number, options: FrequencyOptions = {}): Tensor {
  return frequencies("rfftfreq", n, options, Math.floor(n / 2) + 1, (k) => k);
}

/** Options of {@link fftshift} and {@link ifftshift}. */
export interface ShiftOptions {
  /** The dimensions, not counting that of the pairs. Default: all. */
  readonly dim?: number | readonly number[];
  /** Whether the last dimension has the pairs of complex numbers. Required when it has two elements. */
  readonly complex?: boolean;
}

function shifted(operation: string, x: Tensor, options: ShiftOptions, by: (size: number) => number): Tensor {
  checkOptions(operation, options, ["dim", "complex"]);
  checkTensor(operation, x, "x");
  const pairs = x.ndim > 0 && x.shape.at(-1) === 2;
  if (pairs && options.complex === undefined || options.complex && !pairs) {
    throw new RangeError(
      `${operation}: x has shape ${showShape(x.shape)}; ` +
        (pairs
          ? "pass complex: true if the last dimension holds pairs of real and imaginary parts, complex: false if not"
          : "complex: true needs a last dimension of 2, the real and the imaginary part"),
    );
  }
  const ndim = x.ndim - (options.complex ? 1 : 0);
  const { dim = Array.from({ length: ndim }, (_, d) => d) } = options;
  checkNumbers(operation, "dim", dim);
  const dims = (typeof dim === "number" ? [dim] : dim).map((d) => normalizeDim(operation, d, ndim));
  return dims.length === 0 ? x.clone() : x.roll(dims.map((d) => by(x.shape[d]!)), dims);
}

/**
 * Moves frequency 0 to the middle of each dimension (PyTorch: `torch.fft.fftshift`).
 *
 * @throws RangeError when the last dimension is 2 and `complex` does not say whether it has pairs.
 *
 * @example
 * ```ts
 * import { fftfreq, fftshift } from "@heddle/tensor";
 * fftshift(fftfreq(4)).toArray(); // [-0.5, -0.25, 0, 0.25]
 * ```
 */
export function fftshift(x: Tensor, options: ShiftOptions = {}): Tensor {
  return shifted("fftshift", x, options, (size) => Math.floor(size / 2));
}

/** The inverse of {@link fftshift} (PyTorch: `torch.fft.ifftshift`). @throws RangeError as {@link fftshift}. */
export function ifftshift(x: Tensor, options: ShiftOptions = {}): Tensor {
  return shifted("ifftshift", x, options, (size) => Math.ceil(size / 2));
}
