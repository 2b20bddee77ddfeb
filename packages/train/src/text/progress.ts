/** The progress of a training: a bar on a terminal, an occasional plain line elsewhere. */
import { checkOptions } from "@heddle/tensor/engine";
import type { Callback, EpochRecord, StepRecord, Training } from "../callback.ts";
import { duration } from "./duration.ts";
import { figureText, spaced } from "./records.ts";
import { Screen } from "./screen.ts";
import { type Cell, GrowingTable } from "./table.ts";

const WIDTH = 24;
/** Minimal interval between two redraws. */
const REDRAW_MS = 100;
/** Without a terminal, one line for each such share of the work. */
const PLAIN_SHARE = 0.1;

/** Options of {@link Progress}. */
export interface ProgressOptions {
  /** Steps that an earlier run did, whose speed is unknown. Default 0. */
  readonly done?: number;
  /** Where it is shown. Default: standard error. */
  readonly screen?: Screen;
  /** What the bar of a training of `fit` begins with, where several follow each other. Default: nothing. */
  readonly label?: string;
  /** What a row of the table has of an epoch, by the titles of the columns. Default: all figures that are numbers. */
  readonly row?: (record: EpochRecord) => Readonly<Record<string, Cell>>;
  /** The time in milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
}

/**
 * Counts steps towards a total, and shows how far training is and how long it will take: a bar that is redrawn on a terminal, elsewhere a
 * line at every tenth.
 *
 * As a callback of `fit` it takes the total from there, and prints a row of a table after each epoch.
 *
 * @example
 * ```ts
 * import { Progress } from "@heddle/train";
 * const progress = new Progress(200);
 * for (let step = 1; step <= 200; step++) progress.advance(`loss ${(1 / step).toFixed(3)}`);
 * progress.end();
 * ```
 */
export class Progress implements Callback {
  private readonly screen: Screen;
  private readonly now: () => number;
  private readonly label: string;
  private total: number | null;
  private started: number;
  private before: number;
  private done: number;
  private drawn = -Infinity;
  private nextPlain = PLAIN_SHARE;
  private readonly row: (record: EpochRecord) => Readonly<Record<string, Cell>>;
  private table: GrowingTable | null = null;
  private titles: readonly string[] = [];
  private epoch = 0;
  private mean = { sum: 0, count: 0 };

  /** @param total the number of steps; null if it is unknown */
  constructor(total: number | null = null, options: ProgressOptions = {}) {
    checkOptions("Progress", options, ["done", "screen", "label", "row", "now"]);
    const { done = 0, screen = new Screen(), label = "", row = numbersOf, now } = options;
    this.label = label === "" ? "" : `${label}  `;
    this.screen = screen;
    this.row = row;
    this.now = now ?? (() => performance.now());
    this.total = total;
    this.done = this.before = done;
    this.started = this.now();
    this.skipPlain();
  }

  /** Counts one or more steps; `words` describe the current state, such as `epoch 2/5  loss 0.312`. */
  advance(words: string, steps = 1): void {
    this.done += steps;
    const { total, screen } = this;
    const share = this.share();
    if (!screen.live) {
      if (total === null || share + 1e-9 < this.nextPlain || share >= 1) return;
      this.skipPlain();
      return screen.print(`${percent(share)}  ${words}  ${this.left(total)}`);
    }
    const now = this.now();
    if (now - this.drawn < REDRAW_MS && share < 1) return;
    this.drawn = now;
    screen.draw(`${this.shown()}  ${words}  ${total === null ? this.spent() : this.left(total)}`);
  }

  /** Shows what happens between steps, on a terminal only. */
  say(words: string): void {
    this.screen.draw(`${this.shown()}  ${words}`);
    this.drawn = -Infinity;
  }

  /** Removes the bar. */
  end(): void {
    this.screen.clear();
  }

  /** Prints a line above the bar. */
  print(text: string = ""): void {
    this.screen.print(text);
  }

  /** Takes the number of steps from a training. */
  onStart({ steps, step }: Training): void {
    this.total = steps;
    this.done = this.before = step;
    this.started = this.now();
    this.nextPlain = PLAIN_SHARE;
    this.table = null;
    this.skipPlain();
  }

  /** Counts a step; shows the epoch and its mean loss so far. */
  onStep({ epoch, loss }: StepRecord, { epochs }: Training): void {
    if (epoch !== this.epoch) this.mean = { sum: 0, count: 0 };
    this.epoch = epoch;
    this.mean.sum += loss;
    this.mean.count++;
    this.advance(`${this.label}epoch ${epoch}/${epochs}  loss ${(this.mean.sum / this.mean.count).toFixed(3)}`);
  }

  /** Prints the row of an epoch; the first one has the columns of the table. */
  onEpoch(record: EpochRecord): void {
    const row = this.row(record);
    if (this.table === null) {
      this.titles = Object.keys(row);
      this.table = new GrowingTable(this.titles, (line) => this.screen.print(line));
    }
    this.table.row(...this.titles.map((title) => row[title] ?? ""));
  }

  /** Removes the bar. */
  onEnd(): void {
    this.end();
  }

  private share(): number {
    return this.total === null ? 0 : Math.min(1, this.done / this.total);
  }

  /** Leaves out the plain lines that are due. */
  private skipPlain(): void {
    while (this.share() + 1e-9 >= this.nextPlain) this.nextPlain += PLAIN_SHARE;
  }

  private shown(): string {
    return this.total === null
      ? `step ${this.done.toLocaleString("en-US")}`
      : `${bar(this.share())} ${percent(this.share())}`;
  }

  private left(total: number): string {
    const each = (this.now() - this.started) / 1000 / (this.done - this.before);
    return `${duration(each * Math.max(0, total - this.done))} left`;
  }

  private spent(): string {
    return duration((this.now() - this.started) / 1000);
  }
}

function numbersOf(record: EpochRecord): Record<string, string> {
  const numbers = Object.entries(record).filter(([, value]) => typeof value === "number");
  return Object.fromEntries(numbers.map(([name, value]) => [spaced(name), figureText(value)]));
}

/** A bar filled to a share between 0 and 1, in eighths of a character. */
export function bar(share: number, width: number = WIDTH): string {
  const eighths = Math.round(share * width * 8);
  const full = Math.floor(eighths / 8);
  const part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]!;
  return `${"█".repeat(full)}${part}`.padEnd(width, "·");
}

function percent(share: number): string {
  return `${Math.floor(share * 100)}%`.padStart(4);
}
