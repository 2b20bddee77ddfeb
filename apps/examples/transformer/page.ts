import type { PagePlan } from "../runner/page_plan.ts";
import { CURVES, FIGURES, LAMPLE, TREVETT } from "../translation/page.ts";

/** The page of a run. */
export const page: PagePlan = {
  title: "Translating with a transformer",
  lesson:
    "Attention is all that passes between words: no recurrence, so that all words of a sentence are read at once. The heads divide the " +
    "work: some look at the word to translate, others at its neighbours or at the end of the sentence.",
  pictures: {
    "attention-*.svg":
      "To which source words (columns) the last layer looks for each word (row), the mean of its heads, in the translation of",
    "heads-*.svg": "The same head by head.",
    ...CURVES,
  },
  figures: {
    beamBleu: {
      label: "BLEU of translations by beam search",
      digits: 2,
      literature: [
        { value: "36.52", of: "transformer of this size, Multi30k, German to English", source: TREVETT },
        LAMPLE,
      ],
    },
    ...FIGURES,
    words: { label: "words or pieces", setting: true },
    heads: { label: "heads", setting: true },
    width: { label: "width", setting: true },
    feedForward: { label: "feed-forward units", setting: true },
    norm: { label: "norms", setting: true },
  },
  sources: [
    { text: "Vaswani et al. 2017", url: "https://arxiv.org/abs/1706.03762" },
    { text: "Xiong et al. 2020", url: "https://arxiv.org/abs/2002.04745" },
  ],
};
