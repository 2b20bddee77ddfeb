import type { PagePlan } from "../runner/page_plan.ts";

/** The page of a run. */
export const page: PagePlan = {
  title: "A published reader learns an odd font",
  lesson:
    "The recogniser reads plain words and not mirrored letters. Thirty steps teach it: the last layer alone halves the errors, the part after " +
    "the convolutions does nearly as well as everything. The plain font is forgotten a little in exchange.",
  pictures: {
    "words.svg": "Words of the test in the odd font: as they were read before → after.",
    "loss.svg": "CTC loss of the training words, in nats, by step; a curve for each part that was trained.",
  },
  figures: {
    "before.odd": { label: "Misread characters before, odd font", unit: "%", digits: 1 },
    "before.plain": { label: "Misread characters before, plain font", unit: "%", digits: 1 },
    results: {
      label: "Misread characters after",
      columns: {
        name: { label: "trained" },
        trained: { label: "parameters" },
        odd: { label: "odd font", unit: "%", digits: 1 },
        plain: { label: "plain font", unit: "%", digits: 1 },
        losses: { label: "last loss", digits: 3, list: "last" },
        texts: { label: "as read" },
      },
    },
    exportedBytes: { label: "Size of ocr.onnx", unit: "MB", times: 1e-6, digits: 1 },
    exportedReadsTheSame: { label: "ocr.onnx reads the same" },
  },
  sources: [
    { text: "PaddleOCR", url: "https://github.com/PaddlePaddle/PaddleOCR" },
    { text: "Graves et al. 2006, CTC", url: "https://doi.org/10.1145/1143844.1143891" },
  ],
};
