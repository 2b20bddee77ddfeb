import { noGrad } from "@heddle/autograd";
import { DataLoader } from "@heddle/data";
import { tidy } from "@heddle/tensor";
import type { Digits } from "./digits.ts";
import type { Predictions } from "./mistakes.ts";
import type { DigitNetwork } from "./networks/mod.ts";

/** What the network says of each digit, in their order. */
export function predict(network: DigitNetwork, digits: Digits): Predictions {
  const labels: number[] = [], predicted: number[] = [], confidence: number[] = [];
  network.eval();
  noGrad(() => {
    for (const [images, truth] of new DataLoader(digits, { batchSize: 100 })) {
      tidy(() => {
        const { values, indices } = network.forward(images).softmax(1).max(1);
        labels.push(...truth.toTypedArray() as Int32Array);
        predicted.push(...indices.toTypedArray() as Int32Array);
        confidence.push(...values.toTypedArray() as Float32Array);
      });
      images.dispose();
      truth.dispose();
    }
  });
  network.train();
  return { labels, predicted, confidence };
}
