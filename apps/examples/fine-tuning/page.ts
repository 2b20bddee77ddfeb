import type { FigurePlan, PagePlan } from "../runner/page_plan.ts";

/** The rows of a comparison of ways to learn from few examples. */
export const FEW_EXAMPLES: Readonly<Record<string, FigurePlan>> = {
  perClass: { label: "examples per class" },
  way: { label: "way to learn" },
  mean: { label: "mean test error", unit: "%", digits: 2 },
  errors: { label: "by choice of the examples", unit: "%", digits: 2 },
  trained: { label: "trained parameters" },
};

/** The page of a run. */
export const page: PagePlan = {
  title: "Learning new digits from few examples",
  lesson:
    "A network that knows the digits 0 to 4 learns 5 to 9 from ten examples a class better than one that starts from nothing. With more " +
    "examples the advantage goes: drawn digits are so easy that from 30 a class on they are learned better from scratch. On MNIST " +
    "(--data) fine-tuning stays ahead up to 1,000 a class.",
  pictures: {
    "errors.svg":
      "Misclassified digits 5 to 9, in percent, by the number of examples: the mean of the choices of examples, shaded from the lowest to the highest.",
  },
  figures: {
    knownErrorPercent: { label: "Test error on the digits 0 to 4, learned first", unit: "%", digits: 2 },
    steps: { label: "steps on the new digits", setting: true },
    results: { label: "Test errors on the digits 5 to 9", columns: FEW_EXAMPLES },
  },
  sources: [{ text: "Yosinski et al. 2014", url: "https://arxiv.org/abs/1411.1792" }],
};
