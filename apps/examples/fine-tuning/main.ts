// Pretraining on some digits helps to learn others from few examples: pretraining, freezing, fine-tuning.
import { Generator, manualSeed, type Tensor } from "@heddle/tensor";
import { trainClassifier } from "../digits/classifier.ts";
import { classSubset } from "../digits/class_subset.ts";
import { type Digits, loadDigits } from "../digits/digits.ts";
import { errorPercent } from "../classification/predictions.ts";
import { predict } from "../classification/predict.ts";
import { deviceFigures } from "../runner/device.ts";
import { type Example, start } from "../runner/example.ts";
import { type CommonOptions, commonOptions, integer, type Option } from "../runner/options.ts";
import { mean } from "../runner/statistics.ts";
import { errorChart, type Result } from "./report.ts";
import { Network } from "./network.ts";

interface FineTuningOptions extends CommonOptions {
  steps: Option<number>;
  repeat: Option<number>;
}

const KNOWN = [0, 1, 2, 3, 4], NEW = [5, 6, 7, 8, 9];
const PER_CLASS = [10, 30, 100, 300, 1_000];
/** The known digits, of which there are many examples. */
const DRAWN = { train: 20_000, test: 2_000 };

/** A way to learn the new digits: the initial network, its trained parameters, and the factor of the learning rate. */
interface Way {
  name: string;
  begin(pretrained: Network): { network: Network; parameters: readonly Tensor[]; rate: number };
}

const WAYS: readonly Way[] = [
  {
    name: "from scratch",
    begin() {
      const network = new Network(NEW.length);
      return { network, parameters: network.parameters(), rate: 1 };
    },
  },
  {
    name: "fine-tuned, all layers",
    begin(pretrained) {
      const network = pretrained.withNewHead(NEW.length);
      return { network, parameters: network.parameters(), rate: 0.5 };
    },
  },
  {
    name: "fine-tuned, convolutions frozen",
    begin(pretrained) {
      const network = pretrained.withNewHead(NEW.length);
      // Without gradients there is no backward pass through them either.
      network.features.requiresGrad_(false);
      const learning = network.parameters().filter((parameter) => parameter.requiresGrad);
      return { network, parameters: learning, rate: 0.5 };
    },
  },
];

/** The example; `start` runs it if this file is the main module. */
export const fineTuning: Example<FineTuningOptions> = {
  name: "fine-tuning",
  about: "Learns the digits 5 to 9 from few examples, with and without pretraining on the digits 0 to 4.",
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
    const sizes = dryRun ? [5] : PER_CLASS.filter((size) => size <= available);
    const repeats = dryRun ? 1 : options.repeat, steps = dryRun ? 1 : options.steps;
    run.print(`${sets.source}\nDevice "${run.device.name}", seed ${seed}`);

    const pretraining = dryRun ? 1 : options.epochs * Math.ceil(known.train.length / batch);
    const progress = run.progress(pretraining + sizes.length * WAYS.length * repeats * steps);
    const pretrained = new Network(KNOWN.length);
    pretrained.to(run.device);
    const settings = { steps: pretraining, batch, lr };
    await trainClassifier(
      pretrained,
      known.train,
      settings,
      (loss) => progress.advance(`0 to 4  loss ${loss.toFixed(3)}`),
    );
    const knownError = errorPercent(await predict(pretrained, known.test));
    run.print(`The digits 0 to 4 after ${pretraining} steps: a test error of ${knownError.toFixed(2)}%.\n`);

    const table = run.table(["a class", ...WAYS.map(({ name }) => name)]);
    const results: Result[] = [];
    for (const perClass of sizes) {
      const row = WAYS.map(({ name }): Result => ({ perClass, way: name, errors: [] }));
      for (let i = 0; i < repeats; i++) {
        // All variants learn from the same digits.
        const few = classSubset(sets.train, NEW, { perClass, generator: new Generator(seed + i) });
        for (const [w, way] of WAYS.entries()) {
          manualSeed(seed + i);
          const say = (): void => progress.advance(`5 to 9  ${perClass} per class, ${way.name}`);
          row[w]!.errors.push(await learn(way, pretrained, few, test, { steps, batch, lr, device: run.device }, say));
        }
      }
      results.push(...row);
      table.row(perClass, ...row.map(({ errors }) => `${mean(errors).toFixed(2)}%`));
    }
    progress.end();

    run.out.picture("errors.svg", errorChart(results), "Test error over the number of examples");
    return {
      ...deviceFigures(run.device),
      knownErrorPercent: knownError,
      steps,
      results: results.map((result) => ({ ...result, mean: mean(result.errors) })),
    };
  },
};

/** Learns the new digits in one way and returns the test error in percent. */
async function learn(
  way: Way,
  pretrained: Network,
  few: Digits,
  test: Digits,
  { steps, batch, lr, device }: { steps: number; batch: number; lr: number; device: Parameters<Network["to"]>[0] },
  advance: () => void,
): Promise<number> {
  const { network, parameters, rate } = way.begin(pretrained);
  network.to(device);
  await trainClassifier(network, few, { steps, batch, lr: lr * rate, parameters }, advance);
  return errorPercent(await predict(network, test));
}

await start(import.meta.url, fineTuning);
