import { checkArguments } from "../arguments.ts";

/**
 * Perplexity, the exponential of the mean negative log likelihood of a token: a model that chose uniformly among this
 * many tokens would do as well.
 *
 * @param nats the mean cross-entropy of a token in natural units, over all tokens of the text (not the mean of batches of different sizes)
 * @returns from 1; Infinity above about 709 nats
 * @throws when it is negative or not a number
 *
 * @example
 * ```ts
 * import { perplexity } from "@heddle/data";
 *
 * console.log(perplexity(Math.log(27)).toFixed(3)); // 27.000
 * ```
 */
export function perplexity(nats: number): number {
  checkArguments("perplexity", arguments, 1, true);
  if (nats >= 0) return Math.exp(nats);
  throw new RangeError(
    `perplexity: the mean cross-entropy must be 0 or more, got ${nats}.` +
      (nats < 0 ? " For a log likelihood pass its negative." : " Was it a mean over no tokens?"),
  );
}
