import type { PagePlan, Source } from "../runner/page_plan.ts";

const TUTORIAL: Source = {
  text: "PyTorch's tutorial",
  url: "https://docs.pytorch.org/tutorials/intermediate/char_rnn_classification_tutorial.html",
};

/** The page of a run. */
export const page: PagePlan = {
  title: "Surnames, letter by letter",
  lesson:
    "One recurrent network reads a name and says its language; another writes names of a language. Where one language has most of the " +
    "names, the accuracy over all names hides how little is known of the others: look at the mean of the languages.",
  pictures: {
    "confusion.svg":
      "Which language (row) is taken for which (column), with their numbers; the colour is the share of the language. Neighbours share names.",
    "accuracy.svg": "Correct test names, in percent, by epoch: over all names, and as the mean of the languages.",
    "writer.svg":
      "Cross-entropy of the next letter, in nats, by epoch: training falls on while the test stays, where names are learned by heart.",
  },
  figures: {
    accuracy: {
      label: "Correct test names",
      unit: "%",
      digits: 1,
      literature: { value: "53.8%", of: "18 languages, the same split", source: TUTORIAL },
    },
    meanAccuracy: {
      label: "Mean of the languages",
      unit: "%",
      digits: 1,
      literature: { value: "46.3%", of: "18 languages, the same split", source: TUTORIAL },
    },
    accuracyByEpoch: { label: "Correct test names by epoch", unit: "%", digits: 1 },
    letterLoss: { label: "Cross-entropy of a letter of test names", unit: "nats", digits: 3 },
    written: {
      label: "Generated names",
      columns: { language: { label: "language" }, names: { label: "names" } },
    },
    byLanguage: { label: "Correct test names by language", names: "language", unit: "%", digits: 1 },
    temperature: { label: "temperature", setting: true },
    units: { label: "units", setting: true },
    bidirectional: { label: "bidirectional", setting: true },
    letters: { label: "letters", setting: true },
    languages: { label: "languages", setting: true },
    embedding: { label: "embedding", setting: true },
    hidden: { label: "state", setting: true },
    layers: { label: "layers", setting: true },
    dropout: { label: "dropout", setting: true },
  },
};
