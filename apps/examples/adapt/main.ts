// A network that comes as an ONNX file learns other classes of images from few examples, in four ways.
import { addLora, loraStateDict, mergeLora } from "@heddle/models/lora";
import { freeze, replaceHead } from "@heddle/models";
import type { Module } from "@heddle/nn";
import { exportOnnx, importOnnx } from "@heddle/onnx";
import { AdamW } from "@heddle/optim";
import { encode } from "@heddle/store";
import { type Tensor, zeros } from "@heddle/tensor";
import { readFileSync } from "node:fs";
import { transformsOf } from "../cifar/augment.ts";
import type { ImageNetwork } from "../cifar/networks/image_network.ts";
import { resNet8 } from "../cifar/networks/resnet.ts";
import { predict } from "../classification/predict.ts";
import { errorPercent } from "../classification/predictions.ts";
import { dataset, described, loadColourImages, SIDE } from "../colour_images/colour_images.ts";
import { classSubset } from "../digits/class_subset.ts";
import { trainClassifier } from "../digits/classifier.ts";
import type { Digits } from "../digits/digits.ts";
import { compareWays, sizesWithin, type Way } from "../fine-tuning/compare_ways.ts";
import { errorChart } from "../fine-tuning/report.ts";
import { parameterCount } from "../parameter_count.ts";
import { deviceFigures } from "../runner/device.ts";
import { type Example, type Run, start } from "../runner/example.ts";
import { type CommonOptions, commonOptions, integer, type Option, OptionError, text } from "../runner/options.ts";
import { page } from "./page.ts";

interface AdaptOptions extends CommonOptions {
  pretrained: Option<string | null>;
  steps: Option<number>;
  repeat: Option<number>;
}

const KNOWN = [0, 1, 2, 3, 4, 5], NEW = [6, 7, 8, 9];
const PER_CLASS = [5, 20, 100];
const FEW_BATCH = 32, RANK = 4;

const adamW = (parameters: readonly Tensor[], lr: number): AdamW => new AdamW(parameters, { lr });

/** The ways to learn the new classes; `pretrained` returns a copy of the network that knows the others. */
function waysFrom(pretrained: () => ImageNetwork): Way[] {
  const begin = (prepare: (network: ImageNetwork) => void): ImageNetwork => {
    const network = pretrained();
    prepare(network);
    replaceHead(network, NEW.length);
    return network;
  };
  const frozen = (network: Module) => freeze(network, "**", { normStatistics: true });
  return [
    { name: "from scratch", lr: 3e-3, begin: () => resNet8({ classes: NEW.length }) },
    { name: "frozen features", lr: 1e-2, begin: () => begin(frozen) },
    {
      name: "LoRA",
      lr: 5e-3,
      begin: () =>
        begin((network) => {
          frozen(network);
          addLora(network, { rank: RANK, targets: ["conv1", "conv2"] });
        }),
    },
    { name: "all layers", lr: 3e-3, begin: () => begin(() => {}) },
  ];
}

