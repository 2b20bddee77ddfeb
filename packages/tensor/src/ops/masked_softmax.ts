/** Masked softmax, the weights of attention. */
import { apply } from "../engine/apply.ts";
import { isFloat } from "../dtype.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { arange } from "./creation.ts";
import { checkOptions } from "../options.ts";

/** Options of {@link maskedSoftmax}. */
export interface MaskedSoftmaxOptions {
  /** Masks that broadcast to the scores. A bool mask is true for elements to keep; a mask of the scores' dtype is added to them. */
  readonly masks?: readonly Tensor[];
  /** If a number, row i of the last two dimensions keeps only its first `i + causalOffset + 1` elements. */
  readonly causalOffset?: number | null;
  /** Factor of the scores, applied before masks are added. The default is 1. */
  readonly scale?: number;
}

/**
 * softmax(scale · x + masks) over the last dimension. Masked elements are 0, and so are rows in which all elements are masked. A
 * mask that is added may contain −∞. Gradients flow to the scores, and to masks that are added.
 *
 * @throws TypeError for a mask that is neither bool nor of the scores' dtype. RangeError for a mask that does not broadcast.
 *
 * @example
 * ```ts
 * import { tensor, zeros } from "@heddle/tensor";
 * import { maskedSoftmax } from "@heddle/tensor/engine";
 * maskedSoftmax(zeros([2, 2]), { causalOffset: 0 }).toArray(); // [[1, 0], [0.5, 0.5]]
 * maskedSoftmax(zeros([1, 3]), { masks: [tensor([true, false, true])] }).toArray(); // [[0.5, 0, 0.5]]
 * ```
 */
export function maskedSoftmax(x: Tensor, options: MaskedSoftmaxOptions = {}): Tensor {
  checkOptions("maskedSoftmax", options, ["causalOffset", "masks", "scale"]);
  const { masks = [], causalOffset = null, scale = 1 } = options;
  if (!isFloat(x.dtype) || x.ndim < 2) {
    throw new TypeError(
      `maskedSoftmax: expected floating-point scores […, rows, elements], got ${x.dtype} ${showShape(x.shape)}`,
    );
  }
  for (const mask of masks) checkMask(mask, x);
  const [rows, elements] = x.shape.slice(-2) as [number, number];
  const limited = causalOffset !== null && causalOffset < elements - 1;
  const last = limited ? arange(rows, { dtype: "int32", device: x.device }).add(causalOffset).unsqueeze(1) : null;
  const dim = x.ndim - 1;
  const attrs = { dim, ...(scale === 1 ? {} : { scale }), ...(limited ? { limited } : {}) };
  return apply("softmax", [x, ...(last === null ? [] : [last]), ...masks], attrs);
}

function checkMask(mask: Tensor, x: Tensor): void {
  if (mask.dtype !== "bool" && mask.dtype !== x.dtype) {
    throw new TypeError(
      `maskedSoftmax: a mask of ${mask.dtype} for scores of ${x.dtype}; give bool (true: keep the element), or ${x.dtype} to be added`,
    );
  }
  const lead = x.ndim - mask.ndim;
  if (lead < 0 || mask.shape.some((size, d) => size !== 1 && size !== x.shape[lead + d])) {
    throw new RangeError(
      `maskedSoftmax: a mask of shape ${showShape(mask.shape)} does not broadcast to the scores' ${showShape(x.shape)}`,
    );
  }
}
