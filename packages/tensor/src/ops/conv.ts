/** Convolutions (cross-correlations, as in PyTorch) in one to three dimensions, and transposed ones. */
import { addRoutines } from "../backends/add_routines.ts";
import * as cpu from "../backends/cpu/routines/conv/conv.ts";
import * as reference from "../backends/reference/conv.ts";
import { apply } from "../engine/apply.ts";
import { inFloat32, isHalf } from "../engine/upcast.ts";
import type { Activation } from "../prims/attrs.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { withEpilogue } from "./epilogue.ts";
import { checkOptions } from "../options.ts";
import { padded } from "./join.ts";
import { batched, checkPadded, type PerDim, perDim } from "./spatial.ts";

addRoutines(cpu, reference);

/** Options of convolutions. */
export interface ConvOptions {
  /** Added to each output channel: `[O]`. */
  readonly bias?: Tensor | null;
  /** The step from one window to the next, by default 1. */
  readonly stride?: PerDim;
  /** Zeros on both sides; or "same" (stride 1 only), or "valid" (none). */
  readonly padding?: PerDim | "same" | "valid";
  /** The distance between the elements that a kernel covers, by default 1. */
  readonly dilation?: PerDim;
  /** Into how many groups the channels are divided; each group is convolved on its own. By default 1. */
  readonly groups?: number;
  /** Applied to the result, which is cheaper than a separate call: `"relu"` or `"none"` (the default). */
  readonly activation?: Activation;
}

/** Options of transposed convolutions. */
export interface ConvTransposeOptions extends Omit<ConvOptions, "padding" | "activation"> {
  /** How many elements are cut off each side of the output, by default 0. */
  readonly padding?: PerDim;
  /** Added to one side of the output. It chooses among the sizes that a stride allows. */
  readonly outputPadding?: PerDim;
}

function checkBias(operation: string, bias: Tensor | null | undefined, channels: number): void {
  if (bias && (bias.ndim !== 1 || bias.shape[0] !== channels)) {
    throw new RangeError(
      `${operation}: the bias of shape ${showShape(bias.shape)} must be [${channels}], one for each output channel`,
    );
  }
}

function addBias(y: Tensor, bias: Tensor): Tensor {
  return y.add(bias.reshape([1, -1, ...Array<number>(y.ndim - 2).fill(1)]));
}

function checkChannels(
  operation: string,
  x: Tensor,
  w: Tensor,
  dims: number,
  groups: number,
  transposed: boolean,
): void {
  if (w.ndim !== dims + 2) {
    throw new RangeError(`${operation}: expected a weight of ${dims + 2} dims, got shape ${showShape(w.shape)}`);
  }
  if (x.dtype !== w.dtype) {
    throw new TypeError(
      `${operation}: the input is ${x.dtype}, the weight ${w.dtype}; cast one with .to("${w.dtype}")`,
    );
  }
  const [first, second] = [w.shape[0]!, w.shape[1]!];
  const expected = transposed ? first : second * groups;
  const divisible = Number.isInteger(groups) && groups > 0 && first % groups === 0;
  if (!divisible || x.shape[1] !== expected) {
    throw new RangeError(
      `${operation}: an input of shape ${showShape(x.shape)} does not fit a weight of shape ${
        showShape(w.shape)
      } with groups ${groups}: ` +
        (divisible ? `expected ${expected} channels, got ${x.shape[1]}` : `${first} is not a multiple of groups`),
    );
  }
}

function conv(operation: string, x: Tensor, w: Tensor, dims: number, options: ConvOptions): Tensor {
  checkOptions(operation, options, ["activation", "bias", "dilation", "groups", "padding", "stride"]);
  const { bias, groups = 1 } = options;
  let { input, single } = batched(operation, x, dims);
  checkChannels(operation, input, w, dims, groups, false);
  const stride = perDim(operation, "stride", options.stride ?? 1, dims, 1);
  const dilation = perDim(operation, "dilation", options.dilation ?? 1, dims, 1);
  let padding: number[];
  if (options.padding === "same") {
    if (stride.some((s) => s !== 1)) {
      throw new RangeError(`${operation}: padding "same" needs stride 1, got [${stride.join(", ")}]`);
    }
    const total = dilation.map((d, i) => d * (w.shape[i + 2]! - 1));
    padding = total.map((n) => Math.floor(n / 2));
    // If the total is odd, there is one more zero at the end, as in PyTorch.
    total.forEach((n, i) => input = padded(input, i + 2, 0, n % 2));
  } else padding = perDim(operation, "padding", options.padding === "valid" ? 0 : options.padding ?? 0, dims, 0);
  checkPadded(operation, input.shape.slice(2), w.shape.slice(2), padding, dilation);
  checkBias(operation, bias, w.shape[0]!);
  if (isHalf(x) && bias && bias.dtype !== x.dtype) {
    return inFloat32([x, w, bias], (x, w, bias) => conv(operation, x, w, dims, { ...options, bias }));
  }
  const y = withEpilogue(
    operation,
    { dtype: w.dtype, bias, fits: true, activation: options.activation },
    (bias, attrs) => apply("conv", [input, w, ...bias], { stride, padding, dilation, groups, ...attrs }),
    addBias,
  );
  return single ? y.squeeze(0) : y;
}

