// Character networks of surnames: one classifies the language of a name, the other generates names of a language.
import { Vocabulary } from "@heddle/data";
import { functional as F } from "@heddle/nn";
import { textTable } from "@heddle/train/text";
import { deviceFigures } from "../runner/device.ts";
import { type Example, type Figures, type Run, start } from "../runner/example.ts";
import { type AskOptions, askOptions } from "../runner/prompt.ts";
import {
  type CheckpointOptions,
  checkpointOptions,
  choice,
  type CommonOptions,
  commonOptions,
  flag,
  integer,
  number,
  type Option,
  type Values,
} from "../runner/options.ts";
import { namesAnswer } from "./ask.ts";
import { accuracyOf, classify, confusion, generateNames, letterLoss } from "./evaluate.ts";
import { loadNames, type Names } from "./names.ts";
import { NameClassifier, type NameSizes, NameWriter, type Units } from "./networks.ts";
import { page } from "./page.ts";
import { drawClassifier, drawConfusion, drawWriter } from "./report.ts";
import { readNetworks, saveLetters, saveNetwork } from "./model_file.ts";
import { type NamesRecipe, trainOnNames } from "./train.ts";

interface NamesOptions extends CommonOptions, CheckpointOptions, AskOptions {
  part: Option<"classify" | "write" | "both">;
  model: Option<Units>;
  bidirectional: Option<boolean>;
  balanced: Option<boolean>;
  hidden: Option<number>;
  embedding: Option<number>;
  layers: Option<number>;
  dropout: Option<number>;
  temperature: Option<number>;
}

/** What both parts need. */
interface Setting {
  options: Values<NamesOptions>;
  run: Run;
  names: Names;
  vocabulary: Vocabulary;
  sizes: NameSizes;
  recipe: NamesRecipe;
}

/** Generated names per language, for the page. */
const WRITTEN = 6;

/** The example; `start` runs it if this file is the main module. */
export const names: Example<NamesOptions> = {
  name: "names",
  about:
    "Trains a character network to classify the language of a surname, and one to generate surnames of a language.",
  page,
  options: {
    part: choice(["classify", "write", "both"], {
      help: "classify languages, generate names, or both",
      default: "both",
    }),
    model: choice(["RNN", "GRU", "LSTM"], { help: "the kind of recurrent units", default: "GRU" }),
    bidirectional: flag({ help: "the classifier reads from both ends" }),
    balanced: flag({ help: "the classifier draws all languages equally often" }),
    hidden: integer({ help: "size of the recurrent state", default: 128, min: 1 }),
    embedding: integer({ help: "size of the letter embeddings", default: 32, min: 1 }),
    layers: integer({ help: "recurrent layers", default: 1, min: 1 }),
    dropout: number({ help: "dropout probability", default: 0.2, min: 0, max: 0.9 }),
    temperature: number({ help: "sampling temperature; lower values give more likely names", default: 0.7, above: 0 }),
    ...askOptions("a surname, or a language and a colon"),
    ...checkpointOptions(),
    ...commonOptions({ name: "names", epochs: 15, batch: 64, lr: 2e-3, data: "synthetic surnames of six languages" }),
  },

  async run(options, run) {
    const { model: units, bidirectional, embedding, hidden, layers, dropout, part, seed, dryRun } = options;
    const batch = options.batch ?? 64, lr = options.lr ?? 2e-3;
    const names = await loadNames(options.data, dryRun ? batch : options.limit, seed);
    const { train, languages } = names;
    // A letter that occurs in only one name is unknown, so that the networks learn about unknown letters.
    const vocabulary = Vocabulary.build(train.map(({ letters }) => letters), { minCount: 2 });
    const sizes = {
      units,
      bidirectional,
      letters: vocabulary.size,
      languages: languages.length,
      embedding,
      hidden,
      layers,
      dropout,
    };
    run.print(
      `${names.about}\n${units} of ${hidden}, ${vocabulary.size} letters, on device "${run.device.name}", seed ${seed}\n`,
    );
    const { resume, checkpointEvery, epochs } = options;
    const about = { example: "names", names: train.length, ...sizes, seed, batch, lr };
    const recipe = { about, epochs, batch, lr, resume, checkpointEvery, dryRun };
    const setting = { options, run, names, vocabulary, sizes, recipe };
    saveLetters(run.out, vocabulary, languages);
    return {
      ...sizes,
      ...deviceFigures(run.device),
      epochs,
      ...part === "write" ? {} : await trainClassifier(setting),
      ...part === "classify" ? {} : await trainWriter(setting),
    };
  },

  async answer({ temperature }, run) {
    const saved = await readNetworks(run.out.path);
    for (const network of [saved.classifier, saved.writer]) network?.to(run.device);
    run.print(
      `A surname, or a language with a colon and optionally a beginning (“${saved.languages.at(-1)}: A”); Ctrl-D ends.`,
    );
    return namesAnswer(saved, temperature);
  },
};

