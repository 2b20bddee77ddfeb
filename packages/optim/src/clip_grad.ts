/** Clipping of gradients, by their norm or by value. */
import { noGrad } from "@heddle/autograd";
import { stack, Tensor, tensor, tidy } from "@heddle/tensor";
import { checkOptions, widened } from "@heddle/tensor/engine";

/** Options of {@link clipGradNorm_}. */
export interface ClipGradNormOptions {
  /** Which p-norm; may be Infinity. Default 2. */
  readonly normType?: number;
  /** Whether to throw when the norm is NaN or infinite instead of scaling by it. Default false. */
  readonly errorIfNonfinite?: boolean;
}

const listed = (params: Iterable<Tensor> | Tensor): Tensor[] => params instanceof Tensor ? [params] : [...params];

/** The gradients that are not null. */
function gradients(params: Iterable<Tensor> | Tensor): Tensor[] {
  return listed(params).map(({ grad }) => grad).filter((grad) => grad !== null && grad !== undefined);
}

/**
 * Scales all gradients together so that their norm, as if they were one vector, is at most `maxNorm` (PyTorch's
 * `torch.nn.utils.clip_grad_norm_`): the factor is min(1, maxNorm / (norm + 1e-6)). Parameters without a gradient are skipped.
 *
 * Pascanu, Mikolov, Bengio: On the difficulty of training recurrent neural networks, 2012, arXiv:1211.5063, algorithm 1.
 *
 * @returns the norm before, 0-dimensional; float32 for float16 gradients, to hold larger values.
 * @throws Error when the norm is not finite and `errorIfNonfinite` is set; RangeError for a negative `maxNorm` or a `normType` of 0
 * or less.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { clipGradNorm_ } from "@heddle/optim";
 * import { tensor } from "@heddle/tensor";
 * const w = tensor([3, 4], { requiresGrad: true });
 * w.square().sum().div(2).backward(); // the gradient is w
 * clipGradNorm_([w], 1).item(); // 5
 * w.grad!.toArray(); // close to [0.6, 0.8]
 * ```
 */
export function clipGradNorm_(
  params: Iterable<Tensor> | Tensor,
  maxNorm: number,
  options: ClipGradNormOptions = {},
): Tensor {
  checkOptions("clipGradNorm_", options, ["errorIfNonfinite", "normType"]);
  const { normType = 2, errorIfNonfinite = false } = options;
  if (!(maxNorm >= 0)) throw new RangeError(`clipGradNorm_: maxNorm is ${maxNorm}; it must not be negative`);
  if (!(normType > 0)) throw new RangeError(`clipGradNorm_: normType is ${normType}; it must be above 0, or Infinity`);
  const grads = gradients(params);
  if (grads.length === 0) return tensor(0);
  return noGrad(() =>
    tidy(() => {
      const norms = grads.filter((grad) => grad.numel > 0).map((grad) => widened(grad).norm(normType));
      if (norms.length === 0) return tensor(0);
      const total = norms.length === 1 ? norms[0]! : stack(norms).norm(normType);
      if (errorIfNonfinite && !Number.isFinite(total.item())) {
        throw new Error(
          `clipGradNorm_: the norm (p = ${normType}) of the gradients is ${total.item()}, which cannot be clipped; look for the step that ` +
            `overflowed, or leave errorIfNonfinite out`,
        );
      }
      const factor = total.add(1e-6).reciprocal().mul(maxNorm).clamp({ max: 1 });
      for (const grad of grads) grad.mul_(factor);
      return total;
    })
  );
}

/**
 * Clamps every element of the gradients to [−clipValue, clipValue] (PyTorch's `torch.nn.utils.clip_grad_value_`).
 *
 * @throws RangeError for a negative `clipValue`.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { clipGradValue_ } from "@heddle/optim";
 * import { tensor } from "@heddle/tensor";
 * const w = tensor([3, -0.1], { requiresGrad: true });
 * w.square().sum().backward();
 * clipGradValue_([w], 1);
 * w.grad!.toArray(); // close to [1, -0.2]
 * ```
 */
export function clipGradValue_(params: Iterable<Tensor> | Tensor, clipValue: number): void {
  if (!(clipValue >= 0)) throw new RangeError(`clipGradValue_: clipValue is ${clipValue}; it must not be negative`);
  noGrad(() =>
    tidy(() => {
      for (const grad of gradients(params)) grad.clamp_({ min: -clipValue, max: clipValue });
    })
  );
}
