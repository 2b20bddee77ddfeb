/** Losses, which exported training graphs have. */
import { functional as F } from "@heddle/nn";
import { type Tensor } from "@heddle/tensor";
import type { Call } from "./call.ts";
import { int, type Operator, type Operators, string } from "./operator.ts";
import { Outputs } from "./value.ts";

/** The loss of log-probabilities `[N, C, …]` and labels `[N, …]`. */
function nll(c: Call, logs: Tensor): Tensor {
  const labels = c.tensor(1).to("int32");
  const ignored = c.hasAttribute("ignore_index") ? c.num("ignore_index") : null;
  const kept = ignored === null ? null : labels.ne(ignored);
  const known = kept === null ? labels : labels.where(kept, 0);
  const picked = logs.gather(1, known.unsqueeze(1)).squeeze(1).neg();
  const weight = c.maybe(2);
  let weights = weight === null ? null : weight.indexSelect(0, known.reshape(-1)).reshape(known.shape);
  if (kept !== null) weights = weights === null ? kept.to(logs.dtype) : weights.mul(kept.to(logs.dtype));
  const losses = weights === null ? picked : picked.mul(weights);
  const reduction = c.text("reduction");
  if (reduction === "none") return losses;
  if (reduction === "sum") return losses.sum();
  return weights === null ? losses.mean() : losses.sum().div(weights.sum());
}

const attributes = { ignore_index: int(), reduction: string("mean", ["none", "sum", "mean"]) };
const likelihood: Operator = { inputs: [2, 3], attributes, run: (c) => nll(c, c.tensor(0)) };
const crossEntropy: Operator = {
  inputs: [2, 3],
  outputs: 2,
  attributes,
  run(c) {
    const logs = F.logSoftmax(c.tensor(0), 1);
    return new Outputs([nll(c, logs), logs]);
  },
};

/** The losses. */
export const losses: Operators = {
  NegativeLogLikelihoodLoss: { 12: likelihood },
  SoftmaxCrossEntropyLoss: { 12: crossEntropy },
};