async function trainClassifier({ options, run, names, vocabulary, sizes, recipe }: Setting): Promise<Figures> {
  const { train, test, languages } = names;
  const network = new NameClassifier(sizes);
  network.to(run.device);
  const title = `${options.bidirectional ? "Bidirectional " : ""}${options.model} on surnames`;
  const judge = async (): Promise<{ accuracy: number; meanAccuracy: number }> => {
    const { accuracy, meanAccuracy } = accuracyOf(confusion(test, await classify(network, test, vocabulary)));
    return { accuracy, meanAccuracy };
  };
  const history = await trainOnNames(
    {
      name: "classifier",
      network,
      balanced: options.balanced,
      loss: ({ letters, lengths, languages }) => F.crossEntropy(network.forward(letters, lengths), languages),
      judge,
      draw: (history) => drawClassifier(run.out, title, history),
      columns: {
        accuracy: ({ accuracy }) => `${(accuracy as number).toFixed(1)}%`,
        "mean of languages": ({ meanAccuracy }) => `${(meanAccuracy as number).toFixed(1)}%`,
      },
    },
    { train, vocabulary },
    { ...recipe, about: { ...recipe.about, balanced: options.balanced } },
    run,
  );

  const counts = confusion(test, await classify(network, test, vocabulary));
  const { accuracy, meanAccuracy, byLanguage } = accuracyOf(counts);
  drawClassifier(run.out, title, history);
  drawConfusion(run.out, title, languages, counts);
  await saveNetwork(run.out, "classifier", network, sizes, vocabulary);
  return {
    steps: history.losses.length,
    accuracy,
    meanAccuracy,
    accuracyByEpoch: history.values("accuracy"),
    byLanguage: Object.fromEntries(languages.map((language, i) => [language, byLanguage[i]!])),
  };
}

async function trainWriter({ options, run, names, vocabulary, sizes, recipe }: Setting): Promise<Figures> {
  const { train, test, languages } = names;
  const network = new NameWriter(sizes);
  network.to(run.device);
  const history = await trainOnNames(
    {
      name: "writer",
      network,
      balanced: false,
      loss({ letters, next, languages }) {
        const scores = network.forward(letters, languages);
        return F.crossEntropy(scores.flatten(0, 1), next.flatten(), { ignoreIndex: 0 });
      },
      judge: async () => ({ testLoss: await letterLoss(network, test, vocabulary) }),
      draw: (history) => drawWriter(run.out, `${options.model} on surnames`, history),
      columns: { "test loss (nats per letter)": ({ testLoss }) => (testLoss as number).toFixed(3) },
    },
    { train, vocabulary },
    recipe,
    run,
  );

  const written: { language: string; names: string }[] = [];
  for (const [i, language] of languages.entries()) {
    const { temperature } = options;
    const found = await generateNames(network, vocabulary, { language: i, count: WRITTEN, temperature });
    written.push({ language, names: found.join(", ") });
  }
  run.print(
    `\n${textTable(["language", "generated names"], written.map(({ language, names }) => [language, names]))}\n`,
  );
  drawWriter(run.out, `${options.model} on surnames`, history);
  await saveNetwork(run.out, "writer", network, sizes, vocabulary);
  return { letterLoss: history.values("testLoss").at(-1), temperature: options.temperature, written };
}

await start(import.meta.url, names);
