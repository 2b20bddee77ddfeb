import { grad } from "@heddle/autograd";
import { functional as F } from "@heddle/nn";
import { conv2d, ones, scope, type Tensor } from "@heddle/tensor";
import { type Family, list, type Maker, size } from "../case.ts";
import { convLayer } from "./conv.ts";
import { input, steady } from "./heddle_work.ts";

/** Two convolutions of a wide residual network, together and alone. */
export const convBlock: Family = {
  name: "conv_block",
  about: "two 3×3 convolutions 64→64 with batch norm and ReLU on 32×64×32×32, and their parts",
  cases: [
    {
      family: "conv_block",
      name: "block of two 3×3 convolutions 64→64 with batch norm, forward and backward",
      kind: "conv block",
      sizes: { x: [32, 64, 32, 32], channels: 64 },
      tolerance: 1e-4,
      amount: { of: 6 * 2 * 32 * 64 * 32 * 32 * 64 * 9, unit: "GFLOP/s" },
    },
    ...convLayer(
      "conv_block",
      "64→64 of 32²",
      [32, 64, 32, 32],
      [64, 64, 3, 3],
      1,
    ),
  ],
};

/** Heddle's code for it. */
export const heddleConvBlock: Readonly<Record<string, Maker>> = {
  "conv block"(sizes) {
    const channels = size(sizes, "channels");
    const x = input(1, list(sizes, "x"), { requiresGrad: true });
    const weights = [2, 3].map((seed) =>
      input(seed, [channels, channels, 3, 3]).mul(1 / Math.sqrt(channels * 3))
        .requiresGrad_()
    );
    const scales = [0, 1].map(() => ones([channels], { requiresGrad: true }));
    const shifts = [4, 5].map((seed) => input(seed, [channels], { requiresGrad: true }));
    const g = input(6, list(sizes, "x"));
    const leaves = [x, ...weights, ...scales, ...shifts];
    const compute = (shifts: readonly Tensor[]): Tensor[] => {
      let y: Tensor = x;
      for (const i of [0, 1]) {
        y = conv2d(y, weights[i]!, { padding: 1 });
        y = F.batchNorm(y, null, null, {
          weight: scales[i]!,
          bias: shifts[i]!,
          training: true,
          activation: "relu",
        });
      }
      const [dx, dw1, dw2] = grad([y], leaves, { gradOutputs: [g] });
      return [y, dx!, dw1!, dw2!];
    };
    const work = steady([...leaves, g], () => compute(shifts));
    return {
      ...work,
      // Of four million units some are so close to zero that rounding decides whether they pass gradients on; gradients
      // are compared with all units positive.
      outputs() {
        using _ = scope();
        const [y] = compute(shifts);
        const [, ...gradients] = compute(shifts.map((shift) => shift.add(8)));
        return [y!, ...gradients].map((tensor) => tensor.toTypedArray("float32"));
      },
    };
  },
};
