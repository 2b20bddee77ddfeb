/** RMSprop. */
import { type Symbolic, type Tensor, zerosLike } from "@heddle/tensor";
import { fusedUpdate, type UpdateFunction } from "@heddle/tensor/engine";
import { checkNotNegative } from "./check_options.ts";
import { Optimizer } from "./optimizer.ts";
import type { GroupOptions, ParamGroup, ParamsInput } from "./parameter_groups.ts";

/** Options of {@link RMSprop}. */
export interface RMSpropOptions extends GroupOptions {
  /** Decay of the running mean of the squared gradient. Default 0.99. */
  alpha: number;
  /** Added to the root, against division by zero. Default 1e-8. */
  eps: number;
  /** λ of the penalty λ/2 · |w|². Default 0. */
  weightDecay: number;
  /** Factor of the previous step. Default 0. */
  momentum: number;
  /** Whether to divide by an estimate of the standard deviation instead of the root mean square. Default false. */
  centered: boolean;
}

/** What RMSprop remembers of a parameter. */
export type RMSpropState = { squareAvg: Tensor; gradAvg: Tensor | undefined; momentumBuffer: Tensor | undefined };

/** By whether the mean is subtracted, and whether there is momentum. The targets are the state's tensors for that case. */
const roll = (centred: boolean, rolls: boolean): UpdateFunction =>
  fusedUpdate("rmsprop", (param, square, ...rest) => {
    const mean = centred ? rest.shift()! : null;
    const buffer = rolls ? rest.shift()! : null;
    const [g, alpha, share, eps, momentum, lr] = rest as [Symbolic, Symbolic, Symbolic, Symbolic, Symbolic, Symbolic];
    const newSquare = square.mul(alpha).add(g.square().mul(share));
    const newMean = mean?.mul(alpha).add(g.mul(share)) ?? null;
    const variance = newMean === null ? newSquare : newSquare.sub(newMean.square());
    const step = g.div(variance.sqrt().add(eps));
    const newBuffer = buffer?.mul(momentum).add(step) ?? null;
    return [param.sub((newBuffer ?? step).mul(lr)), newSquare, newMean, newBuffer].filter((x) => x !== null);
  });
const updates = [[roll(false, false), roll(false, true)], [roll(true, false), roll(true, true)]];

/**
 * RMSprop (PyTorch's `torch.optim.RMSprop`): divides the gradient by the root of the running mean of its square. The default `lr`
 * is 0.01.
 *
 * Tieleman, Hinton: Neural Networks for Machine Learning, lecture 6e, 2012. The centred form is by Graves: Generating Sequences
 * With Recurrent Neural Networks, 2013, arXiv:1308.0850, equations 38 to 45 (there eps is under the root).
 *
 * @throws RangeError for negative options.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { RMSprop } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new RMSprop([ones([2], { requiresGrad: true })], { lr: 1e-3, alpha: 0.9 });
 * ```
 */
export class RMSprop extends Optimizer<RMSpropOptions, RMSpropState> {
  constructor(params: ParamsInput<RMSpropOptions>, options: Partial<RMSpropOptions> = {}) {
    super(
      params,
      { lr: 1e-2, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, centered: false, maximize: false },
      options,
    );
  }

  protected override checkOptions(options: RMSpropOptions): void {
    checkNotNegative(this.name, options, ["lr", "alpha", "eps", "weightDecay", "momentum"]);
  }

  protected override newState(param: Tensor): RMSpropState {
    return { squareAvg: zerosLike(param), gradAvg: undefined, momentumBuffer: undefined };
  }

  protected override update(
    param: Tensor,
    gradient: Tensor,
    group: ParamGroup<RMSpropOptions>,
    state: RMSpropState,
  ): void {
    const { lr, alpha, eps, weightDecay, momentum, centered } = group;
    const g = weightDecay === 0 ? gradient : gradient.add(param, { alpha: weightDecay });
    const targets = [param, state.squareAvg];
    if (centered) targets.push(state.gradAvg ??= zerosLike(param));
    if (momentum > 0) targets.push(state.momentumBuffer ??= zerosLike(param));
    updates[centered ? 1 : 0]![momentum > 0 ? 1 : 0]!(targets, [g, alpha, 1 - alpha, eps, momentum, lr]);
  }
}
