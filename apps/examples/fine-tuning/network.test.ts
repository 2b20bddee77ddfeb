import { manualSeed, rand } from "@heddle/tensor";
import { expect, test } from "vitest";
import { trainClassifier } from "../digits/classifier.ts";
import { loadDigits } from "../digits/digits.ts";
import { Network } from "./network.ts";

test("a new head for other classes, and the rest as it was", () => {
  manualSeed(0);
  const old = new Network(5), copy = old.withNewHead(3);
  const images = rand([2, 1, 28, 28]);
  expect(copy.forward(images).shape).toEqual([2, 3]);
  expect(copy.features.forward(images).equal(old.features.forward(images))).toBe(true);
  expect(copy.hidden.weight.equal(old.hidden.weight)).toBe(true);
  copy.hidden.weight.detach().zero_();
  expect(old.hidden.weight.any().item()).toBe(1);
});

test("frozen layers keep every bit while the others learn", async () => {
  const { train } = await loadDigits(null, 20);
  const network = new Network(10);
  network.features.requiresGrad_(false);
  const before = Object.entries(network.stateDict()).map(([name, tensor]) => [name, tensor.clone()] as const);
  const parameters = network.parameters().filter((parameter) => parameter.requiresGrad);
  expect(parameters).toHaveLength(4);
  await trainClassifier(network, train, { steps: 3, batch: 10, lr: 0.1, parameters });
  const after = network.stateDict();
  expect(before.filter(([name, tensor]) => tensor.equal(after[name]!)).map(([name]) => name)).toEqual([
    "features.0.weight",
    "features.0.bias",
    "features.3.weight",
    "features.3.bias",
  ]);
});
