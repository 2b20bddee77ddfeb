/** The progress of a run: a bar on a terminal, an occasional plain line elsewhere. */
import { duration } from "./duration.ts";
import type { Screen } from "./screen.ts";

const WIDTH = 24;
/** Minimal interval between two redraws. */
const REDRAW_MS = 100;
/** Without a terminal, one line for each such share of the work. */
const PLAIN_SHARE = 0.1;

/** Counts steps towards a total and shows the remaining time. */
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
   * `before` steps were done by an earlier run, whose speed is unknown. `now` returns milliseconds; tests pass their
   * own clock.
   */
  constructor(screen: Screen, total: number, before = 0, now: () => number = () => performance.now()) {
    this.screen = screen;
    this.total = total;
    this.done = this.before = before;
    while (before / total + 1e-9 >= this.nextPlain) this.nextPlain += PLAIN_SHARE;
    this.now = now;
    this.started = now();
  }

  /** Counts one or more steps; `words` describe the current state, such as `epoch 2/5  loss 0.312`. */
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

  /** Shows what happens between steps, on a terminal only. */
  say(words: string): void {
    const share = Math.min(1, this.done / this.total);
    this.screen.draw(`${bar(share)} ${percent(share)}  ${words}`);
    this.drawn = -Infinity;
  }

  /** Removes the bar. */
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
