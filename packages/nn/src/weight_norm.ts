/** Weights with their length as a parameter of its own, or with a bounded one. */
import { noGrad } from "@heddle/autograd";
import { randn, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { compute, parameterOf, restore, restoreClass } from "./computed_property.ts";
import { ConvTransposeNd } from "./conv_transpose.ts";
import { normalize } from "./functional/distance.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { registerParametrization } from "./parametrize.ts";
import { checkNumber, checkSize, showSizes } from "./sizes.ts";

/** Option of {@link weightNorm}. */
export interface WeightNormOptions {
  /** The dimension that keeps a length for each of its elements, by default 0; null for one length in all. */
  readonly dim?: number | null;
}

/** The norm over all dimensions but one, which are kept with size 1; with null over all. */
function normExcept(weight: Tensor, dim: number | null): Tensor {
  const dims = Array.from({ length: weight.ndim }, (_, d) => d).filter((d) => d !== dim);
  if (dims.length === 0) return weight.abs();
  return dim === null ? weight.norm() : weight.norm(2, dims, { keepdim: true });
}

type Holder = Record<string, Parameter>;

/**
 * Computes a weight from its length and its direction: `weight = g · v / |v|`, where `weight_g` and `weight_v` are the parameters. Salimans
 * & Kingma, "Weight normalization" (2016). PyTorch: `torch.nn.utils.weight_norm`. {@link removeWeightNorm} makes the weight a parameter
 * again.
 *
 * @returns the module.
 * @throws TypeError when it has no such parameter.
 *
 * @example
 * ```ts
 * import { Linear, weightNorm } from "@heddle/nn";
 * const layer = weightNorm(new Linear(20, 40));
 * Object.keys(layer.stateDict()); // ["bias", "weight_g", "weight_v"]
 * layer.stateDict()["weight_g"]!.shape; // [40, 1]
 * ```
 */
export function weightNorm<M extends Module>(module: M, name = "weight", options: WeightNormOptions = {}): M {
  checkOptions("weightNorm", options, ["dim"]);
  const { dim = 0 } = options;
  const weight = parameterOf("weightNorm", module, name);
  const { requiresGrad, ndim } = weight;
  if (dim !== null && !(Number.isInteger(dim) && dim >= -ndim && dim < ndim)) {
    throw new RangeError(`weightNorm: dim ${dim} is out of range for "${name}" of shape ${showSizes(weight.shape)}`);
  }
  // As in PyTorch -1 is no dimension but stands for all.
  const kept = dim === null || dim === -1 ? null : dim < 0 ? dim + ndim : dim;
  const [length, direction] = [`${name}_g`, `${name}_v`];
  compute(module, name, {
    get(self) {
      const { [length]: g, [direction]: v } = self as unknown as Holder;
      return v!.mul(g!.div(normExcept(v!, kept)));
    },
  });
  const holder = module as unknown as Holder;
  holder[length] = new Parameter(noGrad(() => normExcept(weight.detach(), kept)), { requiresGrad });
  holder[direction] = new Parameter(weight.detach(), { requiresGrad });
  return module;
}

/** Makes a weight a parameter again, with its present value. PyTorch: `remove_weight_norm`. @throws TypeError unless it has a norm. */
export function removeWeightNorm<M extends Module>(module: M, name = "weight"): M {
  parameterOf("removeWeightNorm", module, `${name}_g`);
  const holder = module as unknown as Holder;
  const { requiresGrad } = holder[`${name}_v`]!;
  const value = new Parameter(noGrad(() => holder[name]!.clone()), { requiresGrad });
  delete holder[`${name}_g`];
  delete holder[`${name}_v`];
  restore(module, name, value);
  if (!Object.keys(module).some((key) => key.endsWith("_g") || key === "parametrizations")) restoreClass(module);
  return module;
}

/** Options of {@link spectralNorm}. */
export interface SpectralNormOptions {
  /** Steps of the power method for each `forward` while training; 1 by default. */
  readonly nPowerIterations?: number;
  /** Added to norms; 1e-12 by default. */
  readonly eps?: number;
  /** The dimension of outputs: by default 0, of transposed convolutions 1. */
  readonly dim?: number;
}

/** Divides a weight by its largest singular value, which the power method estimates; see {@link spectralNorm}. */
class SpectralNorm extends Module {
  readonly nPowerIterations: number;
  readonly eps: number;
  readonly dim: number;
  declare readonly _u: Tensor;
  declare readonly _v: Tensor;

  constructor(weight: Tensor, nPowerIterations: number, eps: number, dim: number) {
    super();
    this.nPowerIterations = nPowerIterations;
    this.eps = eps;
    this.dim = dim;
    if (weight.ndim < 2) return;
    noGrad(() => {
      const matrix = this.matrix(weight.detach());
      const placement = { dtype: weight.dtype, device: weight.device } as const;
      const unit = (size: number): Tensor => normalize(randn([size], placement), { dim: 0, eps });
      this.registerBuffer("_u", unit(matrix.shape[0]!));
      this.registerBuffer("_v", unit(matrix.shape[1]!));
      this.iterate(matrix, 15);
    });
  }

  private matrix(weight: Tensor): Tensor {
    return weight.movedim(this.dim, 0).flatten(1);
  }

  private iterate(matrix: Tensor, steps: number): void {
    noGrad(() => {
      const { _u, _v, eps } = this;
      for (let i = 0; i < steps; i++) {
        _u.copy_(normalize(matrix.mv(_v), { dim: 0, eps }));
        _v.copy_(normalize(matrix.t().mv(_u), { dim: 0, eps }));
      }
    });
  }

  forward(weight: Tensor): Tensor {
    if (weight.ndim < 2) return normalize(weight, { dim: 0, eps: this.eps });
    const matrix = this.matrix(weight);
    if (this.training) this.iterate(matrix, this.nPowerIterations);
    // Copies, since another forward may change the vectors before the gradient is computed.
    const [u, v] = [this._u.clone(), this._v.clone()];
    return weight.div(u.dot(matrix.mv(v)));
  }

  rightInverse(value: Tensor): Tensor {
    return value;
  }
}

/**
 * Divides a weight by its largest singular value, so that a layer does not lengthen differences: Miyato et al., "Spectral normalization for
 * generative adversarial networks" (2018). The value is estimated by the power method, which does a step for each `forward` while training.
 * PyTorch: `torch.nn.utils.parametrizations.spectral_norm`; `parametrize.removeParametrizations` undoes it.
 *
 * @returns the module.
 * @throws TypeError when it has no such parameter.
 *
 * @example
 * ```ts
 * import { Linear, spectralNorm } from "@heddle/nn";
 * const layer = spectralNorm(new Linear(20, 40));
 * Object.keys(layer.stateDict()).slice(1);
 * // ["parametrizations.weight.original", "parametrizations.weight.0._u", "parametrizations.weight.0._v"]
 * ```
 */
export function spectralNorm<M extends Module>(module: M, name = "weight", options: SpectralNormOptions = {}): M {
  checkOptions("spectralNorm", options, ["dim", "eps", "nPowerIterations"]);
  const { nPowerIterations = 1, eps = 1e-12, dim = module instanceof ConvTransposeNd ? 1 : 0 } = options;
  checkSize("spectralNorm", "nPowerIterations", nPowerIterations);
  checkNumber("spectralNorm", "eps", eps, 0);
  const weight = parameterOf("spectralNorm", module, name);
  const { ndim } = weight;
  if (!Number.isInteger(dim) || dim < -ndim || dim >= ndim) {
    throw new RangeError(`spectralNorm: dim ${dim} is out of range for "${name}" of shape ${showSizes(weight.shape)}`);
  }
  return registerParametrization(
    module,
    name,
    new SpectralNorm(weight, nPowerIterations, eps, dim < 0 ? dim + ndim : dim),
  );
}
