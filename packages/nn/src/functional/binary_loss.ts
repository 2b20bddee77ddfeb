/** Losses of yes-or-no predictions. */
import { customFunction } from "@heddle/autograd";
import { fused, type Symbolic, type Tensor, whereSymbolic } from "@heddle/tensor";
import { checkOptions, checkValues, inFloat32, isHalf } from "@heddle/tensor/engine";
import { logOfSigmoid } from "./activation.ts";
import { checkPair, checkReduction, elementLoss, reduced, type ReductionOptions } from "./reduction.ts";

/** Options of {@link binaryCrossEntropy}. */
export interface BinaryCrossEntropyOptions extends ReductionOptions {
  /** A weight for each element; broadcasts. */
  readonly weight?: Tensor | null;
}

/** ln p, at least −100, so that a confident wrong prediction costs much but not infinitely much. */
function boundedLog(p: Symbolic): Symbolic {
  const log = p.log();
  return whereSymbolic(log.lt(-100), -100, log);
}

const complement = (p: Symbolic): Symbolic => p.neg().add(1);
const entropyKernel = fused(
  "binaryCrossEntropy",
  (p, target) => target.mul(boundedLog(p)).add(complement(target).mul(boundedLog(complement(p)))).neg(),
);
const entropyGradient = fused("binaryCrossEntropy gradient", (g, p, target) => {
  const spread = p.mul(complement(p));
  return g.mul(p.sub(target)).div(whereSymbolic(spread.lt(1e-12), 1e-12, spread));
});
const targetGradient = fused("binaryCrossEntropy gradient", (g, p) => g.mul(complement(p).log().sub(p.log())));

/** −(t ln p + (1 − t) ln(1 − p)), with PyTorch's bounds on logarithms and slopes, which a composition with `log` would lack at 0 and 1. */
const entropy: (p: Tensor, target: Tensor) => Tensor = customFunction({
  name: "binaryCrossEntropy",
  forward(context, p: Tensor, target: Tensor): Tensor {
    context.saveForBackward(p, target);
    return entropyKernel([p, target]);
  },
  backward(context, gradient): (Tensor | null)[] {
    const [p, target] = context.savedTensors as readonly [Tensor, Tensor];
    const [wantP, wantTarget] = context.needsInputGrad;
    return [
      wantP ? entropyGradient([gradient, p, target]) : null,
      wantTarget ? targetGradient([gradient, p]) : null,
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
  checkValues(input, (input) => {
    const wrong = input.toTypedArray().find((p: number | bigint) => !(p >= 0 && p <= 1));
    if (wrong === undefined) return;
    throw new RangeError(
      `binaryCrossEntropy: the input holds ${wrong}; probabilities lie within 0 to 1: use binaryCrossEntropyWithLogits for scores`,
    );
  });
  if (isHalf(input, target, weight)) {
    return inFloat32(
      [input, target, weight],
      (a, b, weight) => binaryCrossEntropy(a, b, { weight: weight ?? null, reduction: reduction ?? "mean" }),
    );
  }
  const loss = entropy(input, target);
  return reduced("binaryCrossEntropy", weight ? loss.mul(weight) : loss, reduction);
}

/** (1 − t) x − (1 + (w − 1) t) ln sigmoid(x), by whether there are weights of elements and of positives. */
const ofLogits = [0, 1, 2, 3].map((kind) =>
  elementLoss("binaryCrossEntropyWithLogits", (x, target, ...weights) => {
    const weight = kind % 2 === 1 ? weights[0]! : null;
    const posWeight = kind >= 2 ? weights.at(-1)! : null;
    const positive = logOfSigmoid(x!);
    const weighted = posWeight === null ? positive : positive.mul(posWeight.sub(1).mul(target!).add(1));
    const loss = complement(target!).mul(x!).sub(weighted);
    return weight === null ? loss : loss.mul(weight);
  })
);

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
  const extra = [...(weight ? [weight] : []), ...(posWeight ? [posWeight] : [])];
  return ofLogits[(weight ? 1 : 0) + (posWeight ? 2 : 0)]!([input, target, ...extra], [], reduction);
}
