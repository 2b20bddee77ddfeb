// Pretraining on some digits helps to learn others from few examples: pretraining, freezing, fine-tuning.
import { trainClassifier } from "../digits/classifier.ts";
import { classSubset } from "../digits/class_subset.ts";
import { loadDigits } from "../digits/digits.ts";
import { errorPercent } from "../classification/predictions.ts";
import { predict } from "../classification/predict.ts";
import { deviceFigures } from "../runner/device.ts";
import { type Example, start } from "../runner/example.ts";
import { type CommonOptions, commonOptions, integer, type Option } from "../runner/options.ts";
import { compareWays, sizesWithin, type Way } from "./compare_ways.ts";
import { page } from "./page.ts";
import { errorChart } from "./report.ts";
import { Network } from "./network.ts";

interface FineTuningOptions extends CommonOptions {
  steps: Option<number>;
  repeat: Option<number>;
}

const KNOWN = [0, 1, 2, 3, 4], NEW = [5, 6, 7, 8, 9];
const PER_CLASS = [10, 30, 100, 300, 1_000];
/** The known digits, of which there are many examples. */
const DRAWN = { train: 20_000, test: 2_000 };

/** The ways to learn the new digits, with half the learning rate for a network that has learnt before. */
function waysFrom(pretrained: Network, lr: number): Way[] {
  return [
    { name: "from scratch", lr, begin: () => new Network(NEW.length) },
    { name: "fine-tuned, all layers", lr: lr / 2, begin: () => pretrained.withNewHead(NEW.length) },
    {
      name: "fine-tuned, convolutions frozen",
      lr: lr / 2,
      begin() {
        const network = pretrained.withNewHead(NEW.length);
        // Without gradients there is no backward pass through them either.
        network.features.requiresGrad_(false);
        return network;
      },
    },
  ];
}

/** The example; `start` runs it if this file is the main module. */
export const fineTuning: Example<FineTuningOptions> = {
  name: "fine-tuning",
  about: "Learns the digits 5 to 9 from few examples, with and without pretraining on the digits 0 to 4.",
  page,
  options: {
    steps: integer({ help: "steps on the new digits", default: 200, min: 1 }),
    repeat: integer({ help: "random choices of the few examples to average over", default: 3, min: 1 }),
    ...commonOptions({
      name: "fine-tuning",
      epochs: 3,
      batch: 50,
      lr: 0.1,
      data: "generated digits",
    }),
  },

  async run(options, run) {
    const { seed, dryRun } = options;
    const batch = options.batch ?? 50, lr = options.lr ?? 0.1;
    const sets = await loadDigits(options.data, dryRun ? 100 : options.limit, { size: DRAWN });
    const known = { train: classSubset(sets.train, KNOWN), test: classSubset(sets.test, KNOWN) };
    const test = classSubset(sets.test, NEW);
    const available = Math.floor(classSubset(sets.train, NEW).length / NEW.length);
    const sizes = dryRun ? [5] : sizesWithin(PER_CLASS, available);
    const repeats = dryRun ? 1 : options.repeat, steps = dryRun ? 1 : options.steps;
    run.print(`${sets.source}\nDevice "${run.device.name}", seed ${seed}`);

    const pretraining = dryRun ? 1 : options.epochs * Math.ceil(known.train.length / batch);
    const pretrained = new Network(KNOWN.length);
    pretrained.to(run.device);
    const ways = waysFrom(pretrained, lr);
    const progress = run.progress(pretraining + sizes.length * ways.length * repeats * steps);
    const settings = { steps: pretraining, batch, lr };
    await trainClassifier(
      pretrained,
      known.train,
      settings,
      (loss) => progress.advance(`0 to 4  loss ${loss.toFixed(3)}`),
    );
    const knownError = errorPercent(await predict(pretrained, known.test));
    run.print(`The digits 0 to 4 after ${pretraining} steps: a test error of ${knownError.toFixed(2)}%.\n`);

    const { results } = await compareWays(ways, {
      ...{ sizes, repeats, seed, steps, batch, test },
      draw: (perClass, generator) => classSubset(sets.train, NEW, { perClass, generator }),
      advance: (text) => progress.advance(`5 to 9  ${text}`),
      show: (results) => run.out.picture("errors.svg", errorChart("Digits 5 to 9 from few examples", results)),
    }, run);
    progress.end();

    return { ...deviceFigures(run.device), knownErrorPercent: knownError, steps, results };
  },
};

await start(import.meta.url, fineTuning);
