/** The sum over all sequences of tags: what a conditional random field divides by. */
import { customFunction, isGradEnabled } from "@heddle/autograd";
import { empty, fused, type Tensor, where, whereSymbolic } from "@heddle/tensor";
import { fusedSum } from "@heddle/tensor/engine";

/** Replaces a maximum of −∞: it is finite, so that differences from it are −∞ and not NaN. */
const lowest = -1e30;

// Sequences [T, B, K] or their steps [B, K], masks [T, B, 1] or [B, 1].
const joined = fused("crfMoves", (before, level, moves) => before.sub(level.maximum(lowest)).add(moves));
const forwardStep = fused("crfForward", (sum, high, emission) => sum.log().add(high.maximum(lowest)).add(emission));
const backwardStep = fused(
  "crfBackward",
  (sum, high, emission, end, present) => whereSymbolic(present, sum.log().add(high.maximum(lowest)), end).add(emission),
);
const through = fused("crfThrough", (alpha, gamma, emission) => alpha.add(gamma).sub(emission));
const powers = fusedSum("crfSum", (x, top) => x.sub(top.maximum(lowest)).exp());
const marginal = fused(
  "crfMarginal",
  (scores, sum, weight, present) => whereSymbolic(present, scores.sub(sum).exp().mul(weight), 0),
);
const pairProbabilities = fusedSum(
  "crfPairs",
  (alpha, gamma, move, sum, weight, present) =>
    whereSymbolic(present, alpha.add(move).add(gamma).sub(sum).exp().mul(weight), 0),
);

/** The largest over the tags. */
const levelOf = (scores: Tensor): Tensor => scores.amax(-1, { keepdim: true });

/**
 * For `[B, K]` and moves `[to, from]`: the maximum over `from` of the terms `before[b, from] − levelOf(before)[b] + moves[to, from]`, and
 * the sum of their exponentials relative to it. No exponentials are multiplied: the products could vanish where scores lie far apart, as
 * those of forbidden moves do.
 */
function reach(before: Tensor, moves: Tensor): [sum: Tensor, high: Tensor] {
  const terms = joined([before.unsqueeze(1), levelOf(before).unsqueeze(1), moves.unsqueeze(0)]);
  const high = terms.amax(2, { keepdim: true });
  const sum = powers([terms, high], [2]);
  terms.dispose();
  return [sum.squeeze(2), high.squeeze(2)];
}

/** The last present step of each row of `[T, B, K]`: `[B, K]`. */
function atEnd(scores: Tensor, present: Tensor): Tensor {
  const [, batch, tags] = scores.shape as [number, number, number];
  const last = present.sum(0, { keepdim: true }).sub(1);
  return scores.gather(0, last.expand(1, batch, tags)).squeeze(0);
}

/**
 * `log Σ exp(score)` over all sequences of tags, `[B]`; and the same over all prefixes that end in each tag, `[T, B, K]`, less one number
 * for each step: the maximum of a step is subtracted from the next one, so that sums do not grow with the length and lose precision.
 * Steps after a row's end are computed but not used.
 */
function forward(emissions: Tensor, present: Tensor, transitions: Tensor, start: Tensor, end: Tensor): Tensor[] {
  const steps = emissions.shape[0]!;
  const alphas = empty(emissions.shape, { dtype: emissions.dtype, device: emissions.device });
  const moves = transitions.t().contiguous();
  let alpha = alphas.select(0, 0).copy_(emissions.select(0, 0).add(start));
  for (let t = 1; t < steps; t++) {
    const [sum, high] = reach(alpha, moves);
    alpha = forwardStep([sum, high, emissions.select(0, t)], alphas.select(0, t));
  }
  const last = atEnd(alphas, present).add(end).logsumexp(1);
  if (steps === 1) return [last, alphas];
  const taken = where(present.narrow(0, 1, steps - 1), levelOf(alphas.narrow(0, 0, steps - 1)), 0).sum([0, 2]);
  return [last.add(taken), alphas];
}

/**
 * The gradient of the logarithm of the sum by a score is the probability of what is scored: of tags by their emissions, of pairs of tags
 * by their transitions. Both come from a second pass, backwards. They sum to 1 at each step, so the number subtracted from a step does
 * not matter.
 */
function backward(gradient: Tensor, saved: readonly Tensor[]): Tensor[] {
  const [emissions, present, transitions, , end, alphas] = saved as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const steps = emissions.shape[0]!;
  const gammas = empty(emissions.shape, { dtype: emissions.dtype, device: emissions.device });
  let gamma = gammas.select(0, steps - 1).copy_(emissions.select(0, steps - 1).add(end));
  for (let t = steps - 2; t >= 0; t--) {
    const [sum, high] = reach(gamma, transitions);
    gamma = backwardStep([sum, high, emissions.select(0, t), end, present.select(0, t + 1)], gammas.select(0, t));
  }
  const weights = gradient.unsqueeze(1);
  const scores = through([alphas, gammas, emissions]);
  const sums = scores.logsumexp(2, { keepdim: true });
  const forEmissions = marginal([scores, sums, weights, present]);
  const forStart = forEmissions.select(0, 0).sum(0);
  const forEnd = atEnd(alphas, present).add(end).softmax(1).mul(weights).sum(0);
  if (steps === 1) return [forEmissions, transitions.mul(0), forStart, forEnd];
  const after = gammas.narrow(0, 1, steps - 1);
  const pairs = [
    alphas.narrow(0, 0, steps - 1).unsqueeze(3),
    after.unsqueeze(2),
    transitions,
    sums.narrow(0, 0, steps - 1).add(levelOf(after)).unsqueeze(3),
    weights.unsqueeze(2),
    present.narrow(0, 1, steps - 1).unsqueeze(3),
  ];
  const forTransitions = pairProbabilities(pairs, [0, 1]);
  return [forEmissions, forTransitions.reshape(transitions.shape), forStart, forEnd];
}

/**
 * The logarithm of the sum of `exp(score)` over all sequences of tags, `[B]`, and a second tensor that only the gradient needs: by the
 * forward algorithm, and the gradient by the backward algorithm (Rabiner, "A tutorial on hidden Markov models", 1989, in logarithms).
 *
 * @param emissions `[T, B, K]`.
 * @param present bool `[T, B, 1]`: true up to a row's length.
 * @param transitions `[K, K]`, from and to.
 */
export const partition: (
  emissions: Tensor,
  present: Tensor,
  transitions: Tensor,
  start: Tensor,
  end: Tensor,
) => readonly Tensor[] = customFunction({
  name: "crfPartition",
  forward(context, emissions: Tensor, present: Tensor, transitions: Tensor, start: Tensor, end: Tensor) {
    const [total, alphas] = forward(emissions, present, transitions, start, end) as [Tensor, Tensor];
    context.saveForBackward(emissions, present, transitions, start, end, alphas);
    return [total, alphas];
  },
  backward(context, gradient) {
    if (isGradEnabled()) {
      throw new Error("CRF: its log-likelihood is differentiated once only; leave out createGraph");
    }
    const [forEmissions, ...others] = backward(gradient!, context.savedTensors);
    return [forEmissions!, null, ...others];
  },
});
