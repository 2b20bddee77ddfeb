/** The loss on held-out text. */
import { noGrad } from "@heddle/autograd";
import { functional as F } from "@heddle/nn";
import { fromTypedArray, tidy } from "@heddle/tensor";
import type { Gpt } from "./model.ts";

/** Windows in a batch. */
const BATCH = 32;

/**
 * The sum of −ln p(token | the tokens before it in its window) over all tokens but the first, in nats. Windows are as
 * long as the context and consecutive, so that a token has half a context before it on average; the last window is
 * shorter.
 */
export async function negativeLogLikelihood(network: Gpt, ids: Int32Array): Promise<number> {
  const { context } = network.sizes;
  const targets = ids.length - 1, whole = Math.floor(targets / context);
  let nats = 0;
  const add = async (from: number, rows: number, length: number): Promise<void> => {
    const part = (start: number): Int32Array => ids.slice(start, start + rows * length);
    const loss = noGrad(() =>
      tidy(() => {
        const logits = network.forward(fromTypedArray(part(from), [rows, length]));
        return F.crossEntropy(logits.flatten(0, 1), fromTypedArray(part(from + 1)), { reduction: "sum" });
      })
    );
    nats += (await loss.data("float32"))[0]!;
    loss.dispose();
  };
  network.eval();
  for (let window = 0; window < whole; window += BATCH) {
    await add(window * context, Math.min(BATCH, whole - window), context);
  }
  if (targets > whole * context) await add(whole * context, 1, targets - whole * context);
  network.train();
  return nats;
}
