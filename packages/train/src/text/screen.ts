/** The output of a training: lines, and on a terminal a status line that is redrawn in place. */
import { environmentVariable } from "@heddle/tensor/engine";
import { currentProcess } from "../node.ts";

/** The part of a stream that a screen uses; `process.stdout` and `process.stderr` have it. */
export interface Stream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/**
 * Lines on a stream. The status line is below them, and is erased before the next one is printed.
 *
 * The terminal's modes are never changed (the cursor stays visible, lines wrap as before), so that Ctrl-C during a long
 * computation, when no handler can run, leaves the terminal in order.
 */
export class Screen {
  /** Whether the status line can be redrawn in place. */
  readonly live: boolean;
  private readonly stream: Stream;
  private status = "";

  /**
   * @param stream where it is written to. Default: standard error, so that standard output stays for results; the console of a browser.
   * @param live whether the stream is a terminal. Default: its `isTTY`, unless the variable `CI` is set, since the log of a build server
   *   is none, whatever its streams report.
   */
  constructor(
    stream: Stream = standardError(),
    live: boolean = stream.isTTY === true && !environmentVariable("CI"),
  ) {
    this.stream = stream;
    this.live = live;
  }

  /** Prints text as lines. */
  print(text: string = ""): void {
    const status = this.status;
    this.clear();
    this.stream.write(`${text}\n`);
    this.draw(status);
  }

  /** Redraws the status line, truncated to the terminal's width; does nothing without a terminal. */
  draw(status: string): void {
    if (!this.live || status === this.status) return;
    // One column stays free: a full line would wrap on some terminals.
    const room = Math.max(1, (this.stream.columns || 80) - 1);
    this.stream.write(`\r${[...status].slice(0, room).join("")}\x1b[K`);
    this.status = status;
  }

  /** Erases the status line. */
  clear(): void {
    if (this.status !== "") this.stream.write("\r\x1b[K");
    this.status = "";
  }
}

function standardError(): Stream {
  return currentProcess()?.stderr ?? { write: (text) => console.log(text.replace(/\n$/, "")) };
}
