import "@heddle/autograd";
import { manualSeed, randn } from "@heddle/tensor";
import { expect, test } from "vitest";
import { Lion } from "./mod.ts";

// There is none in PyTorch: this is the program of the paper, arXiv:2302.06675, page 5, on arrays.
interface Options {
  lr?: number;
  betas?: [number, number];
  weightDecay?: number;
  maximize?: boolean;
}

test.each<[Options]>([[{}], [{ lr: 0.01, betas: [0.8, 0.95] }], [{ lr: 0.05, weightDecay: 0.3 }], [{
  lr: 0.05,
  maximize: true,
}]])(
  "follows the paper with %j",
  (options) => {
    manualSeed(5);
    const { lr = 1e-4, betas: [beta1, beta2] = [0.9, 0.99], weightDecay = 0, maximize = false } = options;
    const w = randn([2, 3], { dtype: "float64", requiresGrad: true });
    const values = [...w.toTypedArray("float64")];
    const means = values.map(() => 0);
    const optimizer = new Lion([w], options);
    for (let step = 0; step < 20; step++) {
      w.grad = randn([2, 3], { dtype: "float64" });
      const grads = w.grad.toTypedArray("float64");
      optimizer.step();
      for (const i of values.keys()) {
        const g = maximize ? -grads[i]! : grads[i]!;
        const update = Math.sign(means[i]! * beta1 + g * (1 - beta1));
        means[i] = means[i]! * beta2 + g * (1 - beta2);
        values[i] = values[i]! - lr * (update + weightDecay * values[i]!);
      }
      w.toTypedArray("float64").forEach((value, i) => expect(value).toBeCloseTo(values[i]!, 12));
    }
  },
);
