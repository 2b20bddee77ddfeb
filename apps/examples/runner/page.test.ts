import { expect, test } from "vitest";
import { runPage } from "./page.ts";
import { figureWords, type PagePlan, patternOf, plannedFigures } from "./page_plan.ts";

const SOURCE = { text: "Some & Other 1999", url: "https://example.org/paper" };
const PLAN: PagePlan = {
  title: "Dots & lines",
  lesson: "Dots < lines.",
  pictures: { "second-*.svg": "Numbered.", "first.svg": "First." },
  figures: {
    errorPercent: {
      label: "Test error",
      unit: "%",
      digits: 2,
      list: "last",
      literature: { value: "1.0%", of: "MNIST", source: SOURCE },
    },
    "by.way": { label: "By the way" },
    rows: { label: "All rows", columns: { f1: { label: "F1", unit: "%" }, name: { label: "tagger" } } },
    languages: { label: "By language", names: "language", unit: "%", digits: 1 },
    model: { label: "network", setting: true },
  },
};

const html = runPage({
  plan: PLAN,
  figures: {
    model: "CRF",
    errorPercent: [3, 2.123456],
    by: { way: true },
    languages: { French: 12, German: 7.25 },
    rows: [{ name: "<CRF>", f1: 78.39, more: 1 }],
    trainLoss: 5,
    steps: 1200,
  },
  pictures: [
    { file: "first.svg", size: { width: 720, height: 430 } },
    { file: "second-2.svg", size: null, detail: "Of “a b”." },
  ],
  files: [{ file: "figures.json", note: "the figures" }],
  command: "deno task demo --lr 0.1",
  machine: "Deno 2, a machine",
  started: new Date("2026-01-02T03:04:00Z"),
  seconds: 125,
  ended: true,
  tables: [{ titles: ["  epoch"], rows: [["1"]] }],
  sections: [],
});

test("pictures come first, in the order of the plan, each with its meaning and what is particular to the run", () => {
  const places = [
    "Dots &lt; lines.",
    "second-2.svg",
    "Numbered. Of “a b”.",
    "first.svg",
    "Test error",
    "deno task demo",
  ]
    .map((words) => html.indexOf(words));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places[0]).toBeGreaterThan(0);
});

test("a figure has its name, its unit and the literature's figure with a link", () => {
  expect(html).toContain(
    '<th scope="row">Test error</th><td>2.12%</td><td><span class="reference"><b>1.0%</b> MNIST, ' +
      '<a href="https://example.org/paper">Some &amp; Other 1999</a></span></td>',
  );
  expect(html).toContain("<td>yes</td>");
  // Without a plan it is shown all the same.
  expect(html).toContain('<th scope="row">train loss</th><td>5</td>');
});

test("records and objects are tables with the names of the plan; settings are at the end", () => {
  expect(html).toContain(
    '<th scope="col" class="number">F1</th><th scope="col">tagger</th><th scope="col" class="number">more</th>',
  );
  expect(html).toContain('<td class="number">78.39%</td><td>&lt;CRF&gt;</td>');
  expect(html).toContain("<td>German</td>");
  expect(html).toContain("7.3%");
  expect(html.indexOf("network CRF · steps 1,200")).toBeGreaterThan(html.indexOf("How it was made"));
  expect(html).toContain("Deno 2, a machine; 2026-01-02 03:06 UTC, 2:05 after the start.");
});

test("plannedFigures finds a plan for the fields of an object", () => {
  const found = plannedFigures(PLAN.figures, { by: { way: 1, other: 2 }, languages: { French: 1 }, device: "cpu" });
  expect(found.map(({ key, plan }) => [key, plan?.label])).toEqual([
    ["by.way", "By the way"],
    ["by.other", undefined],
    ["languages", "By language"],
    ["device", "device"],
  ]);
});

test("figureWords", () => {
  expect(figureWords(4.4, { unit: "%", digits: 2 })).toBe("4.40%");
  expect(figureWords(-105.94, { unit: "nats", digits: 1 })).toBe("−105.9\u00a0nats");
  expect(figureWords(0.123, { unit: "%", times: 100, digits: 0 })).toBe("12%");
  expect(figureWords(60850, {})).toBe("60,850");
  expect(figureWords(0.123456, {})).toBe("0.1235");
  expect(figureWords(2.2e-16, {})).toBe("2.2×10⁻¹⁶");
  expect(figureWords(0.0001, { digits: 2 })).toBe("1×10⁻⁴");
  expect(figureWords([1, 2, 6], { list: "mean" })).toBe("3");
  expect(figureWords([1, 2, 6], { list: "sum", unit: "s" })).toBe("9\u00a0s");
  expect(figureWords([1, 2], { unit: "%" })).toBe("1%, 2%");
  expect(figureWords([[1, 2], [3, 4]], {})).toBe("1, 2, 3, 4");
  expect(figureWords(null, { unit: "%" })).toBe("–");
  expect(figureWords(false, {})).toBe("no");
});

test("patternOf", () => {
  expect(patternOf(["a.svg", "b-*.svg"], "b-12.svg")).toBe("b-*.svg");
  expect(patternOf(["a.svg", "b-*.svg"], "b.svg")).toBe(null);
});
