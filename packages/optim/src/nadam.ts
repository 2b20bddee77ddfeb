/** NAdam. */
import { type Tensor, zerosLike } from "@heddle/tensor";
import { fusedUpdate } from "@heddle/tensor/engine";
import { checkBetas, checkNotNegative } from "./check_options.ts";
import { Optimizer } from "./optimizer.ts";
import type { GroupOptions, ParamGroup, ParamsInput } from "./parameter_groups.ts";

/** Options of {@link NAdam}. */
export interface NAdamOptions extends GroupOptions {
  /** Decay of the running means of the gradient and of its square. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the root, against division by zero. Default 1e-8. */
  eps: number;
  /** λ of the penalty λ/2 · |w|². Default 0. */
  weightDecay: number;
  /** ψ of the momentum's schedule μₜ = β₁·(1 − 0.96^(t·ψ) / 2). Default 4e-3. */
  momentumDecay: number;
}

/** What NAdam remembers of a parameter. */
export type NAdamState = { step: number; muProduct: number; expAvg: Tensor; expAvgSq: Tensor };

const update = fusedUpdate(
  "nadam",
  (param, mean, square, g, beta1, share1, beta2, share2, correction, eps, rate, rateOfMean) => {
    const newMean = mean.mul(beta1).add(g.mul(share1));
    const newSquare = square.mul(beta2).add(g.square().mul(share2));
    const root = newSquare.div(correction).sqrt().add(eps);
    return [param.sub(g.div(root).mul(rate)).sub(newMean.div(root).mul(rateOfMean)), newMean, newSquare];
  },
);

/** The momentum of a step, section 2 of Dozat's report with the constants it recommends. */
const mu = (beta1: number, decay: number, step: number): number => beta1 * (1 - 0.5 * 0.96 ** (step * decay));

/**
 * NAdam (PyTorch's `torch.optim.NAdam`): Adam with Nesterov's momentum on a schedule. The default `lr` is 2e-3.
 *
 * Dozat: Incorporating Nesterov Momentum into Adam, 2016. The second term divides by 1 − μ₁·…·μₜ₊₁ as in the report and in
 * PyTorch 2; PyTorch 1.12 and 1.13 counted μₜ twice there in their loop over single tensors, and not with `foreach=True`.
 *
 * @throws RangeError for negative options or betas outside [0, 1).
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { NAdam } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new NAdam([ones([2], { requiresGrad: true })], { lr: 1e-3 });
 * ```
 */
export class NAdam extends Optimizer<NAdamOptions, NAdamState> {
  constructor(params: ParamsInput<NAdamOptions>, options: Partial<NAdamOptions> = {}) {
    super(
      params,
      { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, momentumDecay: 4e-3, maximize: false },
      options,
    );
  }

  protected override checkOptions(options: NAdamOptions): void {
    checkNotNegative(this.name, options, ["lr", "eps", "weightDecay", "momentumDecay"]);
    checkBetas(this.name, options.betas);
  }

  protected override newState(param: Tensor): NAdamState {
    return { step: 0, muProduct: 1, expAvg: zerosLike(param), expAvgSq: zerosLike(param) };
  }

  protected override update(param: Tensor, gradient: Tensor, group: ParamGroup<NAdamOptions>, state: NAdamState): void {
    const { lr, betas: [beta1, beta2], eps, weightDecay, momentumDecay } = group;
    const g = weightDecay === 0 ? gradient : gradient.add(param, { alpha: weightDecay });
    const step = ++state.step;
    const here = mu(beta1, momentumDecay, step);
    const next = mu(beta1, momentumDecay, step + 1);
    state.muProduct *= here;
    const rate = lr * (1 - here) / (1 - state.muProduct);
    const rateOfMean = lr * next / (1 - state.muProduct * next);
    update(
      [param, state.expAvg, state.expAvgSq],
      [g, beta1, 1 - beta1, beta2, 1 - beta2, 1 - beta2 ** step, eps, rate, rateOfMean],
    );
  }
}
