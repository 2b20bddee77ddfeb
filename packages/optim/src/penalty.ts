/** Penalties on the size of parameters, to be added to a loss. */
import { Tensor, tensor } from "@heddle/tensor";
import { inFloat32 } from "@heddle/tensor/engine";

/**
 * Σ|w| over all parameters, with gradient sign(w): the lasso's penalty.
 *
 * @returns 0-dimensional.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { l1Penalty } from "@heddle/optim";
 * import { tensor } from "@heddle/tensor";
 * const w = tensor([3, -4], { requiresGrad: true });
 * const loss = w.sum().square().add(l1Penalty([w]).mul(1e-3));
 * loss.backward();
 * ```
 */
export function l1Penalty(params: Iterable<Tensor> | Tensor): Tensor {
  return total(params, (param) => param.abs().sum());
}

/**
 * Σw² over all parameters, with gradient 2w. For plain SGD a penalty of λ/2 · Σw² is the same as `weightDecay: λ`, but becomes part of
 * the loss.
 *
 * @returns 0-dimensional.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { l2Penalty } from "@heddle/optim";
 * import { tensor } from "@heddle/tensor";
 * const w = tensor([3, -4], { requiresGrad: true });
 * l2Penalty([w]).item(); // 25
 * ```
 */
export function l2Penalty(params: Iterable<Tensor> | Tensor): Tensor {
  return total(params, (param) => param.square().sum());
}

function total(params: Iterable<Tensor> | Tensor, size: (param: Tensor) => Tensor): Tensor {
  const list = params instanceof Tensor ? [params] : [...params];
  if (list.length === 0) return tensor(0);
  return inFloat32(list, (...wide) => wide.map(size).reduce((sum, next) => sum.add(next)));
}
