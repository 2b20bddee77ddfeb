import type { PagePlan, Source } from "../runner/page_plan.ts";

const FISHER: Source = { text: "Fisher 1936", url: "https://doi.org/10.1111/j.1469-1809.1936.tb02137.x" };

/** The page of a run. */
export const page: PagePlan = {
  title: "Irises from a table",
  lesson:
    "Split first, learn the preparation from the training part alone, stop by the validation part, and use the test part once. Two of the " +
    "species overlap, so that a hidden layer does no better than a plane.",
  pictures: {
    "losses.svg":
      "Cross-entropy of the perceptron on the first split, in nats, by epoch: training ends when validation no longer improves, and the weights of the best epoch are kept.",
  },
  figures: {
    "testErrorPercent.logistic regression": {
      label: "Mean test error, logistic regression",
      unit: "%",
      digits: 2,
      literature: { value: "2.0%", of: "linear discriminant, 149 rows to learn from", source: FISHER },
    },
    "testErrorPercent.perceptron": { label: "Mean test error, perceptron", unit: "%", digits: 2 },
    results: {
      label: "Every split",
      columns: {
        split: { label: "split" },
        kind: { label: "classifier" },
        epoch: { label: "best epoch" },
        validationLoss: { label: "validation loss", unit: "nats", digits: 3 },
        wrong: { label: "wrong" },
        tested: { label: "of" },
      },
    },
  },
};
