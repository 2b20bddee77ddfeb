// A small GPT: options, text, network, training, held-out loss, and generation token by token.
import { type MatmulPrecision, setMatmulPrecision } from "@heddle/tensor";
import { parameterCount } from "../parameter_count.ts";
import { deviceFigures } from "../runner/device.ts";
import { type Example, type Run, start } from "../runner/example.ts";
import { type AskOptions, askOptions, LineError } from "../runner/prompt.ts";
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
  text,
} from "../runner/options.ts";
import { Gpt, type GptSizes } from "./model.ts";
import { page } from "./page.ts";
import { drawHeads, drawReport } from "./report.ts";
import { loadText } from "./text.ts";
import { learnTokens, TOKEN_KINDS, type TokenKind } from "./tokens.ts";
import { train, type TrainSettings } from "./train.ts";
import { encodeGpt, loadWriter, WEIGHTS } from "./model_file.ts";
import { type SamplingOptions, Writer } from "./generate.ts";

interface GptOptions extends CommonOptions, CheckpointOptions, AskOptions {
  tokens: Option<TokenKind>;
  vocabulary: Option<number>;
  layers: Option<number>;
  heads: Option<number>;
  width: Option<number>;
  context: Option<number>;
  dropout: Option<number>;
  prompt: Option<string | null>;
  length: Option<number>;
  temperature: Option<number>;
  topK: Option<number | null>;
  topP: Option<number | null>;
  precision: Option<MatmulPrecision>;
}

const BATCH = 16, RATE = 2e-3;
const PRECISIONS: readonly MatmulPrecision[] = ["highest", "high", "medium"];

/** The example; `start` runs it if this file is the main module. */
export const gpt: Example<GptOptions> = {
  name: "gpt",
  command: "deno task gpt",
  about: "Trains a decoder-only transformer on a text, and generates more of it.",
  page,
  options: {
    tokens: choice(TOKEN_KINDS, { help: "tokenisation of the text", default: "characters" }),
    vocabulary: integer({ help: "vocabulary size with --tokens bpe", default: 1024, min: 257 }),
    layers: integer({ help: "number of layers", default: 4, min: 1 }),
    heads: integer({ help: "attention heads per layer", default: 4, min: 1 }),
    width: integer({ help: "width of the embeddings", default: 128, min: 4 }),
    context: integer({ help: "context length in tokens", default: 128, min: 2 }),
    dropout: number({ help: "dropout probability", default: 0, min: 0, max: 0.99 }),
    prompt: text({ help: "beginning of the generated text", default: null, shown: "a line break" }),
    length: integer({ help: "tokens to generate", default: 500, min: 1 }),
    temperature: number({ help: "sampling temperature; below 1 favours likely tokens", default: 0.8, above: 0 }),
    topK: integer({ help: "sample from the N most likely tokens only", default: null, min: 1, shown: "all" }),
    topP: number({
      help: "sample from the most likely tokens that make up this probability",
      default: null,
      above: 0,
      max: 1,
      shown: "all",
    }),
    precision: choice(PRECISIONS, { help: "of matrix products: medium rounds to bfloat16", default: "highest" }),
    ...askOptions("the beginning of a text"),
    ...checkpointOptions(),
    ...commonOptions({ name: "gpt", epochs: 10, batch: BATCH, lr: RATE, data: "a generated play" }),
    limit: integer({
      help: "use at most N characters, of the training and the held-out text each",
      default: null,
      min: 1,
      shown: "all",
    }),
  },

  async run(options, run) {
    const { layers, heads, width, context, dropout, dryRun } = options;
    if (width % (2 * heads) !== 0) {
      throw new OptionError(
        `--width ${width}: expected a multiple of ${2 * heads}, an even number for each of ${heads} heads`,
      );
    }
    setMatmulPrecision(options.precision);
    const batch = options.batch ?? BATCH;
    const sets = loadText(options.data, dryRun ? Math.max(batch * context, 4 * context) : options.limit);
    const tokens = learnTokens(options.tokens, sets, options.vocabulary);
    const unknown = tokens.unknown(options.prompt ?? "");
    if (unknown.length > 0) throw new OptionError(`--prompt: ${unknown.join(" ")} does not occur in the text`);
    const sizes: GptSizes = { vocabulary: tokens.size, context, layers, heads, width, dropout };
    const settings: TrainSettings = {
      ...sizes,
      ...{ tokens: options.tokens, data: options.data === null ? "drawn" : "file", seed: options.seed },
      epochs: dryRun ? 1 : options.epochs,
      ...{ batch, lr: options.lr ?? RATE, precision: options.precision },
      ...{ resume: options.resume, checkpointEvery: options.checkpointEvery },
    };
    run.print(sets.source);
    const parameters = parameterCount(new Gpt(sizes));
    run.print(
      `GPT of ${layers} layers on device "${run.device.name}", ${tokens.size} tokens (${tokens.kind}), ` +
        `${parameters.toLocaleString("en-US")} parameters, seed ${options.seed}\n`,
    );
    const trained = await train(settings, sets, tokens, run);
    const { history, heldOutNatsPerCharacter, heldOutNatsPerToken } = trained;
    drawReport(run.out, history, sets);
    const writer = new Writer(trained.network, tokens);
    run.out.file(WEIGHTS, await encodeGpt(writer), "the weights, sizes and tokens, in the safetensors format");
    const written = await writeOut(writer, options.prompt ?? "\n", dryRun ? 8 : options.length, options, run);
    await drawHeads(run.out, writer, written);
    return {
      ...deviceFigures(run.device),
      ...{ tokens: tokens.kind, parameters, epochs: settings.epochs, steps: history.losses.length },
      secondsPerEpoch: history.values("seconds"),
      trainLoss: history.values("loss"),
      heldOut: history.values("heldOut"),
      ...{ heldOutNatsPerCharacter, heldOutNatsPerToken, idealNatsPerCharacter: sets.ideal },
      text: written,
    };
  },

  async answer(options, run) {
    const writer = await loadWriter(run);
    return async (line) => {
      const unknown = writer.tokens.unknown(line);
      if (unknown.length > 0) throw new LineError(`${unknown.join(" ")} did not occur in the training text`);
      // The reply is one line: line breaks become slashes, as in quoted verse.
      return (await writer.write(line, options.length, options)).replace(/\n+/g, " / ");
    };
  },
};

/** Generates text, printing every line as soon as it is complete. */
async function writeOut(
  writer: Writer,
  prompt: string,
  length: number,
  style: SamplingOptions,
  run: Run,
): Promise<string> {
  let shown = 0;
  run.print();
  const text = await writer.write(prompt, length, style, (text) => {
    const end = text.lastIndexOf("\n");
    if (end < shown) return;
    run.print(text.slice(shown, end));
    shown = end + 1;
  });
  run.print(`${text.slice(shown)}\n`);
  run.out.file("written.txt", text, "the generated text");
  return text;
}

await start(import.meta.url, gpt);
