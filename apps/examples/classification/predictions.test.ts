import { expect, test } from "vitest";
import { confusion, errorPercent, misclassified } from "./predictions.ts";

const predictions = { labels: [0, 1, 2, 1, 2], predicted: [0, 2, 2, 0, 1], confidence: [0.9, 0.5, 1, 0.8, 0.6] };

test("errorPercent", () => {
  expect(errorPercent(predictions)).toBe(60);
});

test("confusion has true digits as rows", () => {
  expect(confusion(predictions, 3)).toEqual([[1, 0, 0], [1, 0, 1], [0, 1, 1]]);
});

test("mistakes are the wrong ones, surest first", () => {
  expect(misclassified(predictions)).toEqual([
    { index: 3, label: 1, predicted: 0, confidence: 0.8 },
    { index: 4, label: 2, predicted: 1, confidence: 0.6 },
    { index: 1, label: 1, predicted: 2, confidence: 0.5 },
  ]);
});
