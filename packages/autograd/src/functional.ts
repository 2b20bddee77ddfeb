/** Full Jacobians and Hessians. */
import { stack, type Tensor, tidy, zerosLike } from "@heddle/tensor";
import { checkOptions, checkSynchronous } from "@heddle/tensor/engine";
import { grad } from "./engine.ts";
import { enableGrad } from "./grad_mode.ts";

/** Differentiates the elements of a tensor one by one: `[…output, …input]`. */
function rowsOf(output: Tensor, input: Tensor, createGraph: boolean): Tensor {
  const shape = [...output.shape, ...input.shape];
  if (output.numel === 0 || !output.requiresGrad) return zerosLike(input).expand(shape).clone();
  const flat = output.reshape(-1);
  const rows = Array.from({ length: flat.numel }, (_, k) => {
    const [row] = grad([flat.select(0, k)], [input], { createGraph, retainGraph: true, allowUnused: true });
    return row ?? zerosLike(input);
  });
  return stack(rows).reshape(shape);
}

/**
 * The derivatives of all elements of `fn(x)` with respect to all elements of x: shape `[…output, …input]`.
 *
 * @param options.createGraph whether the result can be differentiated again.
 *
 * @example
 * ```ts
 * import { jacobian } from "@heddle/autograd";
 * import { tensor } from "@heddle/tensor";
 * jacobian((x) => x.square(), tensor([1, 2, 3])).toArray(); // [[2, 0, 0], [0, 4, 0], [0, 0, 6]]
 * ```
 */
export function jacobian(
  fn: (x: Tensor) => Tensor,
  x: Tensor,
  options: { readonly createGraph?: boolean } = {},
): Tensor {
  checkOptions("jacobian", options, ["createGraph"]);
  const { createGraph = false } = options;
  return enableGrad(() => {
    // A separate leaf, unless the caller differentiates through the given tensor.
    const point = createGraph && x.requiresGrad ? x.view(x.shape) : x.detach().requiresGrad_();
    return tidy(() => rowsOf(valueOf("jacobian", fn, point), point, createGraph));
  });
}

/**
 * The second derivatives of a scalar function: shape `[…input, …input]`.
 *
 * @throws RangeError when the function returns more than one number.
 *
 * @example
 * ```ts
 * import { hessian } from "@heddle/autograd";
 * import { tensor } from "@heddle/tensor";
 * hessian((x) => x.pow(3).sum(), tensor([1, 2])).toArray(); // [[6, 0], [0, 12]]
 * ```
 */
export function hessian(fn: (x: Tensor) => Tensor, x: Tensor): Tensor {
  return enableGrad(() => {
    return tidy(() => hessianAt(fn, x.detach().requiresGrad_()));
  });
}

function hessianAt(fn: (x: Tensor) => Tensor, point: Tensor): Tensor {
  const value = valueOf("hessian", fn, point);
  if (value.numel !== 1) {
    throw new RangeError(
      `hessian: the function gave shape [${value.shape.join(", ")}]; it must give one number, as sum() does`,
    );
  }
  if (!value.requiresGrad) return zerosLike(point).expand([...point.shape, ...point.shape]).clone();
  const [first] = grad([value], [point], { createGraph: true, allowUnused: true });
  return rowsOf(first ?? zerosLike(point), point, false);
}

function valueOf(operation: string, fn: (x: Tensor) => Tensor, point: Tensor): Tensor {
  const value = fn(point);
  checkSynchronous(operation, value, "await before, and give a function of the values");
  return value;
}
