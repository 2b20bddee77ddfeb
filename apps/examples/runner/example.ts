/** Runs an example: reads its options, opens its device and its output folder, and ends with its figures. */
import { type Device, manualSeed } from "@heddle/tensor";
import { realpathSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { openDevice } from "./device.ts";
import { helpText, startCommand } from "./help.ts";
import { type Answer, answerLines, type LineSource } from "./lines.ts";
import { OptionError, type Options, parseOptions, type RunOptions, type Values } from "./options.ts";
import { OutFolder } from "./out_folder.ts";
import { Progress } from "./progress.ts";
import { Screen, type Stream } from "./screen.ts";
import { GrowingTable } from "./table.ts";

/** The figures of a run, for scripts: what `--json` prints. */
export type Figures = Record<string, unknown>;

/** An example: what `--help` says of it, its options, and what it does. */
export interface Example<S extends RunOptions> {
  /** Its task, or its name where it has none. */
  name: string;
  /** How it is started (default: `deno task` and its name). */
  command?: string;
  /** One or two sentences. */
  about: string;
  options: S;
  /** Does it all; what it returns is printed by `--json` and heads the page of the run. */
  run(options: Values<S>, run: Run): Promise<Figures>;
  /** Makes ready to answer lines: what `--ask` does in place of `run`, where the options have `askOptions`. */
  answer?(options: Values<S>, run: Run): Promise<Answer>;
}

/** What a running example has at hand. */
export interface Run {
  /** Where it computes; also the default device. */
  readonly device: Device;
  /** Where it writes; nothing is written in a dry run. */
  readonly out: OutFolder;
  /** Prints a line for people. */
  print(text?: string): void;
  /** A table whose rows are printed as they come. */
  table(titles: readonly string[]): GrowingTable;
  /** Shows how far the run is, of `total` steps, `before` of which an earlier run did. */
  progress(total: number, before?: number): Progress;
}

/** Where an example writes: people read one of these, scripts read `stdout`. */
export interface Streams {
  stdout: Stream;
  stderr: Stream;
  /** Where the lines come from that `--ask` answers. */
  stdin?: LineSource;
}

/**
 * Runs an example with the arguments of a command line and gives its exit code: 0, or 2 when an option is wrong.
 *
 * With `--json` standard output has one line, the figures as JSON; all that is for people goes to standard error then.
 * Without it people read standard output. With `--ask` standard output has the answers alone, or with `--json` their counts.
 */
export async function runExample<S extends RunOptions>(
  example: Example<S>,
  args: readonly string[],
  streams: Streams = process,
): Promise<number> {
  let leave = () => {};
  try {
    const options = parseOptions(args, example.options as Options) as Values<S> | "help";
    if (options === "help") {
      streams.stdout.write(`${helpText(example)}\n`);
      return 0;
    }
    const common = options as Values<RunOptions>;
    const asked = options["ask"] === true && example.answer !== undefined;
    const out = new OutFolder(common.out, common.dryRun || asked);
    leave = out.open();
    const device = await openDevice(common.device);
    manualSeed(common.seed);
    const human = common.json || asked ? streams.stderr : streams.stdout;
    // A log that a build server keeps is no terminal, whatever its streams say.
    const screen = new Screen(human, human.isTTY === true && !process.env["CI"]);
    const run: Run = {
      device,
      out,
      print: (text) => screen.print(text),
      table: (titles) => new GrowingTable(titles, (line) => screen.print(line)),
      progress: (total, before) => new Progress(screen, total, before),
    };
    if (asked) {
      const { stdout, stderr, stdin = process.stdin } = streams;
      const answers = common.json ? stderr : stdout;
      const counts = await answerLines({ stdin, answers, remarks: stderr }, await example.answer!(options, run));
      if (common.json) stdout.write(`${JSON.stringify(counts)}\n`);
      return 0;
    }
    const figures = await example.run(options, run);
    out.file("figures.json", `${JSON.stringify(figures, null, 2)}\n`, "the figures, as --json prints them");
    const command = [startCommand(example), ...args].join(" ");
    const page = out.page({ title: example.name, about: example.about, command, figures });
    screen.print(common.dryRun ? "Dry run: nothing was written." : `Pictures, weights and figures: ${page}`);
    if (common.json) streams.stdout.write(`${JSON.stringify(figures)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    streams.stderr.write(`${example.name}: ${error.message}\n`);
    return 2;
  } finally {
    leave();
  }
}

/**
 * Runs the example with the arguments of the process when its module is the one that was started, as `import.meta.main`
 * says where there is such a thing (Node 20 has none); does nothing when a test imports it.
 */
export async function start<S extends RunOptions>(moduleUrl: string, example: Example<S>): Promise<void> {
  const script = process.argv[1];
  if (script === undefined || realpathSync(script) !== realpathSync(fileURLToPath(moduleUrl))) return;
  process.exitCode = await runExample(example, process.argv.slice(2));
}
