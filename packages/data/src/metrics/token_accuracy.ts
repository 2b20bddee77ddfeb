import { isFloat, stack, type Tensor, tidy } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";

/** What {@link tokenAccuracy} counted. */
export interface TokenAccuracy {
  /** `correct / count`; NaN if there is nothing to count. */
  readonly accuracy: number;
  readonly correct: number;
  /** Tokens counted, without those equal to `ignoreIndex`. */
  readonly count: number;
}

/**
 * The share of tokens that a model got right. For several batches, add up `correct` and `count`, and divide at the end.
 *
 * @param predicted token numbers of the shape of `targets`, or logits with the classes in one more dimension, the last
 * @param targets token numbers [...], of an integer dtype
 * @param options `ignoreIndex`: targets that do not count, usually the padding (default -100, as in `crossEntropy`)
 * @throws when shapes or dtypes do not fit
 *
 * @example
 * ```ts
 * import { tokenAccuracy } from "@heddle/data";
 * import { tensor } from "@heddle/tensor";
 *
 * const logits = tensor([[[0, 2, 1], [3, 0, 0], [0, 0, 1]]]); // a row of three tokens, three classes
 * const targets = tensor([[1, 2, 0]], { dtype: "int32" });
 * console.log(await tokenAccuracy(logits, targets, { ignoreIndex: 0 })); // { accuracy: 0.5, correct: 1, count: 2 }
 * ```
 */
export async function tokenAccuracy(
  predicted: Tensor,
  targets: Tensor,
  options: { ignoreIndex?: number } = {},
): Promise<TokenAccuracy> {
  checkOptions("tokenAccuracy", options, ["ignoreIndex"]);
  const { ignoreIndex = -100 } = options;
  const floating = isFloat(predicted.dtype);
  const positions = floating ? predicted.shape.slice(0, -1) : predicted.shape;
  const show = (t: Tensor): string => `${t.dtype} [${t.shape.join(", ")}]`;
  if (isFloat(targets.dtype) || targets.dtype === "bool" || predicted.dtype === "bool") {
    throw new TypeError(
      `tokenAccuracy: targets must be token ids of an integer dtype, and so must predictions that are not logits; got ${
        show(predicted)
      } and ${show(targets)}.`,
    );
  }
  if (floating && predicted.ndim === 0 || String(positions) !== String(targets.shape)) {
    throw new Error(
      `tokenAccuracy: predictions ${show(predicted)} do not fit targets ${
        show(targets)
      }; give token numbers of the same shape, ` +
        "or logits with the classes in one more dimension, the last.",
    );
  }
  const sums = tidy(() => {
    const ids = floating ? predicted.argmax(-1) : predicted;
    const counted = targets.ne(ignoreIndex);
    return stack([ids.eq(targets).logicalAnd(counted).sum(), counted.sum()], 0);
  });
  const [correct = 0, count = 0] = await sums.data("int32");
  sums.dispose();
  return { accuracy: correct / count, correct, count };
}
