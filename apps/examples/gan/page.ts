import type { PagePlan } from "../runner/page_plan.ts";

/** The page of a run. */
export const page: PagePlan = {
  title: "A forger of digits and its judge",
  lesson:
    "The generator never sees a digit: it learns only from the judgement of the discriminator, which learns to tell its images from real ones. " +
    "Neither loss says how good the images are, so a classifier that knows digits looks at them in the end.",
  pictures: {
    "samples.svg": "Images from the same noise, a row per epoch.",
    "interpolations.svg": "From one noise vector to another: the images between two digits; a row per epoch.",
    "losses.svg":
      "Cross-entropy of both networks, in nats, by step: they pull against each other, so that neither falls to 0.",
    "accuracy.svg": "How often the discriminator is right, in percent, by step; 50% is guessing.",
  },
  figures: {
    score: { label: "Inception score of the generated images, of at most 10", digits: 2 },
    scoreOfTestDigits: { label: "the same of test digits", digits: 2 },
    scoreBeforeTraining: { label: "the same before training", digits: 2 },
    confidence: { label: "How sure the classifier is of a generated image", unit: "%", times: 100, digits: 1 },
    shares: { label: "Shares of the digits 0 to 9 among them", unit: "%", times: 100, digits: 0 },
    classifierErrorPercent: { label: "The classifier's own test error", unit: "%", digits: 2 },
  },
  sources: [
    { text: "Goodfellow et al. 2014", url: "https://arxiv.org/abs/1406.2661" },
    { text: "Radford et al. 2015", url: "https://arxiv.org/abs/1511.06434" },
    { text: "Salimans et al. 2016, the inception score", url: "https://arxiv.org/abs/1606.03498" },
  ],
};
