/** What a network said of the test images. */
export interface Predictions {
  /** The digit that each image shows. */
  labels: ArrayLike<number>;
  /** The digit that the network says. */
  predicted: ArrayLike<number>;
  /** The probability that it gives that digit. */
  confidence: ArrayLike<number>;
}

/** Percent of the images whose digit was not found. */
export function errorPercent({ labels, predicted }: Predictions): number {
  let wrong = 0;
  for (let i = 0; i < labels.length; i++) wrong += labels[i] === predicted[i] ? 0 : 1;
  return 100 * wrong / labels.length;
}

/** How many images of each true digit (row) were taken for each digit (column). */
export function confusion({ labels, predicted }: Predictions, classes = 10): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; i++) counts[labels[i]!]![predicted[i]!]! += 1;
  return counts;
}

/** The images that were taken for another digit, the surest mistakes first. */
export function mistakes(
  { labels, predicted, confidence }: Predictions,
): { index: number; label: number; predicted: number; confidence: number }[] {
  return Array.from(
    labels,
    (label, index) => ({ index, label, predicted: predicted[index]!, confidence: confidence[index]! }),
  )
    .filter(({ label, predicted }) => label !== predicted)
    .sort((a, b) => b.confidence - a.confidence);
}
