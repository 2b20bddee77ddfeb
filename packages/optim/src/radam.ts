/** RAdam. */
import { type Tensor, zerosLike } from "@heddle/tensor";
import { fusedUpdate, type UpdateFunction } from "@heddle/tensor/engine";
import { checkBetas, checkNotNegative } from "./check_options.ts";
import { Optimizer } from "./optimizer.ts";
import type { GroupOptions, ParamGroup, ParamsInput } from "./parameter_groups.ts";

/** Options of {@link RAdam}. */
export interface RAdamOptions extends GroupOptions {
  /** Decay of the running means of the gradient and of its square. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the root, against division by zero. Default 1e-8. */
  eps: number;
  /** λ of the penalty λ/2 · |w|². Default 0. */
  weightDecay: number;
}

/** What RAdam remembers of a parameter. */
export type RAdamState = { step: number; expAvg: Tensor; expAvgSq: Tensor };

/** The updates without and with rectification of the variance. */
const roll = (rectifies: boolean): UpdateFunction =>
  fusedUpdate("radam", (param, mean, square, g, beta1, share1, beta2, share2, eps, rate) => {
    const newMean = mean.mul(beta1).add(g.mul(share1));
    const newSquare = square.mul(beta2).add(g.square().mul(share2));
    const step = rectifies ? newMean.div(newSquare.sqrt().add(eps)) : newMean;
    return [param.sub(step.mul(rate)), newMean, newSquare];
  });
const [plain, rectified] = [roll(false), roll(true)];

/**
 * RAdam (PyTorch's `torch.optim.RAdam`): Adam that steps along the plain mean until the variance of the mean square is tractable, and
 * rectifies it afterwards, which acts as a warm-up. The default `lr` is 1e-3.
 *
 * Liu, Jiang, He, Chen, Liu, Gao, Han: On the Variance of the Adaptive Learning Rate and Beyond, 2019, arXiv:1908.03265,
 * algorithm 2; the threshold is 5 as in PyTorch and the authors' code, the paper has 4.
 *
 * @throws RangeError for negative options or betas outside [0, 1).
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { RAdam } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new RAdam([ones([2], { requiresGrad: true })], { lr: 1e-3 });
 * ```
 */
export class RAdam extends Optimizer<RAdamOptions, RAdamState> {
  constructor(params: ParamsInput<RAdamOptions>, options: Partial<RAdamOptions> = {}) {
    super(params, { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, maximize: false }, options);
  }

  protected override checkOptions(options: RAdamOptions): void {
    checkNotNegative(this.name, options, ["lr", "eps", "weightDecay"]);
    checkBetas(this.name, options.betas);
  }

  protected override newState(param: Tensor): RAdamState {
    return { step: 0, expAvg: zerosLike(param), expAvgSq: zerosLike(param) };
  }

  protected override update(param: Tensor, gradient: Tensor, group: ParamGroup<RAdamOptions>, state: RAdamState): void {
    const { lr, betas: [beta1, beta2], eps, weightDecay } = group;
    const g = weightDecay === 0 ? gradient : gradient.add(param, { alpha: weightDecay });
    const step = ++state.step;
    const targets = [param, state.expAvg, state.expAvgSq];
    const inputs = [g, beta1, 1 - beta1, beta2, 1 - beta2, eps];
    const size = lr / (1 - beta1 ** step);
    const correction2 = 1 - beta2 ** step;
    // Length of the simple moving average that the exponential one stands for.
    const limit = 2 / (1 - beta2) - 1;
    const rho = limit - 2 * step * beta2 ** step / correction2;
    if (rho <= 5) return plain(targets, [...inputs, size]);
    const rectify = Math.sqrt(((rho - 4) * (rho - 2) * limit) / ((limit - 4) * (limit - 2) * rho));
    rectified(targets, [...inputs, size * rectify * Math.sqrt(correction2)]);
  }
}
