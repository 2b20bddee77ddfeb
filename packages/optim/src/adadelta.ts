/** Adadelta. */
import { type Tensor, zerosLike } from "@heddle/tensor";
import { fusedUpdate } from "@heddle/tensor/engine";
import { checkNotNegative } from "./check_options.ts";
import { Optimizer } from "./optimizer.ts";
import type { GroupOptions, ParamGroup, ParamsInput } from "./parameter_groups.ts";

/** Options of {@link Adadelta}. */
export interface AdadeltaOptions extends GroupOptions {
  /** Decay of both running means, from 0 to 1. Default 0.9. */
  rho: number;
  /** Added under the roots. Default 1e-6. */
  eps: number;
  /** λ of the penalty λ/2 · |w|². Default 0. */
  weightDecay: number;
}

/** What Adadelta remembers of a parameter. */
export type AdadeltaState = { squareAvg: Tensor; accDelta: Tensor };

const update = fusedUpdate("adadelta", (param, square, changes, g, rho, share, eps, lr) => {
  const newSquare = square.mul(rho).add(g.square().mul(share));
  const change = changes.add(eps).sqrt().div(newSquare.add(eps).sqrt()).mul(g);
  return [param.sub(change.mul(lr)), newSquare, changes.mul(rho).add(change.square().mul(share))];
});

/**
 * Adadelta (PyTorch's `torch.optim.Adadelta`): the step is the gradient times the ratio of the running root mean squares of past
 * steps and gradients. The default `lr`, which the paper does not have, is 1.
 *
 * Zeiler: ADADELTA: An Adaptive Learning Rate Method, 2012, arXiv:1212.5701, algorithm 1.
 *
 * @throws RangeError for negative options or `rho` outside [0, 1].
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { Adadelta } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new Adadelta([ones([2], { requiresGrad: true })]);
 * ```
 */
export class Adadelta extends Optimizer<AdadeltaOptions, AdadeltaState> {
  constructor(params: ParamsInput<AdadeltaOptions>, options: Partial<AdadeltaOptions> = {}) {
    super(params, { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false }, options);
  }

  protected override checkOptions(options: AdadeltaOptions): void {
    checkNotNegative(this.name, options, ["lr", "rho", "eps", "weightDecay"]);
    if (options.rho > 1) throw new RangeError(`${this.name}: rho is ${options.rho}; it must lie between 0 and 1`);
  }

  protected override newState(param: Tensor): AdadeltaState {
    return { squareAvg: zerosLike(param), accDelta: zerosLike(param) };
  }

  protected override update(
    param: Tensor,
    gradient: Tensor,
    group: ParamGroup<AdadeltaOptions>,
    state: AdadeltaState,
  ): void {
    const { lr, rho, eps, weightDecay } = group;
    const g = weightDecay === 0 ? gradient : gradient.add(param, { alpha: weightDecay });
    update([param, state.squareAvg, state.accDelta], [g, rho, 1 - rho, eps, lr]);
  }
}
