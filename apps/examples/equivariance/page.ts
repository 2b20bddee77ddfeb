import type { PagePlan, Source } from "../runner/page_plan.ts";

const COHEN: Source = { text: "Cohen and Welling 2016", url: "https://arxiv.org/abs/1602.07576" };

/** The page of a run. */
export const page: PagePlan = {
  title: "Convolutions that turn with the image",
  lesson:
    "A plain convolution is equivariant to shifts only. Convolutions over the group of quarter turns (p4) carry every filter in four " +
    "orientations, so that a digit is as easy to read in any of them, with as many parameters.",
  pictures: {
    "error.svg":
      "Misclassified digits that are turned by any angle, in percent, by epoch: the median of the seeds, shaded from the lowest to the highest.",
    "turned.svg": "Test digits as they are, turned by any angle, and by quarter turns.",
    "maps-*.svg":
      "Feature maps of a digit, turned, and feature maps of the turned digit: of an equivariant network the last two rows are the same.",
  },
  figures: {
    learn: { label: "learned from digits that are", setting: true },
    digits: { label: "training digits", setting: true },
    results: {
      label: "Test errors",
      literature: [
        { value: "5.03% and 2.28%", of: "plain and p4, 12,000 digits of MNIST turned by any angle", source: COHEN },
      ],
      columns: {
        model: { label: "network" },
        parameters: { label: "parameters" },
        upright: { label: "upright", unit: "%", digits: 2 },
        anyAngle: { label: "any angle", unit: "%", digits: 2 },
        paper: { label: "the paper, any angle", unit: "%", digits: 2 },
        quarterTurns: { label: "quarter turns", unit: "%", digits: 2 },
        turnDifference: { label: "a quarter turn changes the outputs by" },
        errors: { label: "any angle, by seed", unit: "%", digits: 2 },
        seconds: { label: "training", unit: "s", digits: 1 },
      },
    },
  },
};
