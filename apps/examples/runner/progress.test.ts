import { describe, expect, test } from "vitest";
import { duration } from "./duration.ts";
import { bar, Progress } from "./progress.ts";
import { Screen } from "./screen.ts";

describe("Progress", () => {
  test("prints a line at every tenth where there is no terminal", () => {
    let written = "", clock = 0;
    const progress = new Progress(new Screen({ write: (text) => written += text }), 40, 0, () => clock);
    for (let step = 1; step <= 40; step++) {
      clock += 500;
      progress.advance(`loss ${step}`);
    }
    progress.end();
    const lines = written.trimEnd().split("\n");
    expect(lines.length).toBe(9);
    expect(lines[0]).toBe(" 10%  loss 4  18 s left");
    expect(lines[8]).toBe(" 90%  loss 36  2.0 s left");
  });

  test("takes several tenths in one step as one line", () => {
    let written = "";
    const progress = new Progress(new Screen({ write: (text) => written += text }), 2, 0, () => 0);
    progress.advance("half");
    progress.advance("whole");
    expect(written).toBe(" 50%  half  0.0 s left\n");
  });

  test("continues where an earlier run stopped, and estimates from its own time", () => {
    let written = "", clock = 0;
    const progress = new Progress(new Screen({ write: (text) => written += text }), 40, 18, () => clock);
    for (let step = 19; step <= 24; step++) {
      clock += 500;
      progress.advance(`loss ${step}`);
    }
    expect(written).toBe(" 50%  loss 20  10 s left\n 60%  loss 24  8.0 s left\n");
  });

  test("redraws a bar on a terminal, not more than ten times a second", () => {
    const written: string[] = [];
    let clock = 0;
    const stream = { write: (text: string) => written.push(text), isTTY: true, columns: 80 };
    const progress = new Progress(new Screen(stream), 100, 0, () => clock);
    for (let step = 0; step < 50; step++) {
      clock += 10;
      progress.advance("epoch 1/2");
    }
    expect(written.length).toBe(5);
    expect(written[4]).toMatch(/^\r█+[▏▎▍▌▋▊▉]?·+ {2}41% {2}epoch 1\/2 {2}0\.6 s left\x1b\[K$/);
    progress.say("testing");
    expect(written[5]).toMatch(/^\r█+[▏▎▍▌▋▊▉]?·+ {2}50% {2}testing\x1b\[K$/);
    progress.end();
    expect(written[6]).toBe("\r\x1b[K");
  });
});

test("bar", () => {
  expect(bar(0, 4)).toBe("····");
  expect(bar(0.5, 4)).toBe("██··");
  expect(bar(0.53125, 4)).toBe("██▏·");
  expect(bar(1, 4)).toBe("████");
});

test("duration", () => {
  expect([0.04, 9.94, 9.96, 59.4, 60, 185, 3723, Infinity].map(duration)).toEqual([
    "0.0 s",
    "9.9 s",
    "10 s",
    "59 s",
    "1:00",
    "3:05",
    "1:02:03",
    "?",
  ]);
});
