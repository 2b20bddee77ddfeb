import type { PagePlan, Source } from "../runner/page_plan.ts";

const LECUN: Source = { text: "LeCun et al. 1998", url: "https://doi.org/10.1109/5.726791" };
const SIMARD: Source = { text: "Simard et al. 2003", url: "https://doi.org/10.1109/ICDAR.2003.1227801" };

/** The page of a run. */
export const page: PagePlan = {
  title: "Reading handwritten digits",
  lesson:
    "Convolutions share their weights over the image, so that LeNet-5 needs 60,850 parameters where a perceptron has 669,706, and still " +
    "misclassifies fewer digits.",
  pictures: {
    "error.svg":
      "Misclassified digits, in percent, by epoch. The train error is measured while the network learns, so that at first it lags behind.",
    "repeat.svg": "Misclassified test digits, in percent, by epoch: how much of the error is the seed's chance.",
    "loss.svg": "Cross-entropy of the training batches, in nats, by step: 2.3 is guessing, 0 is certainty.",
    "confusion.svg": "Which digit (row) is taken for which (column). Off the diagonal are the mistakes.",
    "misclassified.svg":
      "Misclassified test digits, each with what it is → what it was taken for. Some are hard for people too.",
  },
  figures: {
    model: { label: "network", setting: true },
    testErrorPercent: {
      label: "Test error",
      unit: "%",
      digits: 2,
      list: "last",
      literature: [
        { value: "0.95%", of: "LeNet-5 on MNIST; 0.8% with distorted copies", source: LECUN },
        { value: "1.6%", of: "perceptron with 800 hidden units on MNIST", source: SIMARD },
      ],
    },
    worst: { label: "Test error of the worst seed", unit: "%", digits: 2 },
    median: { label: "Test error of the median seed", unit: "%", digits: 2 },
    best: { label: "Test error of the best seed", unit: "%", digits: 2 },
    trainLoss: { label: "Training loss of the last epoch", unit: "nats", digits: 4, list: "last" },
    secondsPerEpoch: { label: "Training time, without testing", unit: "s", digits: 1, list: "sum" },
    seconds: { label: "Training time of all seeds, without testing", unit: "s", digits: 1, list: "sum" },
  },
};
