// A small GPT learns to write: options, text, network, training, held-out loss, and writing token by token.
import { deviceFigures } from "../runner/device.ts";
import { type Example, type Run, start } from "../runner/example.ts";
import { type AskOptions, askOptions, LineError } from "../runner/lines.ts";
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
import { drawHeads, drawReport } from "./report.ts";
import { loadText } from "./text.ts";
import { learnTokens, TOKEN_KINDS, type TokenKind } from "./tokens.ts";
import { train, type TrainSettings } from "./train.ts";
import { encodeGpt, loadWriter, WEIGHTS } from "./weights.ts";
import { type Style, Writer } from "./write.ts";

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
}

const BATCH = 16, RATE = 2e-3;

/** The example; `start` below runs it when this file is what was started. */
export const gpt: Example<GptOptions> = {
  name: "gpt",
  about: "Trains a decoder-only transformer on a text, character by character, and writes more of it.",
  options: {
    tokens: choice(TOKEN_KINDS, { help: "what the text is cut into", default: "characters" }),
    vocabulary: integer({ help: "tokens, with --tokens bpe", default: 1024, min: 257 }),
    layers: integer({ help: "of the network", default: 4, min: 1 }),
    heads: integer({ help: "of attention, in each layer", default: 4, min: 1 }),
    width: integer({ help: "numbers that stand for a token", default: 128, min: 4 }),
    context: integer({ help: "tokens that the network sees at once", default: 128, min: 2 }),
    dropout: number({ help: "share of zeros, in each layer", default: 0, min: 0, max: 0.99 }),
    prompt: text({ help: "how the text begins that it writes", default: null, shown: "a line break" }),
    length: integer({ help: "tokens to write", default: 500, min: 1 }),
    temperature: number({ help: "below 1 for what is likely, above 1 for variety", default: 0.8, above: 0 }),
    topK: integer({ help: "write with the N likeliest tokens only", default: null, min: 1, shown: "all" }),
    topP: number({
      help: "write with the likeliest tokens only that make up this share",
      default: null,
      above: 0,
      max: 1,
      shown: "all",
    }),
    ...askOptions("the beginning of a text"),
    ...checkpointOptions(),
    ...commonOptions({ name: "gpt", epochs: 10, batch: BATCH, lr: RATE, data: "a play that the program draws itself" }),
    limit: integer({
      help: "use at most N characters, to learn from and held out each",
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
    const batch = options.batch ?? BATCH;
    const sets = loadText(options.data, dryRun ? Math.max(batch * context, 4 * context) : options.limit);
    const tokens = learnTokens(options.tokens, sets, options.vocabulary);
    const unknown = tokens.unknown(options.prompt ?? "");
    if (unknown.length > 0) throw new OptionError(`--prompt: ${unknown.join(" ")} does not come in the text`);
    const sizes: GptSizes = { vocabulary: tokens.size, context, layers, heads, width, dropout };
    const settings: TrainSettings = {
      ...sizes,
      ...{ tokens: options.tokens, data: options.data === null ? "drawn" : "file", seed: options.seed },
      epochs: dryRun ? 1 : options.epochs,
      ...{ batch, lr: options.lr ?? RATE },
      ...{ resume: options.resume, checkpointEvery: options.checkpointEvery },
    };
    run.print(sets.source);
    const parameters = parameterCount(new Gpt(sizes));
    run.print(
      `GPT of ${layers} layers on device "${run.device.name}", ${tokens.size} tokens (${tokens.kind}), ` +
        `${parameters.toLocaleString("en-US")} parameters, seed ${options.seed}\n`,
    );
    const trained = await train(settings, sets, tokens, run);
    const { metrics, losses, heldOutNatsPerCharacter, heldOutNatsPerToken } = trained;
    drawReport(run.out, trained, sets);
    const writer = new Writer(trained.network, tokens);
    run.out.file(WEIGHTS, await encodeGpt(writer), "the weights, sizes and tokens, in the safetensors format");
    const written = await writeOut(writer, options.prompt ?? "\n", dryRun ? 8 : options.length, options, run);
    await drawHeads(run.out, writer, written);
    return {
      ...deviceFigures(run.device),
      ...{ tokens: tokens.kind, parameters, epochs: settings.epochs, steps: losses.length },
      secondsPerEpoch: metrics.values("seconds"),
      trainLoss: metrics.values("trainLoss"),
      heldOut: metrics.values("heldOut"),
      ...{ heldOutNatsPerCharacter, heldOutNatsPerToken, idealNatsPerCharacter: sets.ideal },
      text: written,
    };
  },

  answer(options, run) {
    const writer = loadWriter(run);
    return Promise.resolve(async (line) => {
      const unknown = writer.tokens.unknown(line);
      if (unknown.length > 0) throw new LineError(`${unknown.join(" ")} did not come in the text that it learned from`);
      // The answer is one line: its line breaks are strokes, as where verse is quoted.
      return (await writer.write(line, options.length, options)).replace(/\n+/g, " / ");
    });
  },
};

/** Writes, printing every line as soon as it is whole. */
async function writeOut(writer: Writer, prompt: string, length: number, style: Style, run: Run): Promise<string> {
  let shown = 0;
  run.print();
  const text = await writer.write(prompt, length, style, (text) => {
    const end = text.lastIndexOf("\n");
    if (end < shown) return;
    run.print(text.slice(shown, end));
    shown = end + 1;
  });
  run.print(`${text.slice(shown)}\n`);
  run.out.file("written.txt", text, "what it wrote");
  return text;
}

function parameterCount(network: Gpt): number {
  return network.parameters().reduce((sum, parameter) => sum + parameter.numel, 0);
}

await start(import.meta.url, gpt);
