/** Rprop. */
import { fullLike, type Tensor, whereSymbolic, zerosLike } from "@heddle/tensor";
import { fusedUpdate } from "@heddle/tensor/engine";
import { checkNotNegative } from "./check_options.ts";
import { Optimizer } from "./optimizer.ts";
import type { GroupOptions, ParamGroup, ParamsInput } from "./parameter_groups.ts";

/** Options of {@link Rprop}. */
export interface RpropOptions extends GroupOptions {
  /** Factors of a step's size after the gradient's sign has changed and after it has stayed. Default [0.5, 1.2]. */
  etas: readonly [number, number];
  /** The smallest and the largest size of a step. Default [1e-6, 50]. */
  stepSizes: readonly [number, number];
}

/** What Rprop remembers of a parameter. */
export type RpropState = { step: number; prev: Tensor; stepSize: Tensor };

const update = fusedUpdate("rprop", (param, prev, size, g, shrink, grow, least, most) => {
  const agreement = g.mul(prev);
  const turned = agreement.lt(0);
  const factor = whereSymbolic(agreement.gt(0), grow, whereSymbolic(turned, shrink, 1));
  const newSize = size.mul(factor).maximum(least).minimum(most);
  const kept = whereSymbolic(turned, 0, g);
  return [param.sub(kept.sign().mul(newSize)), kept, newSize];
});

/**
 * Rprop (PyTorch's `torch.optim.Rprop`): each element moves against its gradient's sign by a step of its own, which grows while the
 * sign stays and shrinks when it changes. `lr` is the size of the first step, 0.01 by default. For gradients of the whole data set:
 * between small batches signs change by chance.
 *
 * Riedmiller, Braun: A Direct Adaptive Method for Faster Backpropagation Learning: The RPROP Algorithm, 1993, IEEE ICNN.
 *
 * @throws RangeError for negative options, or etas that are not below 1 and above 1.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { Rprop } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const optimizer = new Rprop([ones([2], { requiresGrad: true })], { lr: 0.1 });
 * ```
 */
export class Rprop extends Optimizer<RpropOptions, RpropState> {
  constructor(params: ParamsInput<RpropOptions>, options: Partial<RpropOptions> = {}) {
    super(params, { lr: 1e-2, etas: [0.5, 1.2], stepSizes: [1e-6, 50], maximize: false }, options);
  }

  protected override checkOptions(options: RpropOptions): void {
    checkNotNegative(this.name, options, ["lr"]);
    const { etas, stepSizes } = options;
    if (!(isPair(etas) && etas[0] > 0 && etas[0] < 1 && etas[1] > 1)) {
      throw new RangeError(
        `${this.name}: etas are [${String(etas)}]; they must be a number between 0 and 1, and a number above 1`,
      );
    }
    if (!(isPair(stepSizes) && stepSizes[0] >= 0 && stepSizes[0] <= stepSizes[1])) {
      throw new RangeError(
        `${this.name}: stepSizes are [${String(stepSizes)}]; they must be two numbers of at least 0, the smaller first`,
      );
    }
  }

  protected override newState(param: Tensor, group: ParamGroup<RpropOptions>): RpropState {
    return { step: 0, prev: zerosLike(param), stepSize: fullLike(param, group.lr) };
  }

  protected override update(param: Tensor, gradient: Tensor, group: ParamGroup<RpropOptions>, state: RpropState): void {
    const { etas: [shrink, grow], stepSizes: [least, most] } = group;
    state.step++;
    update([param, state.prev, state.stepSize], [gradient, shrink, grow, least, most]);
  }
}

function isPair(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every((number) => typeof number === "number");
}
