import { encode } from "@heddle/store";
import { textTable } from "@heddle/train/text";
// Trains networks from the literature on small colour images: options, data, network, training, testing, pictures.
import { type ColourSets, described, loadColourImages } from "../colour_images/colour_images.ts";
import { errorPercent } from "../classification/predictions.ts";
import { parameterCount } from "../parameter_count.ts";
import { deviceFigures } from "../runner/device.ts";
import { type Example, type Figures, type Run, start } from "../runner/example.ts";
import {
  type CheckpointOptions,
  checkpointOptions,
  choice,
  type CommonOptions,
  commonOptions,
  integer,
  number,
  type Option,
  OptionError,
} from "../runner/options.ts";
import { type AugmentationName, augmentName, augmentOption } from "./augment.ts";
import { compare } from "./compare.ts";
import { type ImageNetwork, type ModelName, MODELS, RECIPES } from "./networks/mod.ts";
import { page } from "./page.ts";
import { drawReport } from "./report.ts";
import { type ScheduleName, SCHEDULES } from "./schedule.ts";
import { train, type TrainSettings } from "./train.ts";

interface CifarOptions extends CommonOptions, CheckpointOptions {
  model: Option<ModelName>;
  augment: Option<readonly AugmentationName[]>;
  against: Option<readonly AugmentationName[] | null>;
  repeat: Option<number>;
  schedule: Option<ScheduleName | null>;
  weightDecay: Option<number>;
  dropout: Option<number>;
  labelSmoothing: Option<number>;
  ema: Option<number | null>;
  earlyStopping: Option<number | null>;
  accumulate: Option<number>;
}

/** The example; `start` runs it if this file is the main module. */
export const cifar: Example<CifarOptions> = {
  name: "cifar",
  about: "Trains convolutional networks and multi-layer perceptrons on the small colour images of CIFAR-10.",
  page,
  options: {
    model: choice(MODELS, { help: "the network", default: "vgg" }),
    augment: augmentOption({ help: "augmentation of training images, such as crop,flip", default: [] }),
    against: augmentOption({ help: "also train with this augmentation, and compare", default: null }),
    repeat: integer({ help: "number of trainings to compare, with seeds from --seed on", default: 1, min: 1 }),
    schedule: choice(SCHEDULES, { help: "learning rate schedule", default: null, shown: "the network's: cosine" }),
    weightDecay: number({ help: "weight decay, not of norms and biases", default: 5e-4, min: 0 }),
    dropout: number({ help: "dropout probability before the last layers", default: 0, min: 0, max: 0.99 }),
    labelSmoothing: number({ help: "probability spread over all classes", default: 0, min: 0, max: 1 }),
    ema: number({
      help: "test a moving average of the weights with this decay, such as 0.99",
      default: null,
      min: 0,
      max: 1,
      shown: "the weights themselves",
    }),
    earlyStopping: integer({
      help: "hold out a tenth of the images, and stop after N epochs without improvement on them",
      default: null,
      min: 1,
      shown: "never",
    }),
    accumulate: integer({ help: "process each batch in N parts to save memory", default: 1, min: 1 }),
    ...checkpointOptions(),
    ...commonOptions({
      name: "cifar",
      epochs: 5,
      batch: 128,
      lr: "0.1 with batch norms, else 0.01",
      data: "generated colour digits",
    }),
  },

  async run(options, run) {
    const { model, seed, dryRun, augment, against } = options;
    const recipe = RECIPES[model];
    const settings: TrainSettings = {
      ...{ model, augment, seed },
      ...{ dropout: options.dropout, weightDecay: options.weightDecay, labelSmoothing: options.labelSmoothing },
      ...{ accumulate: options.accumulate, ema: options.ema, earlyStopping: options.earlyStopping },
      schedule: options.schedule ?? recipe.schedule,
      data: options.data === null ? "drawn" : "CIFAR-10",
      epochs: dryRun ? 1 : options.epochs,
      batch: options.batch ?? recipe.batch,
      lr: options.lr ?? recipe.lr,
      resume: options.resume,
      checkpointEvery: options.checkpointEvery,
    };
    if (against !== null && augmentName(against) === augmentName(augment)) {
      throw new OptionError(`--against ${augmentName(against)}: it equals --augment; name another`);
    }
    if (settings.batch % settings.accumulate !== 0) {
      throw new OptionError(
        `--accumulate ${settings.accumulate}: a batch of ${settings.batch} has no ${settings.accumulate} equal parts`,
      );
    }
    const sets = await loadColourImages(options.data, dryRun ? settings.batch : options.limit);
    const network = recipe.make({ classes: sets.train.classes.length });
    run.print(described(sets));
    run.print(
      `${recipe.title} on device "${run.device.name}", augmentation ${
        augmentName(augment)
      }, schedule ${settings.schedule}`,
    );
    run.print(`\n${layerTable(network)}\n`);
    const about = { model, ...deviceFigures(run.device), parameters: parameterCount(network), epochs: settings.epochs };
    const figures = options.repeat > 1 || against !== null
      ? await compare(options.repeat, against === null ? [augment] : [augment, against], settings, sets, run)
      : await trainOne(settings, sets, run);
    return { ...about, ...figures };
  },
};

/** Trains one network, draws the curves, and writes its weights. */
async function trainOne(settings: TrainSettings, sets: ColourSets, run: Run): Promise<Figures> {
  const { model, augment } = settings;
  const trained = await train(settings, sets, run, run.out);
  drawReport(run.out, RECIPES[model].title, augment, trained, sets);
  const weights = await encode(trained.network, {
    format: "safetensors",
    metadata: { model, framework: "heddle" },
  });
  run.out.file(`${model}.safetensors`, weights, "the weights, in the safetensors format");
  const { history } = trained;
  return {
    augment: augmentName(augment),
    secondsPerEpoch: history.values("seconds"),
    trainLoss: history.values("loss"),
    trainErrorPercent: history.values("errorPercent"),
    testErrorPercent: errorPercent(trained.tested),
    weightsOfEpoch: trained.epoch,
    steps: history.losses.length,
  };
}

function layerTable(network: ImageNetwork): string {
  const rows = network.table().map(({ name, does, output, parameters }) => [name, does, output, parameters] as const);
  return textTable(["layer", "", "output", "parameters"], [...rows, ["total", "", "", parameterCount(network)]]);
}

await start(import.meta.url, cifar);
