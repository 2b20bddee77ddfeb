import type { PagePlan } from "../runner/page_plan.ts";
import { CURVES, FIGURES, LAMPLE, TREVETT } from "../translation/page.ts";

/** The page of a run. */
export const page: PagePlan = {
  title: "Translating with recurrent networks",
  lesson:
    "Without attention the whole sentence must pass through one vector, and long sentences do not fit. With attention the decoder looks back " +
    "at the words it needs: the map shows a word order that differs between the languages.",
  pictures: {
    "attention-*.svg":
      "To which source words (columns) the decoder looks while it writes each word (row) of its translation of",
    ...CURVES,
  },
  figures: {
    beamBleu: {
      label: "BLEU of translations by beam search",
      digits: 2,
      literature: [
        LAMPLE,
        { value: "28.11", of: "bidirectional GRU with attention, Multi30k, German to English", source: TREVETT },
      ],
    },
    ...FIGURES,
    attention: { label: "attention", setting: true },
    bidirectional: { label: "bidirectional", setting: true },
    embedding: { label: "embedding", setting: true },
    hidden: { label: "state", setting: true },
  },
  sources: [
    { text: "Bahdanau et al. 2015", url: "https://arxiv.org/abs/1409.0473" },
    { text: "Luong et al. 2015", url: "https://arxiv.org/abs/1508.04025" },
    { text: "Sutskever et al. 2014", url: "https://arxiv.org/abs/1409.3215" },
  ],
};
