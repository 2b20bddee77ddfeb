/** Cases in which Heddle differs from PyTorch on purpose; docs/differences.md says why. Everything else must agree. */

import type { DType } from "@heddle/tensor";

/** What Heddle does instead. */
export interface Difference {
  /** dtype of the output, whose values are PyTorch's. */
  readonly dtype?: DType;
  /** For each input the elements of its gradient. */
  readonly gradients?: readonly (readonly number[])[];
}

/** By family and name of the case. */
export const differences: { readonly [familyAndName: string]: Difference } = {
  // A bool tensor with a whole number makes int32.
  "elementwise_unary/square bool": { dtype: "int32" },
  // A NaN is no bound, neither for values (as in PyTorch 1.13) nor for gradients (which are 0 there).
  "elementwise_unary/clamp NaN": {
    gradients: [[
      ...[0.1687665432691574, -0.2503284811973572, 1.142926812171936, -0.6118139028549194, 3.2589426040649414],
      ...[-1.2038499116897583, -0.35066473484039307, 1.4771037101745605, 0.18351878225803375, -0.7028376460075378],
      ...[-0.7635543942451477, 1.7663767337799072],
    ]],
  },
  // softmax · gradient; PyTorch takes exp(x - result) of a result that was rounded.
  "reductions/logsumexp far out": {
    gradients: [[0.3965626358985901, 0.3965626358985901, 0.12303984, 0.33445698]],
  },
  // PyTorch 1.13 puts the gradient in memory order, which is wrong for a transposed tensor.
  "gather_scatter/maskedSelect transposed": {
    gradients: [[
      ...[0, 0, -0.3838188946247101, 0],
      ...[-0.9164416790008545, 0, 0, 0],
      ...[0, -1.231641173362732, 0.1023607850074768, 0],
    ]],
  },
};
