import type { PagePlan, Source } from "../runner/page_plan.ts";

const MA: Source = { text: "Ma and Hovy 2016", url: "https://arxiv.org/abs/1603.01354" };

/** The page of a run. */
export const page: PagePlan = {
  title: "Names in sentences",
  lesson:
    "The CRF gets only a few more tags right, but many more names: a name counts only if all of its tags are right, and a tagger without a " +
    "CRF often continues a name that never began.",
  pictures: {
    "f1.svg":
      "F1 of the names in test sentences, in percent, by epoch: the mean of the seeds, shaded from the lowest to the highest.",
    "transitions.svg":
      "What the CRF learned about neighbouring tags: from the tag of a row to the tag of a column. I-PER follows B-PER, and hardly ever O.",
  },
  figures: {
    f1Percent: {
      label: "F1 of names, BiLSTM",
      unit: "%",
      digits: 1,
      literature: { value: "89.4%", of: "BLSTM-CNN on CoNLL-2003, English", source: MA },
    },
    f1PercentCrf: {
      label: "F1 of names, BiLSTM-CRF",
      unit: "%",
      digits: 1,
      literature: { value: "91.2%", of: "the same with a CRF", source: MA },
    },
    f1PercentEach: { label: "by seed, BiLSTM", unit: "%", digits: 1 },
    f1PercentEachCrf: { label: "by seed, BiLSTM-CRF", unit: "%", digits: 1 },
    tagAccuracyPercent: { label: "Correct tags, BiLSTM", unit: "%", digits: 1 },
    tagAccuracyPercentCrf: { label: "Correct tags, BiLSTM-CRF", unit: "%", digits: 1 },
    inconsistent: { label: "Continued names that never began, by seed, BiLSTM" },
    inconsistentCrf: { label: "the same, BiLSTM-CRF" },
    examples: {
      label: "Test sentences that the two tag differently",
      columns: { right: { label: "right" }, alone: { label: "BiLSTM" }, crf: { label: "BiLSTM-CRF" } },
    },
  },
  sources: [{ text: "Huang et al. 2015", url: "https://arxiv.org/abs/1508.01991" }],
};
