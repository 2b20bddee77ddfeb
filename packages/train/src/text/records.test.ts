import { expect, test } from "vitest";
import { figureText, recordsOf, recordTable } from "./records.ts";

test("records are lines of a table; what one lacks is empty", () => {
  expect(recordTable([{ epoch: 1, testErrorPercent: 2.123456 }, { epoch: 2, note: "best" }])).toBe([
    "epoch  test error percent  note",
    "─────  ──────────────────  ────",
    "    1               2.123",
    "    2                      best",
  ].join("\n"));
});

test("only a list of records is one", () => {
  expect(recordsOf([{ a: 1 }])).toEqual([{ a: 1 }]);
  for (const other of [[], [1], { a: 1 }, null, [{ a: 1 }, 2]]) expect(recordsOf(other)).toBeNull();
});

test("figures are short", () => {
  expect(figureText(1234567)).toBe("1,234,567");
  expect(figureText(0.000123456)).toBe("0.0001235");
  expect(figureText([1, [2, 3]])).toBe("1, 2, 3");
  expect(figureText([[4, 0, 1], [0, 5, 2]])).toBe("2 × 3 matrix");
  expect(figureText({ testError: 0.5, seed: 1 })).toBe("test error 0.5; seed 1");
  expect(figureText(null)).toBe("–");
});
