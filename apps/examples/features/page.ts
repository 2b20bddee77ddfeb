import type { PagePlan } from "../runner/page_plan.ts";

/** The page of a run. */
export const page: PagePlan = {
  title: "What the units of a network look for",
  lesson:
    "The first filters are edges and blobs, as in every network for images. What deeper units look for shows in images that are changed, step " +
    "by step, until they excite a unit as much as possible.",
  pictures: {
    "digits.svg":
      "For each output the image that excites it most. Few of them look like digits to us: the network sees less than we do.",
    "filters.svg": "The 32 filters of the first convolution, 5×5 weights each.",
    "first_maps.svg": "Where each filter of the first convolution responds in a test digit.",
    "second_maps.svg": "The same of the second convolution: smaller, and harder to name.",
    "units.svg": "For each map of the second convolution the image that excites its centre most.",
    "best_digits.svg": "The test digit that excites the same map most: compare the strokes.",
  },
  figures: {
    testErrorPercent: { label: "Test error of the network", unit: "%", digits: 2 },
    digitsReadAsMeant: { label: "Images of the ten outputs that are read as meant" },
    confidence: { label: "How sure the network is of them, 0 to 9", unit: "%", times: 100, digits: 1 },
    unitsExcitedByDigits: { label: "Maps that some test digit excites, of 64" },
    unitsExcitedMoreByTheirPicture: { label: "of which the image made for them excites more" },
  },
  sources: [
    { text: "Simonyan et al. 2013", url: "https://arxiv.org/abs/1312.6034" },
    { text: "Yosinski et al. 2015", url: "https://arxiv.org/abs/1506.06579" },
  ],
};
