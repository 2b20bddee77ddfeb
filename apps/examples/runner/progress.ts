/** How far a run is: a bar on a terminal, a plain line now and then elsewhere. */
import { duration } from "./duration.ts";
import type { Screen } from "./screen.ts";

const WIDTH = 24;
/** Redrawing more often than this only costs time. */
const REDRAW_MS = 100;
/** Where there is no terminal, a line for every such share of the work. */
const PLAIN_SHARE = 0.1;

/** A count of steps towards a total, shown with the time that is left. */
export class Progress {
  private readonly screen: Screen;
  private readonly total: number;
  private readonly now: () => number;
  private readonly started: number;
  private readonly before: number;
  private done: number;
  private drawn = -Infinity;
  private nextPlain = PLAIN_SHARE;

  /**
   * `before` steps were done by an earlier run, in a time that says nothing of this one. `now` gives milliseconds; tests bring
   * their own clock.
   */
  constructor(screen: Screen, total: number, before = 0, now: () => number = () => performance.now()) {
    this.screen = screen;
    this.total = total;
    this.done = this.before = before;
    while (before / total + 1e-9 >= this.nextPlain) this.nextPlain += PLAIN_SHARE;
    this.now = now;
    this.started = now();
  }

  /** One step (or several) more; `words` say what is being done and how well, such as `epoch 2/5  loss 0.312`. */
  advance(words: string, steps = 1): void {
    this.done += steps;
    const share = Math.min(1, this.done / this.total);
    if (!this.screen.live) {
      if (share + 1e-9 < this.nextPlain || share >= 1) return;
      while (share + 1e-9 >= this.nextPlain) this.nextPlain += PLAIN_SHARE;
      this.screen.print(`${percent(share)}  ${words}  ${this.left()}`);
      return;
    }
    const now = this.now();
    if (now - this.drawn < REDRAW_MS && share < 1) return;
    this.drawn = now;
    this.screen.draw(`${bar(share)} ${percent(share)}  ${words}  ${this.left()}`);
  }

  /** Says at once what is being done between steps, where there is a terminal. */
  say(words: string): void {
    const share = Math.min(1, this.done / this.total);
    this.screen.draw(`${bar(share)} ${percent(share)}  ${words}`);
    this.drawn = -Infinity;
  }

  /** Takes the bar away. */
  end(): void {
    this.screen.clear();
  }

  private left(): string {
    const each = (this.now() - this.started) / 1000 / (this.done - this.before);
    return `${duration(each * Math.max(0, this.total - this.done))} left`;
  }
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
