/** Activation functions: element by element, in the shape of the input. Extreme inputs give the same values and gradients as in PyTorch. */
import {
  fused,
  type FusedFunction,
  isFloat,
  rand,
  type Symbolic,
  type Tensor,
  where,
  whereSymbolic,
} from "@heddle/tensor";
import { checkOptions, inFloat32 } from "@heddle/tensor/engine";
import { showSizes } from "../sizes.ts";
import { checkNoOptions } from "../surplus_arguments.ts";
import type { DropoutOptions } from "./dropout.ts";

/** An activation with numbers, which are inputs of its kernel. */
type NumberedKernel = (x: Tensor, ...numbers: number[]) => Tensor;

function numbered(name: string, write: (x: Symbolic, ...numbers: Symbolic[]) => Symbolic): NumberedKernel {
  const kernel = fused(name, write as (...inputs: Symbolic[]) => Symbolic);
  return (x, ...numbers) =>
    kernel([isFloat(x.dtype) || numbers.every(Number.isInteger) ? x : x.to("float32"), ...numbers]);
}

/** max(x, 0). PyTorch: `relu`. */
export function relu(x: Tensor): Tensor {
  checkNoOptions("relu", arguments, 1);
  return x.relu();
}

const hardtanhKernel = numbered(
  "hardtanh",
  (x, min, max) => whereSymbolic(x.le(min!), min!, whereSymbolic(x.ge(max!), max!, x)),
);

/** Limited to `min` and `max`; the gradient is 0 at the bounds too. PyTorch: `hardtanh`. @throws RangeError unless min < max. */
export function hardtanh(x: Tensor, min = -1, max = 1): Tensor {
  checkNoOptions("hardtanh", arguments, 3);
  if (!(min < max)) throw new RangeError(`hardtanh: min ${min} is not below max ${max}`);
  return hardtanhKernel(x, min, max);
}

/** min(max(x, 0), 6). PyTorch: `relu6`. */
export function relu6(x: Tensor): Tensor {
  checkNoOptions("relu6", arguments, 1);
  return hardtanh(x, 0, 6);
}

const leakyKernel = numbered("leakyRelu", (x, slope) => whereSymbolic(x.gt(0), x, x.mul(slope!)));

/** x where it is positive, `negativeSlope` · x elsewhere. PyTorch: `leaky_relu`. */
export function leakyRelu(x: Tensor, negativeSlope = 0.01): Tensor {
  checkNoOptions("leakyRelu", arguments, 2);
  return leakyKernel(x, negativeSlope);
}

/**
 * {@link leakyRelu} with slopes that are drawn evenly between `lower` and `upper`, one for each element; without `training` (the default)
 * with their mean. Xu et al., "Empirical evaluation of rectified activations" (2015). PyTorch: `rrelu`.
 *
 * @throws RangeError when `lower` is above `upper`.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * F.rrelu(tensor([-1, 2]), 0.25, 0.75).toArray(); // [-0.5, 2]
 * F.rrelu(tensor([-1, 2]), 0.25, 0.75, { training: true }); // the first between -0.75 and -0.25
 * ```
 */
export function rrelu(x: Tensor, lower: number = 1 / 8, upper: number = 1 / 3, options: DropoutOptions = {}): Tensor {
  checkOptions("rrelu", options, ["generator", "training"]);
  if (!(lower <= upper)) throw new RangeError(`rrelu: lower ${lower} is above upper ${upper}`);
  const { training = false, generator } = options;
  if (!training) return leakyRelu(x, (lower + upper) / 2);
  const dtype = x.dtype === "float64" ? "float64" : "float32";
  const draws = rand(x.shape, { generator, device: x.device, dtype });
  return inFloat32([x], (x) => randomSlope([x, draws, lower, upper - lower]));
}

const randomSlope: FusedFunction = fused(
  "rrelu",
  (x, draws, lower, range) => whereSymbolic(x.gt(0), x, x.mul(draws.mul(range).add(lower))),
);

/**
 * {@link leakyRelu} with learned slopes: one, or one for each channel (dimension 1). PyTorch: `prelu`.
 *
 * @throws RangeError unless there is one slope, or one for each channel.
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  const channels = x.shape[1] ?? 1;
  if (weight.ndim > 1 || (weight.numel !== 1 && weight.numel !== channels)) {
    throw new RangeError(
      `prelu: ${weight.numel} slopes (shape ${showSizes(weight.shape)}) for an input of shape ${
        showSizes(x.shape)
      }; expected 1, or ${channels}`,
    );
  }
  const slope = x.ndim < 2 ? weight.reshape([]) : weight.reshape([1, -1, ...Array<number>(x.ndim - 2).fill(1)]);
  return where(x.gt(0), x, x.mul(slope));
}

const eluKernel = numbered("elu", (x, alpha) => whereSymbolic(x.gt(0), x, belowZero(x).expm1().mul(alpha!)));

/**
 * x where it is positive, α (eˣ − 1) elsewhere: Clevert et al., "Fast and accurate deep network learning by exponential linear
 * units" (2015). PyTorch: `elu`.
 */
