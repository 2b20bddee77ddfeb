/** Window functions: weights that fade a frame of a signal in and out before its spectrum is computed. */
import { checkNumber } from "../engine/checks.ts";
import { checkOptions } from "../options.ts";
import { checkShape } from "../shape.ts";
import type { TensorOptions } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { optionDType } from "./conversion.ts";
import { deviceOf, fromElements, withOptions } from "./from_elements.ts";

/** Options of all windows. */
export interface WindowOptions extends TensorOptions {
  /** Whether the window is one period, for spectra (default), rather than symmetric, for filters. */
  readonly periodic?: boolean;
}

/** Options of {@link hammingWindow}. */
export interface HammingOptions extends WindowOptions {
  /** Default 0.54. */
  readonly alpha?: number;
  /** Default 0.46. */
  readonly beta?: number;
}

/** Options of {@link kaiserWindow}. */
export interface KaiserOptions extends WindowOptions {
  /** Larger values make the window narrower (default 12). */
  readonly beta?: number;
}

const windowOptions = ["periodic", "dtype", "device", "requiresGrad"] as const;

/** Samples `value` over the window, of which 0 is the start and 1 the end. */
function sampled(operation: string, length: number, options: WindowOptions, value: (place: number) => number): Tensor {
  checkShape(operation, [length]);
  const { periodic = true } = options;
  const dtype = optionDType(operation, options.dtype, "float32");
  const steps = periodic ? length : length - 1;
  const each = (i: number) => length === 1 ? 1 : value(i / steps);
  return withOptions(fromElements(operation, dtype, [length], deviceOf(options), each), options);
}

/**
 * Hann's window: sin²(πi / n), or with n − 1 for n when it is not periodic (PyTorch: `torch.hann_window`).
 *
 * @throws RangeError when the length is negative or a fraction.
 *
 * @example
 * ```ts
 * import { hannWindow } from "@heddle/tensor";
 * hannWindow(4).toArray(); // [0, 0.5, 1, 0.5]
 * ```
 */
export function hannWindow(length: number, options: WindowOptions = {}): Tensor {
  checkOptions("hannWindow", options, windowOptions);
  return sampled("hannWindow", length, options, (t) => 0.5 - 0.5 * Math.cos(2 * Math.PI * t));
}

/**
 * Hamming's window: alpha − beta · cos(2πi / n) (PyTorch: `torch.hamming_window`).
 *
 * @throws RangeError when the length is negative or a fraction.
 *
 * @example
 * ```ts
 * import { hammingWindow } from "@heddle/tensor";
 * hammingWindow(4).toArray(); // about [0.08, 0.54, 1, 0.54]
 * ```
 */
export function hammingWindow(length: number, options: HammingOptions = {}): Tensor {
  checkOptions("hammingWindow", options, [...windowOptions, "alpha", "beta"]);
  const { alpha = 0.54, beta = 0.46 } = options;
  checkNumber("hammingWindow", "alpha", alpha);
  checkNumber("hammingWindow", "beta", beta);
  return sampled("hammingWindow", length, options, (t) => alpha - beta * Math.cos(2 * Math.PI * t));
}

/**
 * Blackman's window: 0.42 − 0.5 · cos(2πi / n) + 0.08 · cos(4πi / n) (PyTorch: `torch.blackman_window`).
 *
 * @throws RangeError when the length is negative or a fraction.
 *
 * @example
 * ```ts
 * import { blackmanWindow } from "@heddle/tensor";
 * blackmanWindow(4).toArray(); // about [0, 0.34, 1, 0.34]
 * ```
 */
export function blackmanWindow(length: number, options: WindowOptions = {}): Tensor {
  checkOptions("blackmanWindow", options, windowOptions);
  const value = (t: number) => 0.42 - 0.5 * Math.cos(2 * Math.PI * t) + 0.08 * Math.cos(4 * Math.PI * t);
  return sampled("blackmanWindow", length, options, (t) => Math.max(value(t), 0));
}

/**
 * Bartlett's window, a triangle: 1 − |2i / n − 1| (PyTorch: `torch.bartlett_window`).
 *
 * @throws RangeError when the length is negative or a fraction.
 *
 * @example
 * ```ts
 * import { bartlettWindow } from "@heddle/tensor";
 * bartlettWindow(4).toArray(); // [0, 0.5, 1, 0.5]
 * ```
 */
export function bartlettWindow(length: number, options: WindowOptions = {}): Tensor {
  checkOptions("bartlettWindow", options, windowOptions);
  return sampled("bartlettWindow", length, options, (t) => 1 - Math.abs(2 * t - 1));
}

/**
 * Kaiser's window: I₀(beta · √(1 − (2i / n − 1)²)) / I₀(beta), I₀ being the modified Bessel function (PyTorch: `torch.kaiser_window`).
 *
 * @throws RangeError when the length is negative or a fraction.
 *
 * @example
 * ```ts
 * import { kaiserWindow } from "@heddle/tensor";
 * kaiserWindow(3, { periodic: false, beta: 0 }).toArray(); // [1, 1, 1]
 * ```
 */
export function kaiserWindow(length: number, options: KaiserOptions = {}): Tensor {
  checkOptions("kaiserWindow", options, [...windowOptions, "beta"]);
  const { beta = 12 } = options;
  checkNumber("kaiserWindow", "beta", beta);
  const whole = Math.abs(beta);
  return sampled("kaiserWindow", length, options, (t) => {
    const part = whole * Math.sqrt(Math.max(1 - (2 * t - 1) ** 2, 0));
    return besselI0(part) / besselI0(whole) * Math.exp(part - whole);
  });
}

/** exp(−x) · I₀(x), for x from 0 on. */
function besselI0(x: number): number {
  // Beyond 50 terms of the asymptotic series (Abramowitz and Stegun 9.7.1) vanish before they grow.
  const far = x > 50;
  let term = far ? 1 / Math.sqrt(2 * Math.PI * x) : Math.exp(-x);
  let sum = 0;
  for (let k = 1; sum + term !== sum; k++) {
    sum += term;
    term *= far ? (2 * k - 1) ** 2 / (8 * k * x) : (x / (2 * k)) ** 2;
  }
  return sum;
}
