import { describe, expect, test } from "vitest";
import type { Training } from "../callback.ts";
import { duration } from "./duration.ts";
import { bar, Progress } from "./progress.ts";
import { Screen } from "./screen.ts";

describe("Progress", () => {
  test("prints a line at every tenth where there is no terminal", () => {
    let written = "", clock = 0;
    const progress = new Progress(40, {
      done: 0,
      screen: new Screen({ write: (text) => written += text }),
      now: () => clock,
    });
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
    const progress = new Progress(2, {
      done: 0,
      screen: new Screen({ write: (text) => written += text }),
      now: () => 0,
    });
    progress.advance("half");
    progress.advance("whole");
    expect(written).toBe(" 50%  half  0.0 s left\n");
  });

  test("continues where an earlier run stopped, and estimates from its own time", () => {
    let written = "", clock = 0;
    const progress = new Progress(40, {
      done: 18,
      screen: new Screen({ write: (text) => written += text }),
      now: () => clock,
    });
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
    const progress = new Progress(100, { done: 0, screen: new Screen(stream, true), now: () => clock });
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

describe("as a callback of a training", () => {
  const training = { epochs: 2, steps: 4, step: 0 } as Training;

  test("prints the rows of the epochs as a table, and a line at every tenth in between", () => {
    let written = "";
    const progress = new Progress(null, { screen: new Screen({ write: (text) => written += text }), now: () => 0 });
    progress.onStart(training);
    for (const [step, loss] of [[1, 2], [2, 1], [3, 0.5], [4, 0.25]] as const) {
      const epoch = Math.ceil(step / 2);
      progress.onStep({ step, epoch, loss, lr: 0.1 }, training);
      const confusion = [[1, 2]];
      if (step % 2 === 0) progress.onEpoch({ epoch, step, loss, seconds: 1.5, lr: 0.1, topAccuracy: 0.9, confusion });
    }
    progress.onEnd();
    expect(written.split("\n")).toEqual([
      " 25%  epoch 1/2  loss 2.000  0.0 s left",
      " 50%  epoch 1/2  loss 1.500  0.0 s left",
      "  epoch     step     loss  seconds       lr  top accuracy",
      "───────  ───────  ───────  ───────  ───────  ────────────",
      "      1        2        1      1.5      0.1           0.9",
      " 75%  epoch 2/2  loss 0.500  0.0 s left",
      "      2        4     0.25      1.5      0.1           0.9",
      "",
    ]);
  });

  test("counts the steps where their number is unknown", () => {
    const written: string[] = [];
    const stream = { write: (text: string) => written.push(text), isTTY: true, columns: 80 };
    let clock = 0;
    const progress = new Progress(null, { screen: new Screen(stream, true), label: "reader", now: () => clock });
    progress.onStart({ ...training, steps: null, step: 1233 });
    clock = 3000;
    progress.onStep({ step: 1234, epoch: 1, loss: 2, lr: 0.1 }, training);
    expect(written).toEqual(["\rstep 1,234  reader  epoch 1/2  loss 2.000  3.0 s\x1b[K"]);
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
