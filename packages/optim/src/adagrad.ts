/** Adagrad. */
import { fullLike, type Tensor } from "@heddle/tensor";
import { fusedUpdate } from "@heddle/tensor/engine";
import { checkNotNegative } from "./check_options.ts";
import { Optimizer } from "./optimizer.ts";
import type { GroupOptions, ParamGroup, ParamsInput } from "./parameter_groups.ts";

/** Options of {@link Adagrad}. */
export interface AdagradOptions extends GroupOptions {
  /** The learning rate of step t is lr / (1 + (t − 1)·lrDecay). Default 0. */
  lrDecay: number;
  /** λ of the penalty λ/2 · |w|². Default 0. */
  weightDecay: number;
  /** Initial value of the sum of squares. Default 0. */
  initialAccumulatorValue: number;
  /** Added to the root, against division by zero. Default 1e-10. */
  eps: number;
}

/** What Adagrad remembers of a parameter. */
export type AdagradState = { step: number; sum: Tensor };

const update = fusedUpdate("adagrad", (param, sum, g, eps, rate) => {
  const newSum = sum.add(g.square());
  return [param.sub(g.div(newSum.sqrt().add(eps)).mul(rate)), newSum];
});

/**
 * Adagrad (PyTorch's `torch.optim.Adagrad`): divides the gradient by the root of the sum of all its squares. The default `lr` is
 * 0.01.
 *
 * Duchi, Hazan, Singer: Adaptive Subgradient Methods for Online Learning and Stochastic Optimization, 2011, JMLR 12.
 *
 * @throws RangeError for negative options.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { Adagrad } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new Adagrad([ones([2], { requiresGrad: true })], { lr: 0.1 });
 * ```
 */
export class Adagrad extends Optimizer<AdagradOptions, AdagradState> {
  constructor(params: ParamsInput<AdagradOptions>, options: Partial<AdagradOptions> = {}) {
    super(
      params,
      { lr: 1e-2, lrDecay: 0, weightDecay: 0, initialAccumulatorValue: 0, eps: 1e-10, maximize: false },
      options,
    );
  }

  protected override checkOptions(options: AdagradOptions): void {
    checkNotNegative(this.name, options, ["lr", "lrDecay", "weightDecay", "initialAccumulatorValue", "eps"]);
  }

  protected override newState(param: Tensor, group: ParamGroup<AdagradOptions>): AdagradState {
    return { step: 0, sum: fullLike(param, group.initialAccumulatorValue) };
  }

  protected override update(
    param: Tensor,
    gradient: Tensor,
    group: ParamGroup<AdagradOptions>,
    state: AdagradState,
  ): void {
    const { lr, lrDecay, weightDecay, eps } = group;
    const g = weightDecay === 0 ? gradient : gradient.add(param, { alpha: weightDecay });
    const step = ++state.step;
    update([param, state.sum], [g, eps, lr / (1 + (step - 1) * lrDecay)]);
  }
}
