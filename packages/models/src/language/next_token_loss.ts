/** The loss of language models. */
import { functional as F } from "@heddle/nn";
import type { Tensor } from "@heddle/tensor";

/** The label of positions that do not count, as in PyTorch. */
const IGNORED = -100;

/**
 * The mean cross-entropy of each token but the first, given those before it: what Hugging Face's causal models return for `labels`.
 *
 * @param logits `[batch, positions, vocabulary]`
 * @param labels `[batch, positions]`: the token ids that the logits were computed from; −100 where a token does not count
 * @param attentionMask `[batch, positions]`: tokens where it is 0 or false do not count either
 *
 * @example
 * ```ts
 * import { GPT2LMHeadModel, nextTokenLoss } from "@heddle/models";
 * import { tensor } from "@heddle/tensor";
 * const model = new GPT2LMHeadModel({ vocab_size: 50, n_positions: 16, n_embd: 8, n_layer: 2, n_head: 2 });
 * const ids = tensor([[1, 2, 3, 4]], { dtype: "int32" });
 * nextTokenLoss(model.forward(ids), ids).backward();
 * ```
 */
export function nextTokenLoss(logits: Tensor, labels: Tensor, attentionMask: Tensor | null = null): Tensor {
  const [, length] = labels.shape;
  if (labels.ndim !== 2 || logits.ndim !== 3 || length! < 2 || logits.shape[1] !== length) {
    throw new RangeError(
      `nextTokenLoss: logits of shape [${logits.shape.join(", ")}] and labels of shape [${
        labels.shape.join(", ")
      }]; expected [batch, positions, vocabulary] and [batch, positions], of two positions or more`,
    );
  }
  let next = labels.narrow(1, 1, length! - 1);
  if (attentionMask !== null) next = next.maskedFill(attentionMask.narrow(1, 1, length! - 1).eq(0), IGNORED);
  return F.crossEntropy(logits.narrow(1, 0, length! - 1).flatten(0, 1), next.flatten(), { ignoreIndex: IGNORED });
}
