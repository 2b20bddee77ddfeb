/** Adam. */
import { fused, type Tensor, zerosLike } from "@heddle/tensor";
import { fusedUpdate } from "@heddle/tensor/engine";
import { checkBetas, checkNotNegative } from "./check_options.ts";
import { Optimizer } from "./optimizer.ts";
import type { GroupOptions, ParamGroup, ParamsInput } from "./parameter_groups.ts";

/** Options of {@link Adam}. */
export interface AdamOptions extends GroupOptions {
  /** Decay of the running means of the gradient and of its square. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Added to the root, against division by zero. Default 1e-8. */
  eps: number;
  /** λ of the penalty λ/2 · |w|², which becomes part of the running means. Default 0. {@link AdamW} decouples it. */
  weightDecay: number;
  /** Divide by the largest root so far instead of the current one. Default false. */
  amsgrad: boolean;
}

/** The state of a parameter. */
export type AdamState = { step: number; expAvg: Tensor; expAvgSq: Tensor; maxExpAvgSq: Tensor | undefined };

/** @throws RangeError for options out of range. */
export function checkAdamOptions(name: string, options: AdamOptions): void {
  checkNotNegative(name, options, ["lr", "eps", "weightDecay"]);
  checkBetas(name, options.betas);
}

/** Zeros in the parameter's shape for both means; the largest square is added at the first step that uses it. */
export function newAdamState(param: Tensor): AdamState {
  return { step: 0, expAvg: zerosLike(param), expAvgSq: zerosLike(param), maxExpAvgSq: undefined };
}

const update = fusedUpdate("adam", (param, mean, square, g, left, beta1, share1, beta2, share2, root, eps, rate) => {
  const newMean = mean.mul(beta1).add(g.mul(share1));
  const newSquare = square.mul(beta2).add(g.square().mul(share2));
  return [param.mul(left).sub(newMean.div(newSquare.sqrt().div(root).add(eps)).mul(rate)), newMean, newSquare];
});
const updateByLargest = fusedUpdate(
  "adam",
  (param, mean, square, largest, g, left, beta1, share1, beta2, share2, root, eps, rate) => {
    const newMean = mean.mul(beta1).add(g.mul(share1));
    const newSquare = square.mul(beta2).add(g.square().mul(share2));
    const newLargest = largest.maximum(newSquare);
    return [
      param.mul(left).sub(newMean.div(newLargest.sqrt().div(root).add(eps)).mul(rate)),
      newMean,
      newSquare,
      newLargest,
    ];
  },
);
const penalised = fused("adam", (g, param, decay) => g.add(param.mul(decay)));

/** The last corrections: the parameters of a step usually share them. */
let [lastBeta1, lastBeta2, lastStep] = [NaN, NaN, NaN];
let last: readonly [first: number, root: number] = [NaN, NaN];

/** What the running means are divided by, since they start at zero: of the gradient, and the root of that of its square. */
function correctionsOf(beta1: number, beta2: number, step: number): readonly [first: number, root: number] {
  if (step !== lastStep || beta1 !== lastBeta1 || beta2 !== lastBeta2) {
    last = [1 - beta1 ** step, Math.sqrt(1 - beta2 ** step)];
    [lastBeta1, lastBeta2, lastStep] = [beta1, beta2, step];
  }
  return last;
}

/**
 * The step of Adam and AdamW: algorithm 1 of the paper, with eps added after the bias correction.
 *
 * @param left the factor that weight decay applies to the parameter first.
 */
export function adamStep(param: Tensor, gradient: Tensor, group: AdamOptions, state: AdamState, left = 1): void {
  const { lr, betas: [beta1, beta2], eps, amsgrad } = group;
  const step = ++state.step;
  const [first, root] = correctionsOf(beta1, beta2, step);
  const rate = lr / first;
  const targets = [param, state.expAvg, state.expAvgSq];
  const inputs = [gradient, left, beta1, 1 - beta1, beta2, 1 - beta2, root, eps, rate];
  if (amsgrad) updateByLargest([...targets, state.maxExpAvgSq ??= zerosLike(param)], inputs);
  else update(targets, inputs);
}

/**
 * Adam (PyTorch's `torch.optim.Adam`): steps along the running mean of the gradient, divided by the root of the running mean of
 * its square, both corrected for their start at zero.
 *
 * Kingma, Ba: Adam: A Method for Stochastic Optimization, 2014, arXiv:1412.6980. `amsgrad` is by Reddi, Kale, Kumar: On the
 * Convergence of Adam and Beyond, 2018.
 *
 * @throws RangeError for negative options or betas outside [0, 1).
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { Adam } from "@heddle/optim";
 * import { tensor } from "@heddle/tensor";
 * const w = tensor([1, -1], { requiresGrad: true });
 * const optimizer = new Adam([w], { lr: 0.1 });
 * w.square().sum().backward();
 * optimizer.step();
 * w.toArray(); // close to [0.9, -0.9]: the first step is lr long whatever the gradient
 * ```
 */
export class Adam extends Optimizer<AdamOptions, AdamState> {
  constructor(params: ParamsInput<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(
      params,
      { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false, maximize: false },
      options,
    );
  }

  protected override checkOptions(options: AdamOptions): void {
    checkAdamOptions(this.name, options);
  }

  protected override newState(param: Tensor): AdamState {
    return newAdamState(param);
  }

  protected override update(param: Tensor, gradient: Tensor, group: ParamGroup<AdamOptions>, state: AdamState): void {
    const { weightDecay } = group;
    adamStep(param, weightDecay === 0 ? gradient : penalised([gradient, param, weightDecay]), group, state);
  }
}
