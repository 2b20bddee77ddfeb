/** Initialisers that preserve the variance of signals, by the number of connections of a unit. */
import { type Generator, type Tensor } from "@heddle/tensor";
import { checkOptions, sizeOf } from "@heddle/tensor/engine";
import { showSizes } from "../sizes.ts";
import { type DrawOptions, normal_, uniform_ } from "./fill.ts";

const xavierOptions = ["gain", "generator"] as const;
const kaimingOptions = ["a", "generator", "mode", "nonlinearity"] as const;

/** The nonlinearity after a layer, for {@link calculateGain}. */
export type Nonlinearity =
  | "linear"
  | "conv1d"
  | "conv2d"
  | "conv3d"
  | "convTranspose1d"
  | "convTranspose2d"
  | "convTranspose3d"
  | "sigmoid"
  | "tanh"
  | "relu"
  | "leakyRelu"
  | "selu";

const gains: { readonly [N in Nonlinearity]: (parameter: number) => number } = {
  linear: () => 1,
  conv1d: () => 1,
  conv2d: () => 1,
  conv3d: () => 1,
  convTranspose1d: () => 1,
  convTranspose2d: () => 1,
  convTranspose3d: () => 1,
  sigmoid: () => 1,
  tanh: () => 5 / 3,
  relu: () => Math.SQRT2,
  leakyRelu: (slope) => Math.sqrt(2 / (1 + slope ** 2)),
  selu: () => 3 / 4,
};

/**
 * The factor of weights before a nonlinearity.
 *
 * @param parameter the slope below 0 of leakyRelu, by default 0.01.
 * @throws RangeError for an unknown nonlinearity, naming those that are known.
 *
 * @example
 * ```ts
 * import { init } from "@heddle/nn";
 * init.calculateGain("tanh"); // 5/3
 * ```
 */
export function calculateGain(nonlinearity: Nonlinearity, parameter = 0.01): number {
  if (!Object.hasOwn(gains, nonlinearity)) {
    throw new RangeError(
      `calculateGain: unknown nonlinearity "${nonlinearity}"; use one of ${Object.keys(gains).join(", ")}`,
    );
  }
  return gains[nonlinearity](parameter);
}

/** Connections into and out of a unit. */
export interface Fan {
  readonly fanIn: number;
  readonly fanOut: number;
}

/**
 * Connections of a weight `[out, in, …kernel]`.
 *
 * @throws RangeError for fewer than two dimensions.
 */
export function calculateFan(weight: Tensor): Fan {
  const [out, into, ...kernel] = weight.shape;
  if (out === undefined || into === undefined) {
    throw new RangeError(
      `calculateFan: shape ${
        showSizes(weight.shape)
      } has no fan in and fan out; they need at least the dimensions [out, in], ` +
        `for vectors use uniform_ or normal_`,
    );
  }
  const field = sizeOf(kernel);
  return { fanIn: into * field, fanOut: out * field };
}

/** Options of the Xavier initialisers. */
export interface XavierOptions extends DrawOptions {
  /** Factor for the nonlinearity, as {@link calculateGain} gives it; 1 by default. */
  readonly gain?: number;
}

function xavierStd(weight: Tensor, gain = 1): number {
  const { fanIn, fanOut } = calculateFan(weight);
  return gain * Math.sqrt(2 / (fanIn + fanOut));
}

/**
 * Evenly distributed within ±gain·√(6 / (fanIn + fanOut)): Glorot & Bengio, "Understanding the difficulty of training deep feedforward
 * neural networks" (2010).
 */
export function xavierUniform_<T extends Tensor>(tensor: T, options: XavierOptions = {}): T {
  checkOptions("xavierUniform_", options, xavierOptions);
  const bound = Math.sqrt(3) * xavierStd(tensor, options.gain);
  return uniform_(tensor, -bound, bound, { generator: options.generator });
}

/** Normal with standard deviation gain·√(2 / (fanIn + fanOut)); see {@link xavierUniform_}. */
export function xavierNormal_<T extends Tensor>(tensor: T, options: XavierOptions = {}): T {
  checkOptions("xavierNormal_", options, xavierOptions);
  return normal_(tensor, 0, xavierStd(tensor, options.gain), { generator: options.generator });
}

/** Options of the Kaiming initialisers. */
export interface KaimingOptions extends DrawOptions {
  /** The slope below 0 of the leakyRelu that follows; 0 by default. */
  readonly a?: number;
  /** Whether to preserve the variance forward ("fanIn", the default) or backward ("fanOut"). */
  readonly mode?: "fanIn" | "fanOut";
  /** The nonlinearity; "leakyRelu" by default, which is relu for `a` 0. */
  readonly nonlinearity?: Nonlinearity;
}

function kaimingStd(weight: Tensor, { a = 0, mode = "fanIn", nonlinearity = "leakyRelu" }: KaimingOptions): number {
  if (mode !== "fanIn" && mode !== "fanOut") {
    throw new RangeError(`kaiming: unknown mode "${mode}"; use "fanIn" or "fanOut"`);
  }
  return calculateGain(nonlinearity, a) / Math.sqrt(calculateFan(weight)[mode]);
}

/**
 * Evenly distributed within ±gain·√(3 / fan): He et al., "Delving deep into rectifiers" (2015).
 *
 * @example
 * ```ts
 * import { init } from "@heddle/nn";
 * import { empty } from "@heddle/tensor";
 * init.kaimingUniform_(empty([64, 32, 3, 3]), { nonlinearity: "relu" });
 * ```
 */
export function kaimingUniform_<T extends Tensor>(tensor: T, options: KaimingOptions = {}): T {
  checkOptions("kaimingUniform_", options, kaimingOptions);
  if (tensor.numel === 0) return tensor;
  const bound = Math.sqrt(3) * kaimingStd(tensor, options);
  return uniform_(tensor, -bound, bound, { generator: options.generator });
}

/** Normal with standard deviation gain / √fan; see {@link kaimingUniform_}. */
export function kaimingNormal_<T extends Tensor>(tensor: T, options: KaimingOptions = {}): T {
  checkOptions("kaimingNormal_", options, kaimingOptions);
  if (tensor.numel === 0) return tensor;
  return normal_(tensor, 0, kaimingStd(tensor, options), { generator: options.generator });
}

/** The initial bias of PyTorch's linear and convolution layers: uniform within ±1/√fanIn of the weight. */
export function layerBias_<T extends Tensor>(bias: T, weight: Tensor, generator?: Generator): T {
  const { fanIn } = calculateFan(weight);
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  return uniform_(bias, -bound, bound, { generator });
}
