/** Vandermonde's matrices. */
import { arange, type Tensor } from "@heddle/tensor";
import { checkOptions, checkTensor, inFloat32 } from "@heddle/tensor/engine";

/** Options of {@link vander}. */
export interface VanderOptions {
  /** Number of columns. Default: that of the elements of a vector. */
  readonly N?: number;
}

/**
 * The powers 1, x, x², … of each element in a row (PyTorch's `torch.linalg.vander`), for fitting polynomials.
 *
 * @param x `[..., n]`; a tensor without dimensions is taken for a vector of one element.
 * @returns `[..., n, N]`
 * @throws RangeError for an `N` that is not a whole number of at least 2.
 *
 * @example
 * ```ts
 * import { vander } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * vander(tensor([1, 2, 3])).toArray(); // [[1, 1, 1], [1, 2, 4], [1, 3, 9]]
 * ```
 */
export function vander(x: Tensor, options: VanderOptions = {}): Tensor {
  checkOptions("vander", options, ["N"]);
  checkTensor("vander", x);
  const { N = x.shape.at(-1) ?? 1 } = options;
  if (options.N !== undefined && !(Number.isSafeInteger(N) && N >= 2)) {
    throw new RangeError(`vander: N is ${N}; it must be a whole number of at least 2`);
  }
  return inFloat32(
    [x.ndim === 0 ? x.unsqueeze(0) : x],
    (x) => x.unsqueeze(-1).pow(arange(0, N, { dtype: x.dtype, device: x.device })),
  );
}
