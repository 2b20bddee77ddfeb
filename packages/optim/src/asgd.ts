/** Averaged stochastic gradient descent. */
import { type Tensor, zerosLike } from "@heddle/tensor";
import { fusedUpdate } from "@heddle/tensor/engine";
import { checkNotNegative } from "./check_options.ts";
import { Optimizer } from "./optimizer.ts";
import type { GroupOptions, ParamGroup, ParamsInput } from "./parameter_groups.ts";

/** Options of {@link ASGD}. */
export interface ASGDOptions extends GroupOptions {
  /** Decay of the parameters, and of the learning rate. Default 1e-4. */
  lambd: number;
  /** Power of the decay of the learning rate. Default 0.75. */
  alpha: number;
  /** The step after which averaging starts. Default 1e6. */
  t0: number;
  /** λ of the penalty λ/2 · |w|². Default 0. */
  weightDecay: number;
}

/** What ASGD remembers of a parameter: `ax` is the average, `eta` the next learning rate, `mu` the next weight in the average. */
export type ASGDState = { step: number; eta: number; mu: number; ax: Tensor };

const update = fusedUpdate("asgd", (param, average, g, left, eta, kept, mu) => {
  const next = param.mul(left).sub(g.mul(eta));
  return [next, average.mul(kept).add(next.mul(mu))];
});

/**
 * Averaged stochastic gradient descent (PyTorch's `torch.optim.ASGD`): descends with a learning rate of lr / (1 + λ·lr·t)^α, and
 * averages the parameters from step `t0` on. The average is `ax` in the state dict; the parameters themselves are not averaged. The
 * default `lr` is 0.01.
 *
 * Polyak, Juditsky: Acceleration of Stochastic Approximation by Averaging, 1992; the schedule is by Xu: Towards Optimal One Pass Large
 * Scale Learning with Averaged Stochastic Gradient Descent, 2011, arXiv:1107.2490.
 *
 * @throws RangeError for a negative `lr` or `weightDecay`.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { ASGD } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new ASGD([ones([2], { requiresGrad: true })], { lr: 0.1, t0: 100 });
 * ```
 */
export class ASGD extends Optimizer<ASGDOptions, ASGDState> {
  constructor(params: ParamsInput<ASGDOptions>, options: Partial<ASGDOptions> = {}) {
    super(params, { lr: 1e-2, lambd: 1e-4, alpha: 0.75, t0: 1e6, weightDecay: 0, maximize: false }, options);
  }

  protected override checkOptions(options: ASGDOptions): void {
    checkNotNegative(this.name, options, ["lr", "weightDecay"]);
  }

  protected override newState(param: Tensor, group: ParamGroup<ASGDOptions>): ASGDState {
    return { step: 0, eta: group.lr, mu: 1, ax: zerosLike(param) };
  }

  protected override update(param: Tensor, gradient: Tensor, group: ParamGroup<ASGDOptions>, state: ASGDState): void {
    const { lr, lambd, alpha, t0, weightDecay } = group;
    const { eta, mu } = state;
    const g = weightDecay === 0 ? gradient : gradient.add(param, { alpha: weightDecay });
    const step = ++state.step;
    state.eta = lr / (1 + lambd * lr * step) ** alpha;
    state.mu = 1 / Math.max(1, step - t0);
    update([param, state.ax], [g, 1 - lambd * eta, eta, 1 - mu, mu]);
  }
}
