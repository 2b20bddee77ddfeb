/** Muon. */
import { type Tensor, zerosLike } from "@heddle/tensor";
import { fusedUpdate } from "@heddle/tensor/engine";
import { type AdamState, adamStep, newAdamState } from "./adam.ts";
import { checkBetas, checkNotNegative } from "./check_options.ts";
import { Optimizer } from "./optimizer.ts";
import type { GroupOptions, ParamGroup, ParamGroupInput, ParamsInput } from "./parameter_groups.ts";

/** Options of {@link Muon}. */
export interface MuonOptions extends GroupOptions {
  /** Decoupled: shrinks the weights by lr · weightDecay a step. Default 0.1. */
  weightDecay: number;
  /** Decay of the running mean of the gradient. Default 0.95. */
  momentum: number;
  /** Whether to step along the mean as it will be after one more step with this gradient. Default true. */
  nesterov: boolean;
  /** The coefficients a, b, c of an iteration X ← a·X + b·(X·Xᵀ)·X + c·(X·Xᵀ)²·X. Default [3.4445, −4.775, 2.0315]. */
  nsCoefficients: readonly [number, number, number];
  /** Number of these iterations. Default 5. */
  nsSteps: number;
  /** The least norm by which a step is divided first; in groups of AdamW what is added to the root. Default 1e-7. */
  eps: number;
  /**
   * How `lr` depends on the shape `[m, n]`: "original" (the default) multiplies by √max(1, m/n); "matchRmsAdamw" by 0.2·√max(m, n), so
   * that the `lr` and `weightDecay` of AdamW can be used.
   */
  adjustLrFn: "original" | "matchRmsAdamw";
  /** Whether this group steps by Muon (the default) or, with `betas` and `eps`, by AdamW. */
  useMuon: boolean;
  /** Decay of AdamW's running means, in groups with `useMuon: false`. Default [0.9, 0.95]. */
  betas: readonly [number, number];
}

/** What Muon remembers of a parameter: one mean, or AdamW's two. */
export type MuonState = { momentumBuffer: Tensor } | AdamState;

const finish = fusedUpdate("muon", (param, _, direction, mean, left, rate) => [
  param.mul(left).sub(direction.mul(rate)),
  mean,
]);

/** Roughly U·Vᵀ of the singular value decomposition U·S·Vᵀ of a matrix: all singular values come close to 1. */
function orthogonalised(matrix: Tensor, { nsCoefficients: [a, b, c], nsSteps, eps }: MuonOptions): Tensor {
  const tall = matrix.shape[0]! > matrix.shape[1]!;
  let x = tall ? matrix.t() : matrix;
  x = x.div(x.norm().clamp({ min: eps }));
  for (let i = 0; i < nsSteps; i++) {
    const gram = x.matmul(x.t());
    const polynomial = gram.mul(b).add(gram.matmul(gram), { alpha: c });
    x = x.mul(a).add(polynomial.matmul(x));
  }
  return tall ? x.t() : x;
}

/**
 * Muon (PyTorch's `torch.optim.Muon`, from 2.9 on), for the weight matrices of hidden layers: the step is the running mean of the
 * gradient, orthogonalised by Newton–Schulz iterations. Kernels of convolutions are taken for matrices of their first dimension by all
 * others. Embeddings, the output layer, biases and scales of norms belong into a group with `useMuon: false`, which steps by AdamW.
 * The default `lr` is 1e-3.
 *
 * Jordan, Jin, Boza et al.: Muon: An optimizer for hidden layers in neural networks, 2024; "matchRmsAdamw" is by Liu et al.: Muon is
 * Scalable for LLM Training, 2025, arXiv:2502.16982. The iterations run in the dtype of the parameter (float32 for float16), where the
 * authors take bfloat16.
 *
 * @throws RangeError for options out of range; Error for a parameter of fewer than two dimensions in a group of Muon.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { Muon } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const [weight, bias] = [ones([3, 2], { requiresGrad: true }), ones([3], { requiresGrad: true })];
 * const optimizer = new Muon([{ params: [weight], lr: 0.02 }, { params: [bias], useMuon: false, lr: 3e-4 }]);
 * ```
 */
export class Muon extends Optimizer<MuonOptions, MuonState> {
  constructor(params: ParamsInput<MuonOptions>, options: Partial<MuonOptions> = {}) {
    super(params, {
      lr: 1e-3,
      weightDecay: 0.1,
      momentum: 0.95,
      nesterov: true,
      nsCoefficients: [3.4445, -4.775, 2.0315],
      nsSteps: 5,
      eps: 1e-7,
      adjustLrFn: "original",
      useMuon: true,
      betas: [0.9, 0.95],
      maximize: false,
    }, options);
  }

  protected override checkOptions(options: MuonOptions): void {
    checkNotNegative(this.name, options, ["lr", "weightDecay", "momentum", "eps"]);
    checkBetas(this.name, options.betas);
    const { nsCoefficients, nsSteps, adjustLrFn } = options;
    if (nsCoefficients.length !== 3 || !nsCoefficients.every(Number.isFinite)) {
      throw new RangeError(`${this.name}: nsCoefficients are [${nsCoefficients}]; they must be three numbers`);
    }
    if (!(Number.isInteger(nsSteps) && nsSteps >= 0 && nsSteps < 100)) {
      throw new RangeError(`${this.name}: nsSteps is ${nsSteps}; it must be a whole number from 0 to 99`);
    }
    if (adjustLrFn !== "original" && adjustLrFn !== "matchRmsAdamw") {
      throw new RangeError(`${this.name}: adjustLrFn is "${adjustLrFn}"; it must be "original" or "matchRmsAdamw"`);
    }
  }

  override addParamGroup(group: ParamGroupInput<MuonOptions>): void {
    super.addParamGroup(group);
    const { params, useMuon } = this.paramGroups.at(-1)!;
    const wrong = useMuon ? params.findIndex(({ ndim }) => ndim < 2) : -1;
    if (wrong === -1) return;
    this.paramGroups.pop();
    throw new Error(
      `${this.name}: parameter ${wrong} of shape [${
        params[wrong]!.shape.join(", ")
      }] is no matrix; give it in a group of ` +
        `its own, { params: [...], useMuon: false }, which steps by AdamW`,
    );
  }

  protected override newState(param: Tensor, group: ParamGroup<MuonOptions>): MuonState {
    return group.useMuon ? { momentumBuffer: zerosLike(param) } : newAdamState(param);
  }

  protected override update(param: Tensor, gradient: Tensor, group: ParamGroup<MuonOptions>, state: MuonState): void {
    const { lr, weightDecay, momentum, nesterov, adjustLrFn } = group;
    const left = 1 - lr * weightDecay;
    if (!("momentumBuffer" in state)) return adamStep(param, gradient, { ...group, amsgrad: false }, state, left);
    if (param.numel === 0) return;
    const mean = state.momentumBuffer.mul(momentum).add(gradient, { alpha: 1 - momentum });
    const step = nesterov ? gradient.mul(1 - momentum).add(mean, { alpha: momentum }) : mean;
    const [m, n] = [param.shape[0]!, param.numel / param.shape[0]!];
    const direction = orthogonalised(step.reshape(m, n), group).reshape(param.shape);
    const factor = adjustLrFn === "original" ? Math.sqrt(Math.max(1, m / n)) : 0.2 * Math.sqrt(Math.max(m, n));
    finish([param, state.momentumBuffer], [direction, mean, left, lr * factor]);
  }
}