function convTranspose(operation: string, x: Tensor, w: Tensor, dims: number, options: ConvTransposeOptions): Tensor {
  checkOptions(operation, options, ["bias", "dilation", "groups", "outputPadding", "padding", "stride"]);
  const { bias, groups = 1 } = options;
  let { input, single } = batched(operation, x, dims);
  checkChannels(operation, input, w, dims, groups, true);
  const stride = perDim(operation, "stride", options.stride ?? 1, dims, 1);
  const dilation = perDim(operation, "dilation", options.dilation ?? 1, dims, 1);
  const padding = perDim(operation, "padding", options.padding ?? 0, dims, 0);
  const extra = perDim(operation, "outputPadding", options.outputPadding ?? 0, dims, 0);
  const inputSize = stride.map((s, i) => {
    if (extra[i]! >= Math.max(s, dilation[i]!)) {
      throw new RangeError(
        `${operation}: outputPadding ${extra[i]} must be smaller than stride ${s} or dilation ${dilation[i]}`,
      );
    }
    return (input.shape[i + 2]! - 1) * s - 2 * padding[i]! + dilation[i]! * (w.shape[i + 2]! - 1) + 1 + extra[i]!;
  });
  if (inputSize.some((size) => size < 1)) {
    throw new RangeError(`${operation}: the output would have shape ${showShape(inputSize)}; use less padding`);
  }
  checkPadded(operation, inputSize, w.shape.slice(2), padding, dilation);
  checkBias(operation, bias, w.shape[1]! * groups);
  if (isHalf(x) && bias) {
    return inFloat32([x, w, bias], (x, w, bias) => convTranspose(operation, x, w, dims, { ...options, bias }));
  }
  // Extra outputs of whole strides come from zeros appended to the input. The rest is the gradient of a convolution.
  extra.forEach((n, i) => input = padded(input, i + 2, 0, Math.floor(n / stride[i]!)));
  const product = apply("convInputGrad", [input, w], { stride, padding, dilation, groups, inputSize });
  const y = bias ? addBias(product, bias) : product;
  return single ? y.squeeze(0) : y;
}

/** Convolution of `[N, C, L]` with `[O, C / groups, K]`, of shape `[N, O, L′]`. See {@link conv2d}. */
export function conv1d(x: Tensor, weight: Tensor, options: ConvOptions = {}): Tensor {
  return conv("conv1d", x, weight, 1, options);
}

/**
 * Convolution of `[N, C, H, W]` (or `[C, H, W]`) with `[O, C / groups, KH, KW]`, of shape `[N, O, H′, W′]` with H′ = ⌊(H +
 * 2·padding − dilation·(KH − 1) − 1) / stride⌋ + 1.
 *
 * @throws RangeError if channels, groups or sizes do not fit. TypeError if dtypes differ.
 *
 * @example
 * ```ts
 * import { conv2d, ones } from "@heddle/tensor";
 * conv2d(ones([1, 1, 28, 28]), ones([6, 1, 5, 5]), { padding: 2 }).shape; // [1, 6, 28, 28]
 * ```
 */
export function conv2d(x: Tensor, weight: Tensor, options: ConvOptions = {}): Tensor {
  return conv("conv2d", x, weight, 2, options);
}

/** Convolution of `[N, C, D, H, W]` with `[O, C / groups, KD, KH, KW]`. See {@link conv2d}. */
export function conv3d(x: Tensor, weight: Tensor, options: ConvOptions = {}): Tensor {
  return conv("conv3d", x, weight, 3, options);
}

/** Transposed convolution of `[N, C, L]` with `[C, O / groups, K]`. See {@link convTranspose2d}. */
export function convTranspose1d(x: Tensor, weight: Tensor, options: ConvTransposeOptions = {}): Tensor {
  return convTranspose("convTranspose1d", x, weight, 1, options);
}

/**
 * Transposed convolution, the gradient of {@link conv2d} with respect to its input, of `[N, C, H, W]` with
 * `[C, O / groups, KH, KW]`: H′ = (H − 1)·stride − 2·padding + dilation·(KH − 1) + outputPadding + 1.
 */
export function convTranspose2d(x: Tensor, weight: Tensor, options: ConvTransposeOptions = {}): Tensor {
  return convTranspose("convTranspose2d", x, weight, 2, options);
}

/** Transposed convolution of `[N, C, D, H, W]` with `[C, O / groups, KD, KH, KW]`. See {@link convTranspose2d}. */
export function convTranspose3d(x: Tensor, weight: Tensor, options: ConvTransposeOptions = {}): Tensor {
  return convTranspose("convTranspose3d", x, weight, 3, options);
}
