/** Adamax. */
import { type Tensor, zerosLike } from "@heddle/tensor";
import { fusedUpdate } from "@heddle/tensor/engine";
import { checkBetas, checkNotNegative } from "./check_options.ts";
import { Optimizer } from "./optimizer.ts";
import type { GroupOptions, ParamGroup, ParamsInput } from "./parameter_groups.ts";

/** Options of {@link Adamax}. */
export interface AdamaxOptions extends GroupOptions {
  /** Decay of the running mean of the gradient and of its largest size. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the size of the gradient, against division by zero. Default 1e-8. */
  eps: number;
  /** λ of the penalty λ/2 · |w|². Default 0. */
  weightDecay: number;
}

/** What Adamax remembers of a parameter. */
export type AdamaxState = { step: number; expAvg: Tensor; expInf: Tensor };

const update = fusedUpdate("adamax", (param, mean, largest, g, beta1, share1, beta2, eps, rate) => {
  const newMean = mean.mul(beta1).add(g.mul(share1));
  const newLargest = largest.mul(beta2).maximum(g.abs().add(eps));
  return [param.sub(newMean.div(newLargest).mul(rate)), newMean, newLargest];
});

/**
 * Adamax (PyTorch's `torch.optim.Adamax`): Adam with the infinity norm, u ← max(β₂·u, |g| + eps). The default `lr` is 2e-3.
 *
 * Kingma, Ba: Adam: A Method for Stochastic Optimization, 2014, arXiv:1412.6980, section 7.1.
 *
 * @throws RangeError for negative options or betas outside [0, 1).
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { Adamax } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new Adamax([ones([2], { requiresGrad: true })], { lr: 0.01 });
 * ```
 */
export class Adamax extends Optimizer<AdamaxOptions, AdamaxState> {
  constructor(params: ParamsInput<AdamaxOptions>, options: Partial<AdamaxOptions> = {}) {
    super(params, { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, maximize: false }, options);
  }

  protected override checkOptions(options: AdamaxOptions): void {
    checkNotNegative(this.name, options, ["lr", "eps", "weightDecay"]);
    checkBetas(this.name, options.betas);
  }

  protected override newState(param: Tensor): AdamaxState {
    return { step: 0, expAvg: zerosLike(param), expInf: zerosLike(param) };
  }

  protected override update(
    param: Tensor,
    gradient: Tensor,
    group: ParamGroup<AdamaxOptions>,
    state: AdamaxState,
  ): void {
    const { lr, betas: [beta1, beta2], eps, weightDecay } = group;
    const g = weightDecay === 0 ? gradient : gradient.add(param, { alpha: weightDecay });
    const step = ++state.step;
    const rate = lr / (1 - beta1 ** step);
    update([param, state.expAvg, state.expInf], [g, beta1, 1 - beta1, beta2, eps, rate]);
  }
}
