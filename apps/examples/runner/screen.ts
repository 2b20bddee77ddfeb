/** Where the words of a run go: whole lines, and on a terminal one more that is redrawn in place. */

/** What a screen needs of a stream; `process.stdout` and `process.stderr` have it. */
export interface Stream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/**
 * Lines on a stream. The status line stands under them and is rubbed out before the next one is printed.
 *
 * Nothing of the terminal is switched (the cursor stays visible, lines wrap as before), so that a run stopped by Ctrl-C in
 * the middle of a long computation, where no handler gets a turn, leaves the terminal as it was.
 */
export class Screen {
  /** Whether the status line can be redrawn in place. */
  readonly live: boolean;
  private readonly stream: Stream;
  private status = "";

  constructor(stream: Stream, live: boolean = stream.isTTY === true) {
    this.stream = stream;
    this.live = live;
  }

  /** Prints text as lines of its own. */
  print(text: string = ""): void {
    const status = this.status;
    this.clear();
    this.stream.write(`${text}\n`);
    this.draw(status);
  }

  /** Redraws the status line, cut to the terminal's width; does nothing where there is no terminal. */
  draw(status: string): void {
    if (!this.live || status === this.status) return;
    // One column stays free: a full line would wrap on some terminals.
    const room = Math.max(1, (this.stream.columns || 80) - 1);
    this.stream.write(`\r${[...status].slice(0, room).join("")}\x1b[K`);
    this.status = status;
  }

  /** Rubs the status line out. */
  clear(): void {
    if (this.status !== "") this.stream.write("\r\x1b[K");
    this.status = "";
  }
}
