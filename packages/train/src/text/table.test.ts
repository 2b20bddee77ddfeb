import { expect, test } from "vitest";
import { GrowingTable, textTable } from "./table.ts";

test("textTable sets numbers to the right and words to the left", () => {
  const table = textTable(["layer", "parameters"], [["C1", 156], ["C5 convolution", 48120], ["total", "60,850"]]);
  expect(table).toBe([
    "layer           parameters",
    "──────────────  ──────────",
    "C1                     156",
    "C5 convolution      48,120",
    "total               60,850",
  ].join("\n"));
});

test("GrowingTable prints its head once, then rows", () => {
  const lines: string[] = [];
  const table = new GrowingTable(["epoch", "test error"], (line) => lines.push(line));
  expect(lines).toEqual([]);
  table.row(1, "12.3 %");
  table.row(2, "4.0 %");
  expect(lines).toEqual([
    "  epoch  test error",
    "───────  ──────────",
    "      1      12.3 %",
    "      2       4.0 %",
  ]);
  expect(() => table.row(1)).toThrow("table: 1 cells for 2 columns (epoch, test error)");
});
