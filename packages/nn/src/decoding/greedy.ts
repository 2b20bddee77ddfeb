/** The most likely token, every time. */
import { checkOptions } from "@heddle/tensor/engine";
import { generate } from "./generate.ts";
import type { Decoded, StepModel, StreamOptions } from "./step_model.ts";

/**
 * Decodes by taking the most likely token at every step. The result is usually not the most likely sequence: see {@link beamSearch}.
 *
 * @param state before the first token; the model decides whether it can be used again.
 * @throws RangeError for options out of range and logits of another shape. Error for logits that contain NaN.
 *
 * @example
 * ```ts
 * import { greedy } from "@heddle/nn";
 * import { eye, type Tensor } from "@heddle/tensor";
 * // Counts: after each token comes the next one. Its state is empty.
 * const model = {
 *   step: (tokens: Tensor, state: null) => ({ logits: eye(8).roll(1, 1).indexSelect(0, tokens).mul(20), state }),
 *   reorder: (state: null) => state,
 * };
 * const { tokens } = await greedy(model, null, { start: [2, 4], end: 7, maxLength: 10 });
 * tokens; // [[3, 4, 5, 6], [5, 6]]
 * ```
 */
export async function greedy<State>(model: StepModel<State>, state: State, options: StreamOptions): Promise<Decoded> {
  checkOptions("greedy", options, ["batch", "device", "end", "maxLength", "onTokens", "start"]);
  return await generate("greedy", model, state, options, {
    pick(logits) {
      const { values, indices } = logits.max(1);
      return [indices, values.sub(logits.logsumexp(1))];
    },
    choose: ([indices, scores], at) => ({ token: Number(indices![at]), score: Number(scores![at]) }),
  });
}
