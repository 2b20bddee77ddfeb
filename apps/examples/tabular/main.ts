// Classifies the rows of a table: a split into three parts, a preparation fitted on the first, a baseline, early stopping, and files.
import { Categories, Impute, parseCsv, Preparation, readCsv, Standardize, type Table } from "@heddle/data/table";
import type { Sequential } from "@heddle/nn";
import { Generator, manualSeed } from "@heddle/tensor";
import type { History } from "@heddle/train";
import { deviceFigures } from "../runner/device.ts";
import { type Example, start } from "../runner/example.ts";
import { type CommonOptions, commonOptions, integer, type Option } from "../runner/options.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import { type Answer, type AskOptions, askOptions, LineError } from "../runner/prompt.ts";
import { mean } from "../runner/statistics.ts";
import { type Part, probabilitiesOf, train as trainOn } from "./fit.ts";
import { readModel, saveModel } from "./model_file.ts";
import { type Kind, KINDS, networkOf } from "./networks.ts";
import { page } from "./page.ts";

interface TabularOptions extends CommonOptions, AskOptions {
  repeat: Option<number>;
  hidden: Option<number>;
  patience: Option<number>;
}

const TARGET = "species";
const IRIS = new URL("./iris.csv", import.meta.url);

/** What one classifier led to on one split. */
interface Result {
  kind: Kind;
  split: number;
  epoch: number;
  validationLoss: number;
  wrong: number;
  tested: number;
}

/** The example; `start` runs it if this file is the main module. */
export const tabular: Example<TabularOptions> = {
  name: "tabular",
  about: "Classifies Fisher's irises from a CSV file: logistic regression and a perceptron, with early stopping.",
  page,
  options: {
    repeat: integer({ help: "random splits to average over", default: 10, min: 1 }),
    hidden: integer({ help: "units of the hidden layer", default: 16, min: 1 }),
    patience: integer({ help: "epochs without a lower validation loss before training ends", default: 20, min: 1 }),
    ...askOptions("the measurements of a flower, separated by commas"),
    ...commonOptions({ name: "tabular", epochs: 300, batch: 16, lr: 0.02, data: "the irises in iris.csv" }),
  },

  async run(options, run) {
    const { seed, dryRun, hidden } = options;
    const batch = options.batch ?? 16, lr = options.lr ?? 0.02, epochs = dryRun ? 1 : options.epochs;
    const repeats = dryRun ? 1 : options.repeat;
    const table = await readCsv(options.data ?? IRIS, {
      comment: "#",
      types: { [TARGET]: "string" },
      rows: options.limit ?? 1e6,
    });
    const features = table.columns.filter((name) => name !== TARGET);
    run.print(`${table}\nDevice "${run.device.name}", seed ${seed}`);

    const progress = run.progress(repeats * KINDS.length);
    const rows = run.table(["split", ...KINDS.map((kind) => `${kind}: wrong`)]);
    const results: Result[] = [];
    for (let split = 0; split < repeats; split++) {
      const [train, validation, test] = table.split([0.6, 0.2, 0.2], {
        stratify: TARGET,
        generator: new Generator(seed + split),
      }) as [Table, Table, Table];
      // Everything that is learned from data is learned from the training part.
      const preparation = new Preparation([new Impute({ columns: features }), new Standardize({ columns: features })])
        .fit(train);
      const species = new Categories({ columns: [TARGET], unknown: "error" }).fit(train);
      const classes = species.categories(TARGET);
      const [a, b, c] = [train, validation, test].map((part): Part =>
        species.transform(preparation.transform(part)).toDataset({ features, target: TARGET })
      ) as [Part, Part, Part];
      for (const kind of KINDS) {
        manualSeed(seed + split);
        const network = networkOf(kind, features.length, classes.length, hidden);
        network.to(run.device);
        const settings = { epochs, batch, lr, patience: options.patience, seed: seed + split };
        const history = await trainOn(network, a, b, settings), epoch = history.bestEpoch!;
        const wrong = wrongOf(network, c);
        const validationLoss = history.values("validationLoss")[epoch - 1]!;
        results.push({ kind, split, epoch, validationLoss, wrong, tested: c.length });
        progress.advance(`${kind}  validation loss ${validationLoss.toFixed(3)}`);
        if (split === 0 && kind === "perceptron") {
          run.out.picture("losses.svg", lossChart(history));
          await saveModel(run.out, { kind, hidden, features, classes: [...classes], network, preparation });
        }
      }
      rows.row(split + 1, ...results.slice(-KINDS.length).map(({ wrong, tested }) => `${wrong} of ${tested}`));
      for (const each of [a, b, c]) for (const tensor of each.tensors) tensor.dispose();
    }
    progress.end();
    const errors = Object.fromEntries(KINDS.map((kind) => {
      const own = results.filter((each) => each.kind === kind);
      return [kind, mean(own.map(({ wrong, tested }) => 100 * wrong / tested))];
    })) as Record<Kind, number>;
    for (const kind of KINDS) run.print(`${kind}: a mean test error of ${errors[kind].toFixed(2)}%`);

    return { ...deviceFigures(run.device), testErrorPercent: errors, results };
  },

  async answer(options): Promise<Answer> {
    const { network, preparation, features, classes } = await readModel(options.out);
    return (line) => {
      let table: Table;
      try {
        const types = Object.fromEntries(features.map((name) => [name, "number" as const]));
        table = parseCsv(line, { header: features, types, name: "the line" });
      } catch (error) {
        throw new LineError((error as Error).message);
      }
      const x = preparation.transform(table).tensor(features);
      const [row] = probabilitiesOf(network, x) as [number[]];
      x.dispose();
      const best = row.indexOf(Math.max(...row));
      return `${classes[best]} ${row.map((each) => each.toFixed(6)).join(" ")}`;
    };
  },
};

function wrongOf(network: Sequential, { tensors: [x, y] }: Part): number {
  const truth = y.toTypedArray("int32");
  return probabilitiesOf(network, x).filter((row, i) => row.indexOf(Math.max(...row)) !== truth[i]).length;
}

function lossChart(history: History): string {
  return lineChart({
    title: "Perceptron, first split: loss",
    x: { label: "epoch" },
    y: { label: "cross-entropy (nats)", scale: "log" },
    series: [
      { name: "training", ...history.curve("loss") },
      { name: "validation", ...history.curve("validationLoss") },
    ],
  });
}

await start(import.meta.url, tabular);