export function elu(x: Tensor, alpha = 1): Tensor {
  checkNoOptions("elu", arguments, 2);
  return eluKernel(x, alpha);
}

/** x where it is not above 0, else 0: keeps fast-growing functions from overflowing where they are not used. */
function belowZero(x: Symbolic): Symbolic {
  return whereSymbolic(x.gt(0), 0, x);
}

/** Klambauer et al., "Self-normalizing neural networks" (2017). */
const seluScale = 1.0507009873554804934193349852946;
const seluAlpha = 1.6732632423543772848170429916717;

const seluKernel = fused(
  "selu",
  (x) => whereSymbolic(x.gt(0), x.mul(seluScale), belowZero(x).expm1().mul(seluScale * seluAlpha)),
);

/** The {@link elu} that keeps mean and variance. PyTorch: `selu`. */
export function selu(x: Tensor): Tensor {
  checkNoOptions("selu", arguments, 1);
  return seluKernel([x]);
}

const celuKernel = numbered(
  "celu",
  (x, alpha) => whereSymbolic(x.gt(0), x, belowZero(x).div(alpha!).expm1().mul(alpha!)),
);

/** The {@link elu} whose slope is continuous for every α: x, or α (e^(x/α) − 1). PyTorch: `celu`. @throws RangeError for α = 0. */
export function celu(x: Tensor, alpha = 1): Tensor {
  checkNoOptions("celu", arguments, 2);
  if (alpha === 0) throw new RangeError("celu: alpha is 0; x is divided by it");
  return celuKernel(x, alpha);
}

const geluKernel = fused("gelu", (x) => x.mul(x.mul(Math.SQRT1_2).erf().add(1).mul(0.5)));
const geluByTanh = fused("gelu", (x) => {
  const inner = x.add(x.square().mul(x).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
  return x.mul(inner.tanh().add(1).mul(0.5));
});

/** Options of {@link gelu}. */
export interface GeluOptions {
  /** "none" (the default) for the distribution function itself, "tanh" for its approximation. */
  readonly approximate?: "none" | "tanh";
}

/**
 * x · Φ(x), Φ being the normal distribution function: Hendrycks & Gimpel, "Gaussian error linear units" (2016). PyTorch: `gelu`.
 *
 * @throws RangeError for an unknown approximation.
 */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  checkOptions("gelu", options, ["approximate"]);
  const { approximate = "none" } = options;
  if (approximate === "none") return geluKernel([x]);
  if (approximate !== "tanh") {
    throw new RangeError(`gelu: unknown approximation "${approximate}"; use "none" or "tanh"`);
  }
  return geluByTanh([x]);
}

const siluKernel = fused("silu", (x) => x.mul(x.sigmoid()));
const mishKernel = fused("mish", (x) => x.mul(bend(x, 20, null).tanh()));

/** x · sigmoid(x), also called swish. PyTorch: `silu`. */
export function silu(x: Tensor): Tensor {
  checkNoOptions("silu", arguments, 1);
  return siluKernel([x]);
}

/** x · tanh(softplus(x)): Misra (2019). PyTorch: `mish`. */
export function mish(x: Tensor): Tensor {
  checkNoOptions("mish", arguments, 1);
  return mishKernel([x]);
}

/** 1 / (1 + e^(−x)). PyTorch: `sigmoid`. */
export function sigmoid(x: Tensor): Tensor {
  return x.sigmoid();
}

/** Hyperbolic tangent. PyTorch: `tanh`. */
export function tanh(x: Tensor): Tensor {
  return x.tanh();
}

/** Options of {@link softplus}. */
export interface SoftplusOptions {
  /** How sharp the bend is; 1 by default. */
  readonly beta?: number;
  /** Where β · x is above this, the result is x; 20 by default. */
  readonly threshold?: number;
}

/** ln(1 + e^(βx)) / β. PyTorch: `softplus`. */
export function softplus(x: Tensor, options: SoftplusOptions = {}): Tensor {
  checkOptions("softplus", options, ["beta", "threshold"]);
  const { beta = 1, threshold = 20 } = options;
  return beta === 1 ? softplusKernel(x, threshold) : sharpSoftplus(x, threshold, beta);
}

function bend(x: Symbolic, threshold: Symbolic | number, beta: Symbolic | null): Symbolic {
  const scaled = beta === null ? x : x.mul(beta);
  const high = scaled.gt(threshold);
  const low = whereSymbolic(high, threshold, scaled).exp().log1p();
  return whereSymbolic(high, x, beta === null ? low : low.div(beta));
}

