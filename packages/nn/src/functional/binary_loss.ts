/** Losses of yes-or-no predictions. */
import { customFunction } from "@heddle/autograd";
import { type Tensor } from "@heddle/tensor";
import { checkOptions, inFloat32, isHalf } from "@heddle/tensor/engine";
import { logsigmoid } from "./activation.ts";
import { checkPair, checkReduction, reduced, type ReductionOptions } from "./reduction.ts";

/** Options of {@link binaryCrossEntropy}. */
export interface BinaryCrossEntropyOptions extends ReductionOptions {
  /** A weight for each element; broadcasts. */
  readonly weight?: Tensor | null;
}

/** ln p, at least −100, so that a confident wrong prediction costs much but not infinitely much. */
const boundedLog = (p: Tensor): Tensor => p.log().clamp({ min: -100 });
const complement = (p: Tensor): Tensor => p.neg().add(1);

/** −(t ln p + (1 − t) ln(1 − p)), with PyTorch's bounds on logarithms and slopes, which a composition with `log` would lack at 0 and 1. */
const entropy: (p: Tensor, target: Tensor) => Tensor = customFunction({
  name: "binaryCrossEntropy",
  forward(context, p: Tensor, target: Tensor): Tensor {
    context.saveForBackward(p, target);
    return target.mul(boundedLog(p)).add(complement(target).mul(boundedLog(complement(p)))).neg();
  },
  backward(context, gradient): (Tensor | null)[] {
    const [p, target] = context.savedTensors as readonly [Tensor, Tensor];
    const [wantP, wantTarget] = context.needsInputGrad;
    return [
      wantP ? gradient.mul(p.sub(target)).div(p.mul(complement(p)).clamp({ min: 1e-12 })) : null,
      wantTarget ? gradient.mul(complement(p).log().sub(p.log())) : null,
    ];
  },
});

/**
 * Binary cross-entropy of probabilities. PyTorch: `torch.nn.functional.binary_cross_entropy`. For scores use
 * {@link binaryCrossEntropyWithLogits}, which is exact far from 0 as well.
 *
 * @param input probabilities, as `sigmoid` gives them.
 * @param target 0, 1 or between, in the same shape.
 * @throws RangeError for an input outside 0 to 1 (where the device can be read at once), or shapes that differ.
 */
export function binaryCrossEntropy(input: Tensor, target: Tensor, options: BinaryCrossEntropyOptions = {}): Tensor {
  checkOptions("binaryCrossEntropy", options, ["reduction", "weight"]);
  const { weight, reduction } = options;
  checkReduction("binaryCrossEntropy", reduction ?? "mean");
  checkPair("binaryCrossEntropy", input, target);
  if (input.device.backend.readsSynchronously) {
    const wrong = input.toTypedArray().find((p: number | bigint) => !(p >= 0 && p <= 1));
    if (wrong !== undefined) {
      throw new RangeError(
        `binaryCrossEntropy: the input holds ${wrong}; probabilities lie within 0 to 1: use binaryCrossEntropyWithLogits for scores`,
      );
    }
  }
  if (isHalf(input, target, weight)) {
    return inFloat32(
      [input, target, weight],
      (a, b, weight) => binaryCrossEntropy(a, b, { weight: weight ?? null, reduction: reduction ?? "mean" }),
    );
  }
  const loss = entropy(input, target);
  return reduced("binaryCrossEntropy", weight ? loss.mul(weight) : loss, reduction);
}

/** Options of {@link binaryCrossEntropyWithLogits}. */
export interface BinaryCrossEntropyWithLogitsOptions extends BinaryCrossEntropyOptions {
  /** How much positives count more than negatives; broadcasts, so `[C]` is one for each class. */
  readonly posWeight?: Tensor | null;
}

/**
 * Binary cross-entropy of `sigmoid(input)`, without overflow. PyTorch: `torch.nn.functional.binary_cross_entropy_with_logits`.
 *
 * @param input scores (logits) of any shape.
 * @param target 0, 1 or between, in the same shape.
 * @throws RangeError when the shapes differ.
 *
 * @example
 * ```ts
 * import { functional as F } from "@heddle/nn";
 * import { tensor } from "@heddle/tensor";
 * F.binaryCrossEntropyWithLogits(tensor([0, 1e4]), tensor([1, 1])).item(); // ln(2) / 2
 * ```
 */
export function binaryCrossEntropyWithLogits(
  input: Tensor,
  target: Tensor,
  options: BinaryCrossEntropyWithLogitsOptions = {},
): Tensor {
  checkOptions("binaryCrossEntropyWithLogits", options, ["posWeight", "reduction", "weight"]);
  const { weight, posWeight, reduction } = options;
  checkPair("binaryCrossEntropyWithLogits", input, target);
  if (isHalf(input, target, weight, posWeight)) {
    const operands = [input, target, weight ?? null, posWeight ?? null] as const;
    return inFloat32(
      operands,
      (a, b, weight, posWeight) => binaryCrossEntropyWithLogits(a, b, { ...options, weight, posWeight }),
    );
  }
  // (1 − t) x − (1 + (w − 1) t) ln sigmoid(x)
  const positive = logsigmoid(input);
  const weighted = posWeight ? positive.mul(posWeight.sub(1).mul(target).add(1)) : positive;
  const loss = complement(target).mul(input).sub(weighted);
  return reduced("binaryCrossEntropyWithLogits", weight ? loss.mul(weight) : loss, reduction);
}
