/** The linear layer's product. */
import { apply } from "../engine/apply.ts";
import { inFloat32, isHalf } from "../engine/upcast.ts";
import type { Activation } from "../prims/attrs.ts";
import { showShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { withEpilogue } from "./epilogue.ts";
import { checkOptions } from "../options.ts";

/** Options of {@link linear}. */
export interface LinearOptions {
  /** Added to each row; of shape `[out]`. */
  readonly bias?: Tensor | null;
  /** Applied to the result, which is cheaper than a separate call: `"relu"` or `"none"` (the default). */
  readonly activation?: Activation;
}

/**
 * `x · weightᵀ + bias` over the last dimension: `[…, in]`, a weight `[out, in]` and a bias `[out]` give `[…, out]`.
 * PyTorch: `torch.nn.functional.linear`.
 *
 * @throws RangeError if the last dimension does not fit the weight. TypeError if the dtypes differ, or for an unknown activation.
 *
 * @example
 * ```ts
 * import { ones } from "@heddle/tensor";
 * import { linear } from "@heddle/tensor/engine";
 * linear(ones([1, 3]), ones([4, 3]), { bias: ones([4]) }).toArray(); // [[4, 4, 4, 4]]
 * ```
 */
export function linear(x: Tensor, weight: Tensor, options: LinearOptions = {}): Tensor {
  checkOptions("linear", options, ["activation", "bias"]);
  const { bias, activation } = options;
  if (weight.ndim !== 2) {
    throw new RangeError(`linear: the weight has shape ${showShape(weight.shape)}; expected [outFeatures, inFeatures]`);
  }
  if (x.ndim === 0 || x.shape.at(-1) !== weight.shape[1]) {
    throw new RangeError(
      `linear: the input of shape ${showShape(x.shape)} should have ${
        weight.shape[1]
      } features in its last dimension, as the weight of ` +
        `shape ${showShape(weight.shape)} has; flatten(1) turns images into features`,
    );
  }
  if (x.dtype !== weight.dtype) {
    throw new TypeError(
      `linear: the input is ${x.dtype}, the weight ${weight.dtype}; cast one with .to("${weight.dtype}")`,
    );
  }
  const fits = bias?.ndim === 1 && bias.shape[0] === weight.shape[0];
  if (isHalf(x) && bias && !(fits && bias.dtype === x.dtype)) {
    return inFloat32(
      [x, weight, bias],
      (x, weight, bias) => linear(x, weight, { bias, activation: activation ?? "none" }),
    );
  }
  // One product over all rows, so that the weight's gradient is one product too, rather than a sum of one per batch.
  const leading = x.shape.slice(0, -1);
  const rows = x.ndim === 2 ? x : x.reshape([sizeOf(leading), weight.shape[1]!]);
  const y = withEpilogue(
    "linear",
    { dtype: x.dtype, bias, fits, activation },
    (bias, attrs) => apply("matmul", [rows, weight.t(), ...bias], attrs),
    (y, bias) => y.add(bias),
  );
  return x.ndim === 2 ? y : y.reshape([...leading, weight.shape[0]!]);
}