const softplusKernel = numbered("softplus", (x, threshold) => bend(x, threshold!, null));
const sharpSoftplus = numbered("softplus", (x, threshold, beta) => bend(x, threshold!, beta!));

/** min(x, 0) − ln(1 + e^(−|x|)); at 0 `minimum` halves the gradient, which is the slope there. */
export function logOfSigmoid(x: Symbolic): Symbolic {
  return x.minimum(0).sub(x.abs().neg().exp().log1p());
}

const logsigmoidKernel = fused("logsigmoid", logOfSigmoid);
const softsignKernel = fused("softsign", (x) => x.div(x.abs().add(1)));
const tanhshrinkKernel = fused("tanhshrink", (x) => x.sub(x.tanh()));

/** ln sigmoid(x), without overflow. PyTorch: `logsigmoid`. */
export function logsigmoid(x: Tensor): Tensor {
  return logsigmoidKernel([x]);
}

/** x / (1 + |x|). PyTorch: `softsign`. */
export function softsign(x: Tensor): Tensor {
  return softsignKernel([x]);
}

/** x − tanh(x). PyTorch: `tanhshrink`. */
export function tanhshrink(x: Tensor): Tensor {
  return tanhshrinkKernel([x]);
}

const hardshrinkKernel = numbered("hardshrink", (x, lambda) => whereSymbolic(x.abs().le(lambda!), 0, x));
const softshrinkKernel = numbered(
  "softshrink",
  (x, lambda) => whereSymbolic(x.abs().le(lambda!), 0, x.sub(x.sign().mul(lambda!))),
);

/** 0 within ±λ, x beyond. PyTorch: `hardshrink`. */
export function hardshrink(x: Tensor, lambda = 0.5): Tensor {
  return hardshrinkKernel(x, lambda);
}

/** 0 within ±λ, beyond it x moved by λ towards 0. PyTorch: `softshrink`. @throws RangeError for a negative λ. */
export function softshrink(x: Tensor, lambda = 0.5): Tensor {
  if (!(lambda >= 0)) throw new RangeError(`softshrink: lambda ${lambda} is negative`);
  return softshrinkKernel(x, lambda);
}

const hardsigmoidKernel = fused("hardsigmoid", (x) => {
  const raised = x.add(3);
  return whereSymbolic(raised.le(0), 0, whereSymbolic(raised.ge(6), 6, raised)).div(6);
});
const hardswishKernel = fused("hardswish", (x) => {
  const raised = whereSymbolic(x.lt(-3), -3, x);
  const within = whereSymbolic(raised.gt(3), 3, raised);
  return whereSymbolic(x.gt(3), x, within.mul(within.add(3)).div(6));
});

/** 0 below −3, 1 above 3, a line between. PyTorch: `hardsigmoid`. */
export function hardsigmoid(x: Tensor): Tensor {
  checkNoOptions("hardsigmoid", arguments, 1);
  return hardsigmoidKernel([x]);
}

/** x · {@link hardsigmoid}(x): Howard et al., "Searching for MobileNetV3" (2019). PyTorch: `hardswish`. */
export function hardswish(x: Tensor): Tensor {
  checkNoOptions("hardswish", arguments, 1);
  return hardswishKernel([x]);
}

const thresholdKernel = numbered(
  "threshold",
  (x, threshold, value) => whereSymbolic(x.le(threshold!), value!, x),
);

/** x where it is above `threshold`, else `value`. PyTorch: `threshold`. */
export function threshold(x: Tensor, threshold: number, value: number): Tensor {
  checkNoOptions("threshold", arguments, 3);
  return thresholdKernel(x, threshold, value);
}

const gluKernel = fused("glu", (value, gate) => value.mul(gate.sigmoid()));

/** The first half along a dimension times the sigmoid of the second. PyTorch: `glu`. @throws RangeError when its size is odd. */
export function glu(x: Tensor, dim = -1): Tensor {
  if (x.size(dim) % 2 !== 0) throw new RangeError(`glu: dim ${dim} of shape ${showSizes(x.shape)} cannot be halved`);
  const [value, gate] = x.chunk(2, dim) as [Tensor, Tensor];
  return gluKernel([value, gate]);
}

/** eˣ / Σ eˣ along a dimension. PyTorch: `softmax`. */
export function softmax(x: Tensor, dim: number): Tensor {
  checkNoOptions("softmax", arguments, 2);
  return x.softmax(dim);
}

/** Logarithm of {@link softmax}. PyTorch: `log_softmax`. */
export function logSoftmax(x: Tensor, dim: number): Tensor {
  checkNoOptions("logSoftmax", arguments, 2);
  return x.logSoftmax(dim);
}

/** {@link softmax} of −x. PyTorch: `softmin`. */
export function softmin(x: Tensor, dim: number): Tensor {
  checkNoOptions("softmin", arguments, 2);
  return x.neg().softmax(dim);
}
