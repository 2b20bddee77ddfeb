/** Weight decay for weights only. */
import { type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";

/** A group of parameters with its weight decay. */
export interface WeightDecayGroup {
  readonly params: Tensor[];
  readonly weightDecay: number;
}

/** Options of {@link weightDecayGroups}. */
export interface WeightDecayOptions {
  /** Parameters that do not decay regardless of their dimensions: those of a `LayerNorm` over images, embeddings, … */
  readonly without?: Iterable<Tensor>;
}

/**
 * Parameter groups in which matrices and kernels decay, and biases, the scales and shifts of norms and other parameters of at most one
 * dimension do not. Empty groups are left out.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { SGD, weightDecayGroups } from "@heddle/optim";
 * import { ones } from "@heddle/tensor";
 * const weight = ones([3, 2], { requiresGrad: true });
 * const bias = ones([3], { requiresGrad: true });
 * const optimizer = new SGD(weightDecayGroups([weight, bias], 5e-4), { lr: 0.1 });
 * optimizer.paramGroups.map(({ weightDecay }) => weightDecay); // [5e-4, 0]
 * ```
 */
export function weightDecayGroups(
  params: Iterable<Tensor>,
  weightDecay: number,
  options: WeightDecayOptions = {},
): WeightDecayGroup[] {
  checkOptions("weightDecayGroups", options, ["without"]);
  const all = [...params];
  const without = new Set(options.without);
  const decays = (param: Tensor): boolean => param.ndim > 1 && !without.has(param);
  return [
    { params: all.filter(decays), weightDecay },
    { params: all.filter((param) => !decays(param)), weightDecay: 0 },
  ].filter((group) => group.params.length > 0);
}
