import type { PagePlan, Source } from "../runner/page_plan.ts";

const HE: Source = { text: "He et al. 2016", url: "https://arxiv.org/abs/1512.03385" };
const ZHANG: Source = { text: "Zhang et al. 2017", url: "https://arxiv.org/abs/1611.03530" };

/** The page of a run. */
export const page: PagePlan = {
  title: "Small colour images",
  lesson:
    "A deep network soon knows few images by heart. Cropped and mirrored differently in every epoch, they cannot be memorised, and the test error " +
    "falls although the train error rises.",
  pictures: {
    "error.svg":
      "Misclassified images, in percent, by epoch. The train error is measured while the network learns, on augmented images if augmentation is on.",
    "compare.svg":
      "Misclassified test images, in percent, by epoch: the mean of the seeds, shaded from the lowest to the highest.",
    "augmented.svg": "Training images, and what the network sees in their place: every draw is another image.",
    "loss.svg": "Cross-entropy of the training batches, in nats, by step: 2.3 is guessing among ten classes.",
    "confusion.svg": "Which class (row) is taken for which (column). Off the diagonal are the mistakes.",
    "misclassified.svg": "Misclassified test images, each with what it is → what it was taken for.",
  },
  figures: {
    model: { label: "network", setting: true },
    augment: { label: "augmentation", setting: true },
    testErrorPercent: {
      label: "Test error",
      unit: "%",
      digits: 2,
      literature: [
        { value: "8.75%", of: "ResNet-20, 50,000 images of CIFAR-10, 164 epochs", source: HE },
        { value: "46.65%", of: "MLP 3×512, 50,000 images of CIFAR-10", source: ZHANG },
      ],
    },
    trainErrorPercent: { label: "Train error of the last epoch", unit: "%", digits: 2, list: "last" },
    trainLoss: { label: "Training loss of the last epoch", unit: "nats", digits: 4, list: "last" },
    secondsPerEpoch: { label: "Training time, without testing", unit: "s", digits: 1, list: "sum" },
    weightsOfEpoch: { label: "Epoch of the tested weights" },
    marginPercent: { label: "The second augmentation's mean error is lower by", unit: "points", digits: 2 },
    bestOfFirstMinusWorstOfSecond: {
      label: "Best seed of the first less worst seed of the second; above 0 it is more than chance",
      unit: "points",
      digits: 2,
    },
    outcomes: {
      label: "By augmentation",
      literature: [{ value: "8.75%", of: "ResNet-20 with crops and flips, 50,000 images of CIFAR-10", source: HE }],
      columns: {
        augment: { label: "augmentation" },
        mean: { label: "mean test error", unit: "%", digits: 2 },
        worst: { label: "worst", unit: "%", digits: 2 },
        median: { label: "median", unit: "%", digits: 2 },
        best: { label: "best", unit: "%", digits: 2 },
        testErrorPercent: { label: "test errors by seed", unit: "%", digits: 2 },
        trainErrorPercent: { label: "train errors by seed", unit: "%", digits: 2 },
        seconds: { label: "training time of all seeds", unit: "s", digits: 0, list: "sum" },
      },
    },
  },
};
