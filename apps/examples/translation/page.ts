/** What the pages of both translators share. */
import type { FigurePlan, Reference, Source } from "../runner/page_plan.ts";

export const TREVETT: Source = {
  text: "Trevett, PyTorch Seq2Seq",
  url: "https://github.com/bentrevett/pytorch-seq2seq",
};

/** A recurrent network with attention, whose test sentences are others. */
export const LAMPLE: Reference = {
  value: "50.77",
  of: "LSTM with attention, Multi30k, French to English, other test sentences",
  source: { text: "Lample et al. 2018", url: "https://arxiv.org/abs/1711.00043" },
};

export const CURVES = {
  "bleu.svg": "BLEU of greedy translations of the validation sentences, by epoch; 100 is the reference word for word.",
  "loss.svg":
    "Cross-entropy of the next word, in nats, by epoch. The training loss is measured while the model learns, and with dropout.",
};

export const FIGURES: Readonly<Record<string, FigurePlan>> = {
  greedyBleu: { label: "BLEU of greedy translations", digits: 2 },
  bleu: { label: "BLEU by epoch", digits: 1 },
  validationLoss: { label: "Cross-entropy of a validation word", unit: "nats", digits: 3, list: "last" },
  seconds: { label: "Training time, without testing", unit: "s", digits: 1 },
  samples: {
    label: "Validation sentences",
    columns: {
      source: { label: "source" },
      reference: { label: "reference" },
      greedy: { label: "greedy" },
      beam: { label: "by beams" },
    },
  },
  beams: { label: "beams", setting: true },
  direction: { label: "direction", setting: true },
  layers: { label: "layers", setting: true },
  dropout: { label: "dropout", setting: true },
};
