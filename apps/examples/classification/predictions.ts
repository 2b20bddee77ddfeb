/** A network's predictions for the test images. */
export interface Predictions {
  /** The true class of each image. */
  labels: ArrayLike<number>;
  /** The predicted class. */
  predicted: ArrayLike<number>;
  /** The probability of the predicted class. */
  confidence: ArrayLike<number>;
}

/** The share of misclassified images in percent. */
export function errorPercent({ labels, predicted }: Predictions): number {
  let wrong = 0;
  for (let i = 0; i < labels.length; i++) wrong += labels[i] === predicted[i] ? 0 : 1;
  return 100 * wrong / labels.length;
}

/** How many images of each true class (row) were predicted as each class (column). */
export function confusion({ labels, predicted }: Predictions, classes = 10): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; i++) counts[labels[i]!]![predicted[i]!]! += 1;
  return counts;
}

/** The misclassified images, the most confident mistakes first. */
export function misclassified(
  { labels, predicted, confidence }: Predictions,
): { index: number; label: number; predicted: number; confidence: number }[] {
  return Array.from(
    labels,
    (label, index) => ({ index, label, predicted: predicted[index]!, confidence: confidence[index]! }),
  )
    .filter(({ label, predicted }) => label !== predicted)
    .sort((a, b) => b.confidence - a.confidence);
}
