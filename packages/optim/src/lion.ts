/** Lion. */
import { type Tensor, zerosLike } from "@heddle/tensor";
import { fusedUpdate } from "@heddle/tensor/engine";
import { checkBetas, checkNotNegative } from "./check_options.ts";
import { Optimizer } from "./optimizer.ts";
import type { GroupOptions, ParamGroup, ParamsInput } from "./parameter_groups.ts";

/** Options of {@link Lion}. */
export interface LionOptions extends GroupOptions {
  /** Weight of the momentum in the direction of the step, and decay of the momentum. Default [0.9, 0.99]. */
  betas: readonly [number, number];
  /** Decoupled: shrinks the weights by lr · weightDecay a step. Default 0. */
  weightDecay: number;
}

/** What Lion remembers of a parameter. */
export type LionState = { expAvg: Tensor };

const update = fusedUpdate("lion", (param, mean, g, left, beta1, share1, beta2, share2, lr) => [
  param.mul(left).sub(mean.mul(beta1).add(g.mul(share1)).sign().mul(lr)),
  mean.mul(beta2).add(g.mul(share2)),
]);

/**
 * Lion, which PyTorch does not have: w ← (1 − lr·λ)·w − lr·sign(β₁·m + (1 − β₁)·g), then m ← β₂·m + (1 − β₂)·g. Every element moves by
 * `lr`, so `lr` should be 3 to 10 times smaller than for AdamW, and `weightDecay` as much larger. The default `lr` is 1e-4.
 *
 * Chen, Liang, Huang et al.: Symbolic Discovery of Optimization Algorithms, 2023, arXiv:2302.06675, algorithm 2.
 *
 * @throws RangeError for negative options or betas outside [0, 1).
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { Lion } from "@heddle/optim";
 * import { tensor } from "@heddle/tensor";
 * const w = tensor([1, -100], { requiresGrad: true });
 * const optimizer = new Lion([w], { lr: 0.5 });
 * w.square().sum().backward();
 * optimizer.step();
 * w.toArray(); // [0.5, -99.5]
 * ```
 */
export class Lion extends Optimizer<LionOptions, LionState> {
  constructor(params: ParamsInput<LionOptions>, options: Partial<LionOptions> = {}) {
    super(params, { lr: 1e-4, betas: [0.9, 0.99], weightDecay: 0, maximize: false }, options);
  }

  protected override checkOptions(options: LionOptions): void {
    checkNotNegative(this.name, options, ["lr", "weightDecay"]);
    checkBetas(this.name, options.betas);
  }

  protected override newState(param: Tensor): LionState {
    return { expAvg: zerosLike(param) };
  }

  protected override update(param: Tensor, gradient: Tensor, group: ParamGroup<LionOptions>, state: LionState): void {
    const { lr, betas: [beta1, beta2], weightDecay } = group;
    update([param, state.expAvg], [gradient, 1 - lr * weightDecay, beta1, 1 - beta1, beta2, 1 - beta2, lr]);
  }
}
