/** The sum over all alignments of labels with an input. */
import { customFunction, isGradEnabled } from "@heddle/autograd";
import {
  fused,
  type FusedFunction,
  pad,
  stack,
  type Symbolic,
  type Tensor,
  where,
  whereSymbolic,
  zeros,
} from "@heddle/tensor";

/** Stands for the logarithm of 0: it is finite, so that differences are no NaN. */
const lowest = -1e30;

/** Losses above this are those of targets without any alignment. */
export const unlikely = 1e29;

/** log(eᵃ + eᵇ + eᶜ) + emission. */
function reached(a: Symbolic, b: Symbolic, c: Symbolic, emission: Symbolic): Symbolic {
  const top = a.maximum(b).maximum(c);
  return a.sub(top).exp().add(b.sub(top).exp()).add(c.sub(top).exp()).log().add(top).add(emission.maximum(lowest));
}

// Of states [N, L], those that are one and two states away, whether the latter may be reached, the emission of the step, and whether the
// step counts [N, 1].
const forwardStep: FusedFunction = fused(
  "ctcForward",
  (stay, move, far, skips, emission, present) =>
    whereSymbolic(present, reached(stay, move, whereSymbolic(skips, far, lowest), emission), stay),
);
const backwardStep: FusedFunction = fused(
  "ctcBackward",
  (stay, move, far, skips, emission, present, end) =>
    whereSymbolic(present, reached(stay, move, whereSymbolic(skips, far, lowest), emission), end),
);
const marginal: FusedFunction = fused(
  "ctcMarginal",
  (alpha, beta, emission, loss, weight, present) =>
    whereSymbolic(
      present.logicalAnd(loss.le(unlikely)),
      alpha.add(beta).sub(emission.maximum(lowest)).add(whereSymbolic(loss.le(unlikely), loss, 0)).exp().mul(weight)
        .neg(),
      0,
    ),
);

/** 0 in the state that is marked, else {@link lowest}. */
const only = (marked: Tensor, like: Tensor): Tensor => marked.logicalNot().to(like.dtype).mul(lowest);

/** Three views of a row with two states more: at the same place, and one and two further. */
function neighbours(row: Tensor, width: number): [Tensor, Tensor, Tensor] {
  return [row.narrow(1, 0, width), row.narrow(1, 1, width), row.narrow(1, 2, width)];
}

/** Log-probabilities of all beginnings of alignments that end in each state: after each step `[N, L]`, and before the first. */
function beginnings(emissions: Tensor, skips: Tensor, present: Tensor): Tensor[] {
  const [steps, , width] = emissions.shape as [number, number, number];
  const first = zeros(skips.shape, { dtype: "bool", device: skips.device });
  first.narrow(1, 0, 1).fill_(true);
  const all = [only(first, emissions)];
  for (let t = 0; t < steps; t++) {
    const [far, move, stay] = neighbours(pad(all[t]!, [2, 0], { value: lowest }), width);
    all.push(forwardStep([stay, move, far, skips, emissions.select(0, t), present.select(0, t)]));
  }
  return all;
}

/** Log-probabilities of all ends of alignments that begin in each state: `[N, L]` for each step. */
function endings(emissions: Tensor, skips: Tensor, present: Tensor, last: Tensor): Tensor[] {
  const [steps, , width] = emissions.shape as [number, number, number];
  const skipped = pad(skips, [0, 2]).narrow(1, 2, width);
  const end = only(last, emissions);
  const all = [end];
  for (let t = steps - 1; t >= 0; t--) {
    const [stay, move, far] = neighbours(pad(all.at(-1)!, [0, 2], { value: lowest }), width);
    all.push(backwardStep([stay, move, far, skipped, emissions.select(0, t), present.select(0, t), end]));
  }
  return all.slice(1).reverse();
}

/** −log of the sum of the probabilities of the last blank, which is marked, and of the label before it. */
function lossOf(scores: Tensor, last: Tensor): Tensor {
  const width = last.shape[1]!;
  const picked = (row: Tensor): Tensor => where(last, row, 0).sum(1);
  const before = pad(scores, [1, 0], { value: lowest }).narrow(1, 0, width);
  return picked(scores).logaddexp(picked(before)).neg();
}

/**
 * −log of the sum of the probabilities of all alignments, `[N]`, and a second tensor that only the gradient needs: by the forward
 * algorithm, and the gradient by the backward algorithm (Graves et al., 2006, section 4.1, in logarithms).
 *
 * @param emissions log-probabilities of the states at each step, `[T, N, L]`.
 * @param skips bool `[N, L]`: whether a state may follow the second before it.
 * @param present bool `[T, N, 1]`: true up to a row's length.
 * @param last bool `[N, L]`: true in the last state, a blank.
 */
export const alignment: (emissions: Tensor, skips: Tensor, present: Tensor, last: Tensor) => readonly Tensor[] =
  customFunction({
    name: "ctcLoss",
    forward(context, emissions: Tensor, skips: Tensor, present: Tensor, last: Tensor) {
      const all = beginnings(emissions, skips, present);
      const loss = lossOf(all.at(-1)!, last);
      const alphas = all.length === 1 ? emissions.mul(0) : stack(all.slice(1));
      context.saveForBackward(emissions, skips, present, last, loss, alphas);
      return [loss, alphas];
    },
    backward(context, gradient) {
      const [emissions, skips, present, last, loss, kept] = context.savedTensors as [
        ...[Tensor, Tensor, Tensor],
        ...[Tensor, Tensor, Tensor],
      ];
      if (emissions.shape[0] === 0) return [emissions.mul(0), null, null, null];
      // For a second derivative the way to the beginnings is recorded too.
      const alphas = isGradEnabled() ? stack(beginnings(emissions, skips, present).slice(1)) : kept;
      const betas = stack(endings(emissions, skips, present, last));
      const operands = [alphas, betas, emissions, loss.unsqueeze(1), gradient!.unsqueeze(1), present];
      return [marginal(operands), null, null, null];
    },
  });
