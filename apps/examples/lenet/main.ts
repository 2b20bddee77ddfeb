import { encode } from "@heddle/store";
import { textTable } from "@heddle/train/text";
// LeNet-5, a convnet or an MLP classifies handwritten digits: options, data, network, training, testing, pictures.
import { digitPixels, type DigitSets, loadDigits } from "../digits/digits.ts";
import { parameterCount } from "../parameter_count.ts";
import { deviceFigures } from "../runner/device.ts";
import { type Example, type Figures, type Run, start } from "../runner/example.ts";
import {
  type CheckpointOptions,
  checkpointOptions,
  choice,
  type CommonOptions,
  commonOptions,
  flag,
  integer,
  type Option,
} from "../runner/options.ts";
import { DISTORTIONS } from "./distortions.ts";
import { type DigitNetwork, RECIPES } from "./networks/mod.ts";
import { page } from "./page.ts";
import { repeat } from "./repeat.ts";
import { drawReport } from "./report.ts";
import { train, type TrainSettings } from "./train.ts";

interface LeNetOptions extends CommonOptions, CheckpointOptions {
  augment: Option<boolean>;
  model: Option<keyof typeof RECIPES>;
  repeat: Option<number>;
}

/** The example; `start` runs it if this file is the main module. */
export const lenet: Example<LeNetOptions> = {
  name: "lenet",
  command: "deno task lenet",
  about: "Trains LeNet-5, a convnet or a multi-layer perceptron on handwritten digits.",
  page,
  options: {
    model: choice(["lenet5", "convnet", "mlp"], { help: "the network", default: "lenet5" }),
    repeat: integer({ help: "number of trainings to compare, with seeds from --seed on", default: 1, min: 1 }),
    augment: flag({ help: "distort the training digits, differently in each epoch" }),
    ...checkpointOptions(),
    ...commonOptions({
      name: "lenet",
      epochs: 4,
      batch: "lenet5 10, else 100",
      lr: "lenet5 0.05, else 0.1",
      data: "generated digits",
    }),
  },

  async run(options, run) {
    const { model, seed, dryRun } = options;
    const recipe = RECIPES[model];
    const settings: TrainSettings = {
      model,
      seed,
      data: options.data === null ? "drawn" : "MNIST",
      augment: options.augment,
      epochs: dryRun ? 1 : options.epochs,
      batch: options.batch ?? recipe.batch,
      lr: options.lr ?? recipe.lr,
      resume: options.resume,
      checkpointEvery: options.checkpointEvery,
    };
    const limit = dryRun ? settings.batch : options.limit;
    const sets = await loadDigits(options.data, limit, options.augment ? { transform: DISTORTIONS } : {});
    const seeds = options.repeat > 1 ? `seeds ${seed} to ${seed + options.repeat - 1}` : `seed ${seed}`;
    run.print(sets.source);
    run.print(`${recipe.title} on device "${run.device.name}", ${seeds}\n\n${layerTable(recipe.make())}\n`);
    const about = { model, ...deviceFigures(run.device), parameters: parameterCount(recipe.make()) };
    const figures = options.repeat > 1
      ? await repeat(options.repeat, settings, sets, run)
      : await trainOne(settings, sets, run);
    return { ...about, epochs: settings.epochs, ...figures };
  },
};

/** Trains one network, draws the curves, and writes its weights. */
async function trainOne(settings: TrainSettings, sets: DigitSets, run: Run): Promise<Figures> {
  const { model } = settings;
  const { network, history, tested, steps, ending } = await train(settings, sets, run, run.out);
  if (ending === "interrupted") run.print("Interrupted; --resume goes on.");
  if (history.losses.length > 0) {
    drawReport(run.out, RECIPES[model].title, history, tested, (index) => digitPixels(sets.test, index));
  }
  const weights = await encode(network, { format: "safetensors", metadata: { model, framework: "heddle" } });
  run.out.file(`${model}.safetensors`, weights, "the weights, in the safetensors format");
  const { secondsPerEpoch, trainLoss, testErrorPercent } = history;
  return { secondsPerEpoch, trainLoss, testErrorPercent, steps };
}

function layerTable(network: DigitNetwork): string {
  const rows = network.layers.map(({ name, does, output, module }) =>
    [name, does, output, module ? parameterCount(module) : 0] as const
  );
  return textTable(["layer", "", "output", "parameters"], [...rows, ["total", "", "", parameterCount(network)]]);
}

await start(import.meta.url, lenet);
