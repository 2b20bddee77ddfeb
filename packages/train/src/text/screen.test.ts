import { describe, expect, test } from "vitest";
import { Screen, type Stream } from "./screen.ts";

/** A simple terminal: keeps what a person would see. */
class Terminal implements Stream {
  readonly isTTY = true;
  readonly columns = 20;
  lines: string[] = [""];
  raw = "";

  write(text: string): void {
    this.raw += text;
    for (const [part] of text.matchAll(/\x1b\[K|\r|\n|[^\x1b\r\n]+/g)) {
      if (part === "\n") this.lines.push("");
      else if (part === "\r") this.cursor = 0;
      else if (part === "\x1b[K") this.set(this.last.slice(0, this.cursor));
      else {
        this.set(this.last.slice(0, this.cursor) + part + this.last.slice(this.cursor + part.length));
        this.cursor += part.length;
      }
      if (part === "\n") this.cursor = 0;
    }
  }

  private cursor = 0;
  private get last(): string {
    return this.lines[this.lines.length - 1]!;
  }
  private set(line: string): void {
    this.lines[this.lines.length - 1] = line;
  }
}

describe("Screen", () => {
  test("keeps the status line under what is printed", () => {
    const terminal = new Terminal();
    const screen = new Screen(terminal, true);
    screen.draw("half way there");
    screen.print("a row");
    screen.draw("done");
    expect(terminal.lines).toEqual(["a row", "done"]);
    screen.clear();
    expect(terminal.lines).toEqual(["a row", ""]);
  });

  test("cuts the status line to the terminal", () => {
    const terminal = new Terminal();
    new Screen(terminal, true).draw("x".repeat(50));
    expect(terminal.lines).toEqual(["x".repeat(19)]);
  });

  test("switches nothing of the terminal that would outlive it", () => {
    const terminal = new Terminal();
    const screen = new Screen(terminal, true);
    screen.draw("status");
    screen.print("line");
    expect(terminal.raw).not.toMatch(/\x1b\[[?]/);
  });

  test("writes plain lines and no status where there is no terminal", () => {
    let written = "";
    const screen = new Screen({ write: (text) => written += text });
    screen.draw("status");
    screen.print("line");
    screen.clear();
    expect(written).toBe("line\n");
  });
});
