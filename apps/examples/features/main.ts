// Visualises a trained network: its filters, its feature maps for a digit, and the images that maximise its units.
import { Subset } from "@heddle/data";
import { load } from "@heddle/store";
import { trainClassifier } from "../digits/classifier.ts";
import { loadDigits } from "../digits/digits.ts";
import { errorPercent } from "../classification/predictions.ts";
import { ConvNet } from "../lenet/networks/convnet.ts";
import { predict } from "../classification/predict.ts";
import { deviceFigures } from "../runner/device.ts";
import { type Example, start } from "../runner/example.ts";
import { type CommonOptions, commonOptions, integer, type Option, OptionError, text } from "../runner/options.ts";
import { ASCENT, maximise } from "./maximise.ts";
import { page } from "./page.ts";
import { drawActivations, drawFilters, drawMaximised } from "./report.ts";
import { mapCentreActivation, strongestDigits } from "./activations.ts";

interface FeaturesOptions extends CommonOptions {
  weights: Option<string | null>;
  steps: Option<number>;
}

/** Test digits among which the strongest one of each unit is found. */
const LOOKED_AT = 1_000;

/** The example; `start` runs it if this file is the main module. */
export const features: Example<FeaturesOptions> = {
  name: "features",
  about: "Visualises what the units of a convnet detect.",
  page,
  options: {
    weights: text({
      help: "weights written by lenet --model convnet, in place of training",
      default: null,
      value: "FILE",
    }),
    steps: integer({ help: "steps of gradient ascent", default: ASCENT.steps, min: 1 }),
    ...commonOptions({
      name: "features",
      epochs: 3,
      batch: 100,
      lr: 0.1,
      data: "generated digits",
    }),
  },

  async run(options, run) {
    const { dryRun } = options;
    const batch = options.batch ?? 100;
    const { train, test, source } = await loadDigits(options.data, dryRun ? batch : options.limit);
    run.print(source);
    const network = new ConvNet();
    if (options.weights !== null) await loadWeights(network, options.weights);
    network.to(run.device);
    if (options.weights === null) {
      const steps = dryRun ? 1 : options.epochs * Math.ceil(train.length / batch);
      const progress = run.progress(steps);
      const lr = options.lr ?? 0.1;
      await trainClassifier(
        network,
        train,
        { steps, batch, lr },
        (loss) => progress.advance(`loss ${loss.toFixed(3)}`),
      );
      progress.end();
    }
    const testErrorPercent = errorPercent(await predict(network, test));
    run.print(`The convnet has a test error of ${testErrorPercent.toFixed(2)}%.`);
    network.eval().requiresGrad_(false);

    await drawFilters(run.out, network);
    await drawActivations(run.out, network, test.get(0)[0]);
    run.showSoFar();
    const ascent = { ...ASCENT, steps: dryRun ? 1 : options.steps };
    const looked = new Subset(test, Array.from({ length: Math.min(LOOKED_AT, test.length) }, (_, i) => i));

    // The ten outputs: the image that maximises each, and the network's confidence in it.
    const digit = (images: Parameters<typeof network.forward>[0]) => network.forward(images).diagonal();
    const digits = maximise(digit, 10, ascent);
    const said = network.forward(digits);
    const confidence = await said.softmax(1).diagonal().data("float32");
    const readRight = (await said.argmax(1).data("int32")).filter((read, i) => read === i).length;
    await drawMaximised(run.out, {
      file: "digits.svg",
      title: "Images that maximise each output",
      subtitle: "the digit, and its predicted probability",
      images: digits,
      captions: Array.from(confidence, (share, i) => `${i}: ${(100 * share).toFixed(1)}%`),
      columns: 5,
    });

    // The 64 maps of the second convolution, beside the test digits that activate them most.
    const units = maximise(mapCentreActivation(network), 64, ascent);
    const reached = await mapCentreActivation(network)(units).data("float32");
    const best = await strongestDigits(network, looked);
    await drawMaximised(run.out, {
      file: "units.svg",
      title: "Images that maximise the maps of the second convolution",
      subtitle: "at the centre of each map; maps that no test digit activates are left white",
      images: units,
      shown: best.map(({ value }) => value > 0),
      columns: 16,
    });
    await drawMaximised(run.out, {
      file: "best_digits.svg",
      title: "The test digits that activate the same maps most",
      subtitle: `of ${looked.length.toLocaleString("en-US")} test digits`,
      images: best.map(({ index }) => looked.get(index)[0]),
      shown: best.map(({ value }) => value > 0),
      columns: 16,
    });
    const beaten = best.filter(({ value }, unit) => value > 0 && reached[unit]! > value).length;
    const alive = best.filter(({ value }) => value > 0).length;
    run.print(
      `${beaten} of ${alive} maps are activated more by their image than by any of ${looked.length} test digits.`,
    );
    return {
      ...deviceFigures(run.device),
      testErrorPercent,
      digitsReadAsMeant: readRight,
      confidence: Array.from(confidence),
      unitsExcitedByDigits: alive,
      unitsExcitedMoreByTheirPicture: beaten,
    };
  },
};

/** @throws OptionError if the file is missing, damaged, or has the weights of another network. */
async function loadWeights(network: ConvNet, file: string): Promise<void> {
  try {
    network.loadStateDict(await load(file));
  } catch (error) {
    throw new OptionError(`--weights ${file}: ${(error as Error).message}`, { cause: error });
  }
}

await start(import.meta.url, features);
