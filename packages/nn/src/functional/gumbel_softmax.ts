/** Draws from a categorical distribution that have a gradient. */
import { fused, type Generator, isFloat, rand, type Tensor, zerosLike } from "@heddle/tensor";
import { checkOptions, inFloat32, isHalf } from "@heddle/tensor/engine";
import { checkInteger, shown } from "../sizes.ts";

/** Options of {@link gumbelSoftmax}. */
export interface GumbelSoftmaxOptions {
  /** The temperature, above 0; 1 by default. The lower, the closer the draws are to one-hot. */
  readonly tau?: number;
  /** Whether the result is one-hot, with the gradient of the soft draw; false by default. */
  readonly hard?: boolean;
  /** The dimension of the categories; the last by default. */
  readonly dim?: number;
  /** Source of random numbers; by default the generator that `manualSeed` seeds. */
  readonly generator?: Generator;
}

/** Half the least positive draw of float32: in place of a draw of 0, whose logarithm of −log1p(−0) would be infinite. */
const leastDraw = 2 ** -25;

const withNoise = fused(
  "gumbel",
  (x, u, tau) => x.sub(u.maximum(leastDraw).neg().log1p().neg().log()).div(tau),
);

/**
 * softmax((logits + g) / tau) with g drawn from Gumbel(0, 1): a draw of a category with probability softmax(logits), through which
 * gradients flow. Same shape and dtype. Jang et al., "Categorical Reparameterization with Gumbel-Softmax" (2017). PyTorch:
 * `torch.nn.functional.gumbel_softmax`.
 *
 * @throws RangeError for a temperature that is not positive, or a dimension that does not exist. TypeError for integers.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * F.gumbelSoftmax(tensor([[1, 2, 3]]), { hard: true }).sum().item(); // 1
 * ```
 */
export function gumbelSoftmax(logits: Tensor, options: GumbelSoftmaxOptions = {}): Tensor {
  checkOptions("gumbelSoftmax", options, ["tau", "hard", "dim", "generator"]);
  const { tau = 1, hard = false, dim = -1, generator } = options;
  checkInteger("gumbelSoftmax", "dim", dim);
  if (typeof tau !== "number" || !(tau > 0)) {
    throw new RangeError(`gumbelSoftmax: the temperature tau is ${shown(tau)}; expected a number above 0`);
  }
  if (!isFloat(logits.dtype)) {
    throw new TypeError(`gumbelSoftmax: the logits are ${logits.dtype}; cast with .to("float32")`);
  }
  if (isHalf(logits)) return inFloat32([logits], (wide) => gumbelSoftmax(wide, options));
  const draws = rand(logits.shape, { dtype: logits.dtype, device: logits.device, generator });
  // −log(1 − u) has an exponential distribution, and minus its logarithm a Gumbel distribution.
  const noisy = withNoise([logits, draws, tau]);
  const soft = noisy.softmax(dim);
  if (!hard) return soft;
  const chosen = zerosLike(soft).scatter(dim, soft.detach().argmax(dim, { keepdim: true }), 1);
  return chosen.sub(soft.detach()).add(soft);
}
