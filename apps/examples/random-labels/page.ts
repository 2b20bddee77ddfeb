import type { PagePlan, Source } from "../runner/page_plan.ts";

const ZHANG: Source = { text: "Zhang et al. 2017, table 1", url: "https://arxiv.org/abs/1611.03530" };

/** The page of a run. */
export const page: PagePlan = {
  title: "Networks that memorise random labels",
  lesson:
    "The network that learns true labels and generalises also learns random ones, to the last image, where there is nothing to generalise. " +
    "So neither its size nor its training alone explains why it generalises.",
  pictures: {
    "curves.svg":
      "Training loss (cross-entropy in nats) by step: random labels, and even noise for images, take longer but are learned too.",
    "corruption.svg":
      "Accuracy in percent: the more labels are random, the less is right on test images; the training images are fitted all the same.",
    "time.svg": "Epochs until training ends, relative to true labels: random labels take a small multiple of the time.",
  },
  figures: {
    model: { label: "network", setting: true },
    images: { label: "training images", setting: true },
    results: {
      label: "Every training",
      literature: [
        { value: "train 100%, test 10.48%", of: "MLP 3×512, random labels, 50,000 images of CIFAR-10", source: ZHANG },
        { value: "train 99.34%, test 10.61%", of: "MLP 1×512", source: ZHANG },
        { value: "train 99.82%, test 9.86%", of: "small AlexNet", source: ZHANG },
      ],
      columns: {
        data: { label: "labels or pixels" },
        crop: { label: "random crops" },
        decay: { label: "weight decay" },
        trainAccuracyPercent: { label: "train accuracy", unit: "%", digits: 1 },
        testAccuracyPercent: { label: "test accuracy", unit: "%", digits: 1 },
        epochs: { label: "epochs" },
        stepsPerEpoch: { label: "steps per epoch" },
        loss: { label: "last loss", unit: "nats", digits: 3 },
        seconds: { label: "time", unit: "s", digits: 1 },
      },
    },
  },
};
