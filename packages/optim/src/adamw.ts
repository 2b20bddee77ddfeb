/** Adam with decoupled weight decay. */
import type { Tensor } from "@heddle/tensor";
import { type AdamOptions, type AdamState, adamStep, checkAdamOptions, newAdamState } from "./adam.ts";
import { Optimizer } from "./optimizer.ts";
import type { ParamGroup, ParamsInput } from "./parameter_groups.ts";

/** Options of {@link AdamW}: those of Adam, where `weightDecay` (default 0.01) shrinks the weights by lr · weightDecay a step. */
export type AdamWOptions = AdamOptions;

/**
 * Adam with decoupled weight decay (PyTorch's `torch.optim.AdamW`): w ← (1 − lr·λ)·w, then Adam's step without the penalty.
 *
 * Loshchilov, Hutter: Decoupled Weight Decay Regularization, 2017, arXiv:1711.05101.
 *
 * @throws RangeError for negative options or betas outside [0, 1).
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { AdamW, weightDecayGroups } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const weight = ones([3, 2], { requiresGrad: true });
 * const bias = ones([3], { requiresGrad: true });
 * const optimizer = new AdamW(weightDecayGroups([weight, bias], 0.1), { lr: 1e-3 });
 * ```
 */
export class AdamW extends Optimizer<AdamWOptions, AdamState> {
  constructor(params: ParamsInput<AdamWOptions>, options: Partial<AdamWOptions> = {}) {
    super(
      params,
      { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 1e-2, amsgrad: false, maximize: false },
      options,
    );
  }

  protected override checkOptions(options: AdamWOptions): void {
    checkAdamOptions(this.name, options);
  }

  protected override newState(param: Tensor): AdamState {
    return newAdamState(param);
  }

  protected override update(param: Tensor, gradient: Tensor, group: ParamGroup<AdamWOptions>, state: AdamState): void {
    adamStep(param, gradient, group, state, 1 - group.lr * group.weightDecay);
  }
}
