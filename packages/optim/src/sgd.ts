/** Stochastic gradient descent. */
import { fused, type Tensor } from "@heddle/tensor";
import { fusedUpdate, type UpdateFunction } from "@heddle/tensor/engine";
import { checkNotNegative } from "./check_options.ts";
import { Optimizer } from "./optimizer.ts";
import type { GroupOptions, ParamGroup, ParamsInput } from "./parameter_groups.ts";

/** Options of {@link SGD}. */
export interface SGDOptions extends GroupOptions {
  /** Factor of the previous step; 0 (the default) is plain descent. */
  momentum: number;
  /** By how much the gradient is reduced once there is momentum. Default 0. */
  dampening: number;
  /** λ of the penalty λ/2 · |w|². Default 0. */
  weightDecay: number;
  /** Whether to use Nesterov momentum. Default false. */
  nesterov: boolean;
}

/** What SGD remembers of a parameter. */
export type SGDState = { momentumBuffer: Tensor | undefined };

const descend = fused("SGD", (param, step, lr) => param.sub(step.mul(lr)));
const penalised = fused("SGD", (g, param, decay) => g.add(param.mul(decay)));

/** With momentum, by whether there is a penalty and whether it is Nesterov's. */
const roll = (decays: boolean, nesterov: boolean): UpdateFunction =>
  fusedUpdate("SGD", (param, buffer, gradient, lr, momentum, share, decay) => {
    const g = decays ? gradient.add(param.mul(decay)) : gradient;
    const rolled = buffer.mul(momentum).add(g.mul(share));
    const step = nesterov ? g.add(rolled.mul(momentum)) : rolled;
    return [param.sub(step.mul(lr)), rolled];
  });
const plain = [roll(false, false), roll(true, false)];
const ahead = [roll(false, true), roll(true, true)];

/**
 * Stochastic gradient descent with momentum (PyTorch's `torch.optim.SGD`):
 * b ← μ·b + (1 − dampening)·g, w ← w − lr·b, where b starts as the first gradient. Nesterov's form steps along g + μ·b.
 *
 * Sutskever, Martens, Dahl, Hinton: On the importance of initialization and momentum in deep learning, 2013; there the learning
 * rate is inside the momentum, here (as in PyTorch) outside.
 *
 * @throws RangeError for negative options, and for `nesterov` without momentum or with dampening.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { SGD } from "@heddle/optim";
 * import { tensor } from "@heddle/tensor";
 * const w = tensor([1, -1], { requiresGrad: true });
 * const optimizer = new SGD([w], { lr: 0.1, momentum: 0.9 });
 * for (let i = 0; i < 3; i++) {
 *   optimizer.zeroGrad();
 *   w.square().sum().backward();
 *   optimizer.step();
 * }
 * ```
 */
export class SGD extends Optimizer<SGDOptions, SGDState> {
  constructor(params: ParamsInput<SGDOptions>, options: Partial<SGDOptions> = {}) {
    super(params, { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false }, options);
  }

  protected override checkOptions(options: SGDOptions): void {
    checkNotNegative(this.name, options, ["lr", "momentum", "weightDecay"]);
    if (options.nesterov && (options.momentum === 0 || options.dampening !== 0)) {
      throw new RangeError(
        `${this.name}: nesterov needs a momentum above 0 and dampening 0; got momentum ${options.momentum}, dampening ${options.dampening}`,
      );
    }
  }

  protected override newState(): SGDState {
    return { momentumBuffer: undefined };
  }

  protected override update(param: Tensor, gradient: Tensor, group: ParamGroup<SGDOptions>, state: SGDState): void {
    const { lr, momentum, dampening, weightDecay, nesterov } = group;
    if (state.momentumBuffer !== undefined && momentum !== 0) {
      const update = (nesterov ? ahead : plain)[weightDecay === 0 ? 0 : 1]!;
      update([param, state.momentumBuffer], [gradient, lr, momentum, 1 - dampening, weightDecay]);
      return;
    }
    let step = weightDecay === 0 ? gradient : penalised([gradient, param, weightDecay]);
    if (momentum !== 0) {
      state.momentumBuffer = step.detach().clone();
      if (nesterov) step = step.add(state.momentumBuffer, { alpha: momentum });
    }
    descend([param, step, lr], param);
  }
}
