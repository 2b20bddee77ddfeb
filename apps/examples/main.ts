// Runs an example by name: `deno task example vae --epochs 1`. Without a name it lists them.
import process from "node:process";
import { nearMatches } from "./runner/edit_distance.ts";
import { type Example, isStarted, runExample, type Streams } from "./runner/example.ts";
import type { RunOptions } from "./runner/options.ts";
import type { PagePlan } from "./runner/page_plan.ts";

/** One line about an example, what its page says, and how it runs with the arguments that follow its name. */
interface Entry {
  readonly about: string;
  page(): Promise<PagePlan>;
  run(args: readonly string[], streams: Streams): Promise<number>;
}

/** Loads an example only when it runs: all of them together take seconds to load. */
function entry<S extends RunOptions>(about: string, load: () => Promise<Example<S>>): Entry {
  return {
    about,
    page: async () => (await load()).page,
    run: async (args, streams) => runExample(await load(), args, streams),
  };
}

/** Every example by the name of its folder, in the order of the list. */
export const EXAMPLES: Readonly<Record<string, Entry>> = {
  "basics": entry(
    "the first steps of a course, one short file each: tensors, regression, the perceptron, …, backpropagation",
    async () => (await import("./basics/main.ts")).basics,
  ),
  "lenet": entry(
    "LeNet-5 as in its paper, a convnet and a perceptron, on digits",
    async () => (await import("./lenet/main.ts")).lenet,
  ),
  "cifar": entry(
    "ResNet-20, VGG, Inception, AlexNet and perceptrons on CIFAR-10, with augmentation and regularisation",
    async () => (await import("./cifar/main.ts")).cifar,
  ),
  "random-labels": entry(
    "networks that memorise random labels (Zhang et al. 2017)",
    async () => (await import("./random-labels/main.ts")).randomLabelsExample,
  ),
  "equivariance": entry(
    "rotation-equivariant convolutions (Cohen and Welling 2016), on rotated digits",
    async () => (await import("./equivariance/main.ts")).equivariance,
  ),
  "fine-tuning": entry(
    "a network trained on some classes, fine-tuned on others from few examples",
    async () => (await import("./fine-tuning/main.ts")).fineTuning,
  ),
  "adapt": entry(
    "an image network from an ONNX file, adapted to new classes: frozen, with LoRA, all of it",
    async () => (await import("./adapt/main.ts")).adapt,
  ),
  "ocr": entry(
    "a published text recogniser, imported from ONNX, fine-tuned on an odd font and exported",
    async () => (await import("./ocr/main.ts")).ocr,
  ),
  "vae": entry(
    "a variational autoencoder: samples, interpolations, the map of its latent space",
    async () => (await import("./vae/main.ts")).vae,
  ),
  "gan": entry(
    "a generative adversarial network that draws digits",
    async () => (await import("./gan/main.ts")).gan,
  ),
  "features": entry(
    "images that maximise the filters and units of a trained network",
    async () => (await import("./features/main.ts")).features,
  ),
  "names": entry(
    "character networks of surnames: one classifies the language, one generates names",
    async () => (await import("./names/main.ts")).names,
  ),
  "translate": entry(
    "a recurrent encoder and decoder, with and without attention, and its attention maps",
    async () => (await import("./translate/main.ts")).translate,
  ),
  "transformer": entry(
    "a transformer that translates (Vaswani et al. 2017), drawn head by head",
    async () => (await import("./transformer/main.ts")).transformer,
  ),
  "gpt": entry(
    "a transformer that learns a text by characters or byte pairs, and continues it",
    async () => (await import("./gpt/main.ts")).gpt,
  ),
  "tagger": entry(
    "named entities by a bidirectional LSTM, with and without a conditional random field",
    async () => (await import("./tagger/main.ts")).tagger,
  ),
  "tabular": entry(
    "a table in a CSV file: split, preparation, a baseline, early stopping, and predictions in another process",
    async () => (await import("./tabular/main.ts")).tabular,
  ),
  "embeddings": entry(
    "word vectors by skip-gram with negative sampling, their neighbours and their map",
    async () => (await import("./embeddings/main.ts")).embeddings,
  ),
  "transforms": entry(
    "every image transform, as a picture",
    async () => (await import("./transforms/main.ts")).transforms,
  ),
  "tensors-and-images": entry(
    "images as tensors: exchanged axes, and colours removed through a view",
    async () => (await import("./tensors-and-images/main.ts")).tensorsAndImages,
  ),
};

/**
 * Runs the example that the first argument names with the arguments after it, and returns its exit code. Without arguments, or with
 * `--help`, it lists the examples; an unknown name is an error with exit code 2.
 */
export async function runByName(args: readonly string[], streams: Streams = process): Promise<number> {
  const [name, ...others] = args;
  if (name === undefined || name === "--help" || name === "-h") {
    streams.stdout.write(`${listing()}\n`);
    return 0;
  }
  if (!Object.hasOwn(EXAMPLES, name)) {
    streams.stderr.write(`${unknownName(name)}\n`);
    return 2;
  }
  return await EXAMPLES[name]!.run(others, streams);
}

function listing(): string {
  const width = Math.max(...Object.keys(EXAMPLES).map((name) => name.length));
  const lines = Object.entries(EXAMPLES).map(([name, { about }]) => `  ${name.padEnd(width)}   ${about}`);
  return ["Usage: deno task example NAME [options]", "", ...lines, "", "NAME --help lists the options of one."].join(
    "\n",
  );
}

function unknownName(name: string): string {
  if (name.startsWith("-")) return `example: expected the name of an example before the option ${name}`;
  const near = nearMatches(name, Object.keys(EXAMPLES));
  const hint = near.length > 0 ? `did you mean ${near.join(" or ")}?` : `expected ${Object.keys(EXAMPLES).join(", ")}`;
  return `example: there is no example ${JSON.stringify(name)}; ${hint}`;
}

if (isStarted(import.meta.url)) process.exitCode = await runByName(process.argv.slice(2));
