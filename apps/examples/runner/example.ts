/** Runs an example: parses its options, opens its device and its output folder, and reports its figures. */
import { type Device, manualSeed } from "@heddle/tensor";
import { CheckpointError, FolderError } from "@heddle/train";
import { GrowingTable, Progress, type ProgressOptions, Screen, type Stream } from "@heddle/train/text";
import { realpathSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { openDevice } from "./device.ts";
import { helpText, startCommand } from "./help.ts";
import { Interrupted } from "./interrupted.ts";
import { type Answer, answerLines, type LineSource } from "./prompt.ts";
import { OptionError, type Options, parseOptions, type RunOptions, type Values } from "./options.ts";
import { LivePage } from "./live_page.ts";
import { OutFolder } from "./out_folder.ts";
import type { PagePlan } from "./page_plan.ts";

/** The figures of a run, as `--json` prints them. */
export type Figures = Record<string, unknown>;

/** An example: its description, its options, and its program. */
export interface Example<S extends RunOptions> {
  /** The name of its folder. */
  name: string;
  /** The command that starts it (default: `deno task example` and its name). */
  command?: string;
  /** One or two sentences. */
  about: string;
  options: S;
  /** What the page of a run says of its pictures and figures. */
  page: PagePlan;
  /** Runs the example; `--json` prints the result, and the page of the run shows it. */
  run(options: Values<S>, run: Run): Promise<Figures>;
  /** Prepares to reply to lines: `--ask` calls it in place of `run`, if the options have `askOptions`. */
  answer?(options: Values<S>, run: Run): Promise<Answer>;
}

/** What a running example can use. */
export interface Run {
  /** The device, which is also the default device. */
  readonly device: Device;
  /** The output folder; a dry run writes nothing. */
  readonly out: OutFolder;
  /** Prints a line for people. */
  print(text?: string): void;
  /** A table whose rows are printed as they are added; the page of the run is written after each of them. */
  table(titles: readonly string[]): GrowingTable;
  /**
   * Shows the progress of `total` steps, `before` of which an earlier run did. As a callback of `fit` it needs no total; `row` is what its
   * table shows of an epoch.
   */
  progress(total: number | null, before?: number, options?: Pick<ProgressOptions, "row" | "label">): Progress;
  /** Writes the page as it is now, where no table does. */
  showSoFar(): void;
}

/** The streams of an example: people read one of the outputs, scripts read `stdout`. */
export interface Streams {
  stdout: Stream;
  stderr: Stream;
  /** The lines that `--ask` reads. */
  stdin?: LineSource;
}

/**
 * Runs an example with command-line arguments and returns its exit code: 0, 2 if an option is invalid, or 130 or 143 if a signal ended it.
 *
 * With `--json` standard output has one line, the figures as JSON, and everything for people goes to standard error.
 * Otherwise people read standard output. With `--ask` standard output has only the replies, or with `--json` only their
 * counts.
 */
export async function runExample<S extends RunOptions>(
  example: Example<S>,
  args: readonly string[],
  streams: Streams = process,
): Promise<number> {
  let leave = () => {};
  let page: LivePage | null = null;
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
    const screen = new Screen(human);
    const livePage = page = new LivePage(out, example.page, [startCommand(example), ...args.map(quoted)].join(" "));
    const run: Run = {
      device,
      out,
      print: (text) => screen.print(text),
      table: (titles) => livePage.table(titles, (line) => screen.print(line)),
      progress: (total, done = 0, { row, ...shown } = {}) =>
        new Progress(total, { done, screen, ...shown, ...(row !== undefined && { row: livePage.rows(row) }) }),
      showSoFar: () => void livePage.write(),
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
    const written = livePage.write(figures);
    screen.print(common.dryRun ? "Dry run: nothing was written." : `Pictures, weights and figures: ${written}`);
    if (common.json) streams.stdout.write(`${JSON.stringify(figures)}\n`);
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) {
      streams.stderr.write(`${example.name}: ${error.message}\n`);
      return Number(process.exitCode ?? 0) || 130;
    }
    page?.fail(error);
    const option = error instanceof CheckpointError ? "--resume: " : error instanceof FolderError ? "--out: " : "";
    if (option === "" && !(error instanceof OptionError)) throw error;
    streams.stderr.write(`${example.name}: ${option}${(error as Error).message}\n`);
    return 2;
  } finally {
    leave();
  }
}

/** An argument as one types it. */
function quoted(argument: string): string {
  return /^[\w./:,=@%+-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

/** Whether a module is the script that was started (`import.meta.main`, which Node 20 lacks). */
export function isStarted(moduleUrl: string): boolean {
  const script = process.argv[1];
  return script !== undefined && realpathSync(script) === realpathSync(fileURLToPath(moduleUrl));
}

/**
 * Runs the example with the arguments of the process, if its module is the script that was started and not imported by
 * a test.
 */
export async function start<S extends RunOptions>(moduleUrl: string, example: Example<S>): Promise<void> {
  if (!isStarted(moduleUrl)) return;
  const code = await runExample(example, process.argv.slice(2));
  // An interrupted training has set its own.
  if (code !== 0) process.exitCode = code;
}
