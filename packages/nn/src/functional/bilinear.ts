/** A bilinear form of two inputs. */
import type { Tensor } from "@heddle/tensor";
import { checkOperands, inFloat32, isHalf } from "@heddle/tensor/engine";
import { showSizes } from "../sizes.ts";
import { checkNoOptions } from "../surplus_arguments.ts";
import { linear } from "./linear.ts";

/**
 * `x1ᵀ · weight[k] · x2 + bias[k]` for every output k, over the last dimensions: `[…, in1]` and `[…, in2]` with a weight
 * `[out, in1, in2]` and a bias `[out]` give `[…, out]`. PyTorch: `torch.nn.functional.bilinear`.
 *
 * @throws RangeError when the sizes do not match, naming the shapes.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { ones } from "@heddle/tensor";
 * F.bilinear(ones([1, 2]), ones([1, 3]), ones([4, 2, 3]), ones([4])).toArray(); // [[7, 7, 7, 7]]
 * ```
 */
export function bilinear(x1: Tensor, x2: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  checkNoOptions("bilinear", arguments, 4);
  checkOperands("bilinear", [x1, x2, weight]);
  if (isHalf(x1, x2, weight)) return inFloat32([x1, x2, weight, bias], bilinear);
  const [out, in1, in2] = weight.shape;
  const leading = x1.shape.slice(0, -1);
  const fits = weight.ndim === 3 && x1.shape.at(-1) === in1 && x2.shape.at(-1) === in2 && x1.ndim === x2.ndim &&
    leading.every((size, d) => size === x2.shape[d]) && (bias === null || (bias.ndim === 1 && bias.shape[0] === out));
  if (!fits) {
    throw new RangeError(
      `bilinear: got inputs ${showSizes(x1.shape)} and ${showSizes(x2.shape)}, weight ${showSizes(weight.shape)}${
        bias === null ? "" : `, bias ${showSizes(bias.shape)}`
      }; expected […, in1], […, in2], [out, in1, in2]${bias === null ? "" : ", [out]"}`,
    );
  }
  // One product for the first input with all slices of the weight, whose rows then meet the second input.
  const rows = linear(x1, weight.transpose(1, 2).reshape(out! * in2!, in1!)).reshape(...leading, out!, in2!);
  const y = rows.mul(x2.unsqueeze(-2)).sum(-1);
  return bias === null ? y : y.add(bias);
}