/** The example; `start` runs it if this file is the main module. */
export const adapt: Example<AdaptOptions> = {
  name: "adapt",
  about: "Adapts an image network from an ONNX file to new classes: frozen, with LoRA, all of it, or from scratch.",
  page,
  options: {
    pretrained: text({
      help: "the network as an earlier run stored it, known.onnx",
      default: null,
      value: "FILE",
      shown: "trained first",
    }),
    steps: integer({ help: "steps on the new classes", default: 60, min: 1 }),
    repeat: integer({ help: "random choices of the few examples to average over", default: 3, min: 1 }),
    ...commonOptions({ name: "adapt", epochs: 15, batch: 64, lr: 0.01, data: "generated colour digits" }),
  },

  async run(options, run) {
    const { seed, dryRun } = options;
    const sets = await loadColourImages(options.data, dryRun ? 100 : options.limit);
    run.print(`${described(sets)}\nDevice "${run.device.name}", seed ${seed}`);
    // Mirrored digits are no digits.
    const train = dataset(sets.train, transformsOf(options.data === null ? [] : ["crop", "flip"]));
    const test = (classes: readonly number[]): Digits => classSubset(dataset(sets.test), classes);

    const sizes = dryRun ? [5] : sizesWithin(PER_CLASS, classSubset(train, NEW).length / NEW.length);
    const file = options.pretrained === null
      ? await pretrain(classSubset(train, KNOWN), options, run)
      : read(options.pretrained);
    run.out.file("known.onnx", file, "the network that knows the first classes");
    const published = (await importOnnx(file)).to(run.device);
    const knownError = errorPercent(await predict(published, test(KNOWN)));
    run.print(`known.onnx: a test error of ${knownError.toFixed(1)}% over its own ${KNOWN.length} classes.\n`);

    const ways = waysFrom(() => {
      const network = resNet8({ classes: KNOWN.length }).to(run.device);
      // LoRA needs layers. The weights in the file have the names of the network that was exported; the means of the pixels are there too.
      const { missingKeys } = network.loadStateDict(published.stateDict(), { strict: false });
      if (missingKeys.length > 0) throw new OptionError(`--pretrained: the file is no ResNet-8: no ${missingKeys[0]}`);
      return network;
    });
    const repeats = dryRun ? 1 : options.repeat, steps = dryRun ? 1 : options.steps;
    const progress = run.progress(sizes.length * repeats * ways.length * steps);
    const { results, networks } = await compareWays(ways, {
      ...{ sizes, repeats, seed, steps, batch: FEW_BATCH, optimizer: adamW, test: test(NEW) },
      draw: (perClass, generator) => classSubset(train, NEW, { perClass, generator }),
      advance: (text) => progress.advance(text),
      show: (results) => run.out.picture("errors.svg", errorChart("New classes from few examples", results)),
    }, run);
    progress.end();

    const lora = networks[2] as ImageNetwork;
    const head = lora.body.at(-1)!;
    const adapters = await encode({ ...loraStateDict(lora), ...head.stateDict() }, { format: "safetensors" });
    run.out.file("adapter.safetensors", adapters, "what LoRA has learnt: the adapters and the new head");
    mergeLora(lora);
    const adapted = await exported(lora);
    run.out.file("adapted.onnx", adapted, "the network with the adapters merged into its weights");
    const again = errorPercent(await predict((await importOnnx(adapted)).to(run.device), test(NEW)));
    run.print(
      `\nadapted.onnx (${kilobytes(adapted)}): a test error of ${again.toFixed(1)}%. Its adapters and head alone are ${
        kilobytes(adapters)
      }.`,
    );
    return {
      ...deviceFigures(run.device),
      parameters: parameterCount(published),
      knownErrorPercent: knownError,
      steps,
      results,
      adaptedErrorPercent: again,
      bytes: { network: adapted.length, adapters: adapters.length },
    };
  },
};

const kilobytes = (bytes: Uint8Array): string => `${Math.round(bytes.length / 1000)} kB`;

const exported = (network: ImageNetwork): Promise<Uint8Array<ArrayBuffer>> =>
  exportOnnx(network, zeros([2, 3, SIDE, SIDE], { device: network.parameters()[0]!.device }), {
    inputNames: ["images"],
    outputNames: ["logits"],
    dynamicAxes: { images: { 0: "batch" } },
  });

/** Trains the network on the known classes and returns it as an ONNX file. */
async function pretrain(
  known: Digits,
  options: { epochs: number; batch: number | null; lr: number | null; dryRun: boolean },
  run: Run,
): Promise<Uint8Array<ArrayBuffer>> {
  const { epochs, dryRun } = options, batch = options.batch ?? 64, lr = options.lr ?? 0.01;
  const steps = dryRun ? 1 : epochs * Math.ceil(known.length / batch);
  const progress = run.progress(steps);
  const network = resNet8({ classes: KNOWN.length }).to(run.device);
  const say = (loss: number): void => progress.advance(`known classes  loss ${loss.toFixed(3)}`);
  await trainClassifier(network, known, { steps, batch, lr, optimizer: adamW }, say);
  progress.end();
  return await exported(network);
}

/** @throws OptionError if the file is missing */
function read(file: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(readFileSync(file));
  } catch (error) {
    throw new OptionError(`--pretrained ${file}: cannot be read`, { cause: error });
  }
}

await start(import.meta.url, adapt);
