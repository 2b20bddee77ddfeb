import type { PagePlan, Source } from "../runner/page_plan.ts";

const NANO_GPT: Source = { text: "nanoGPT", url: "https://github.com/karpathy/nanoGPT" };

/** The page of a run. */
export const page: PagePlan = {
  title: "A small GPT",
  lesson:
    "A network that only learns to predict the next character picks up words, verse and who speaks next. The held-out loss says how well, " +
    "and where it rises again the text is being learned by heart.",
  pictures: {
    "held-out.svg": "Cross-entropy of text that was held out, in nats per character, by epoch; lower is better.",
    "loss.svg": "Cross-entropy of the training batches, in nats per token, by step.",
    "heads.svg":
      "To which earlier characters (columns) each head looks from each character (row) of the generated text. Some heads look one character back, others at the beginning of a word or a line.",
  },
  figures: {
    heldOutNatsPerCharacter: {
      label: "Cross-entropy of a held-out character",
      unit: "nats",
      digits: 3,
      literature: [
        { value: "1.88 nats", of: "Tiny Shakespeare, 0.8 M parameters, 1.5 M characters", source: NANO_GPT },
        { value: "1.4697 nats", of: "10.65 M parameters", source: NANO_GPT },
      ],
    },
    idealNatsPerCharacter: { label: "of the best possible model of a generated text", unit: "nats", digits: 3 },
    heldOutNatsPerToken: { label: "Cross-entropy of a held-out token", unit: "nats", digits: 3 },
    heldOut: { label: "Cross-entropy of a held-out character by epoch", unit: "nats", digits: 3 },
    trainLoss: { label: "Training loss of the last epoch", unit: "nats per token", digits: 3, list: "last" },
    secondsPerEpoch: { label: "Training time, without testing", unit: "s", digits: 1, list: "sum" },
    text: { label: "Generated text" },
    tokens: { label: "tokens", setting: true },
  },
  sources: [{ text: "Radford et al. 2018", url: "https://openai.com/index/language-unsupervised/" }],
};
