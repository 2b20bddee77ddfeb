import { noGrad } from "@heddle/autograd";
import { DataLoader } from "@heddle/data";
import type { Layer } from "@heddle/nn";
import { tidy } from "@heddle/tensor";
import type { Digits } from "../digits/digits.ts";
import type { Predictions } from "./predictions.ts";

/** The predictions of a network whose outputs are logits [n, classes], in the order of the images. */
export async function predict(network: Layer, digits: Digits): Promise<Predictions> {
  const labels: number[] = [], predicted: number[] = [], confidence: number[] = [];
  network.eval();
  for (const [images, truth] of new DataLoader(digits, { batchSize: 100 })) {
    const { values, indices } = noGrad(() => tidy(() => network.forward(images).softmax(1).max(1)));
    labels.push(...await truth.data("int32"));
    predicted.push(...await indices.data("int32"));
    confidence.push(...await values.data("float32"));
    for (const tensor of [images, truth, values, indices]) tensor.dispose();
  }
  network.train();
  return { labels, predicted, confidence };
}
