// Networks that generalise from true labels also memorise random ones: the experiment of Zhang et al. 2017.
import { type ModelName, MODELS, RECIPES } from "../cifar/networks/mod.ts";
import { parameterCount } from "../parameter_count.ts";
import { described, loadColourImages, type StoredImages } from "../colour_images/colour_images.ts";
import { deviceFigures } from "../runner/device.ts";
import { type Example, start } from "../runner/example.ts";
import { choice, type CommonOptions, commonOptions, integer, number, type Option } from "../runner/options.ts";
import { gaussianPixels, randomLabels, randomPixels, shuffledPixels } from "./corruptions.ts";
import { train as trainOn } from "./train.ts";
import { drawReport, type Result } from "./report.ts";
import { page } from "./page.ts";

interface RandomLabelsOptions extends CommonOptions {
  model: Option<ModelName>;
  part: Option<"all" | "table" | "corruption" | "curves">;
  weightDecay: Option<number>;
}

/** One training: its data and its settings. */
export interface Experiment {
  /** The name of the training set: how it was corrupted. */
  data: string;
  images: StoredImages;
  test: StoredImages;
  crop: boolean;
  decay: boolean;
}

/** Shares of the labels that are random. */
export const SHARES: readonly number[] = [0, 0.2, 0.4, 0.6, 0.8, 1];

/** The example; `start` runs it if this file is the main module. */
export const randomLabelsExample: Example<RandomLabelsOptions> = {
  name: "random-labels",
  about: "Trains a network on true, partially random and random labels, and on meaningless images (Zhang et al. 2017).",
  page,
  options: {
    model: choice(MODELS, { help: "the network", default: "mlp-3x512" }),
    part: choice(["all", "table", "corruption", "curves"], {
      help: "the table of crops and weight decay, partially random labels, or the learning curves of five datasets",
      default: "all",
    }),
    weightDecay: number({ help: "weight decay, where the table says so", default: 5e-4, min: 0 }),
    ...commonOptions({
      name: "random-labels",
      epochs: 60,
      batch: 128,
      lr: "0.1 with batch norms, else 0.01",
      data: "generated colour digits",
    }),
    limit: integer({ help: "use at most N examples, of training and of test each", default: 2_500, min: 1 }),
  },

  async run(options, run) {
    const { model, seed, dryRun } = options;
    const recipe = RECIPES[model];
    const batch = options.batch ?? 128;
    const sets = await loadColourImages(options.data, dryRun ? batch : options.limit);
    const { train, test } = sets;
    const network = recipe.make({ classes: train.classes.length });
    run.print(described(sets));
    run.print(
      `${recipe.title}, ${parameterCount(network).toLocaleString("en-US")} parameters, on "${run.device.name}"\n`,
    );

    const experiments = choose(options.part, train, test, seed).slice(0, dryRun ? 1 : undefined);
    const epochs = dryRun ? 1 : options.epochs;
    const progress = run.progress(experiments.length * epochs);
    const table = run.table([
      "labels or pixels       ",
      "crop",
      "decay",
      "train acc.",
      "test acc.",
      "epochs",
      "seconds",
    ]);
    const results: Result[] = [];
    for (const [i, { data, images, test, crop, decay }] of experiments.entries()) {
      const weightDecay = decay ? options.weightDecay : 0;
      const settings = { model, seed, epochs, batch, lr: options.lr ?? recipe.lr, crop, weightDecay };
      let done = 0;
      const fitted = await trainOn(settings, images, test, run, (epoch, loss) => {
        done = epoch;
        progress.advance(`${i + 1}/${experiments.length} ${data}  epoch ${epoch}  loss ${loss.toFixed(3)}`);
      });
      progress.advance(`${i + 1}/${experiments.length} ${data}`, epochs - done);
      results.push({ data, crop, decay, ...fitted });
      const percent = (value: number): string => `${value.toFixed(1)}%`;
      drawReport(run.out, recipe.title, results);
      table.row(
        ...[data.padEnd(23), crop ? "yes" : "no", decay ? "yes" : "no"],
        ...[percent(fitted.trainAccuracyPercent), percent(fitted.testAccuracyPercent)],
        ...[fitted.epochs, fitted.seconds.toFixed(1)],
      );
    }
    progress.end();
    return {
      model,
      ...deviceFigures(run.device),
      parameters: parameterCount(network),
      images: train.labels.length,
      results: results.map(({ losses, ...result }) => ({ ...result, loss: losses.at(-1)! })),
    };
  },
};

/** The trainings of a part; those common to two parts are done once. */
function choose(
  part: "all" | "table" | "corruption" | "curves",
  train: StoredImages,
  test: StoredImages,
  seed: number,
): Experiment[] {
  const one = (data: string, images: StoredImages, crop = false, decay = false): Experiment => ({
    ...{ data, images, crop, decay },
    test,
  });
  const corrupted = (share: number): Experiment =>
    share === 0 ? one("true labels", train) : one(
      share === 1 ? "random labels" : `${Math.round(100 * share)}% random labels`,
      randomLabels(train, share, seed + 1),
    );
  /** Test images are corrupted like the training images. */
  const changed = (data: string, change: (images: StoredImages) => StoredImages): Experiment => ({
    ...one(data, change(train)),
    test: change(test),
  });
  const table = [
    one("true labels", train, true, true),
    one("true labels", train, true, false),
    one("true labels", train, false, true),
  ];
  const curves = [
    changed("shuffled pixels", (images) => shuffledPixels(images, seed + 2)),
    changed("random pixels", (images) => randomPixels(images, seed + 3 + (images === test ? 1 : 0))),
    changed("Gaussian", (images) => gaussianPixels(images, seed + 5 + (images === test ? 1 : 0))),
  ];
  const ends = [corrupted(0), corrupted(1)];
  switch (part) {
    case "table":
      return [...table, ...ends];
    case "corruption":
      return SHARES.map(corrupted);
    case "curves":
      return [...ends, ...curves];
    case "all":
      return [...table, ...SHARES.map(corrupted), ...curves];
  }
}

await start(import.meta.url, randomLabelsExample);
