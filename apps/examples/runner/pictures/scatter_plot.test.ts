import { expect, test } from "vitest";
import { scatterPlot } from "./scatter_plot.ts";

const axes = { title: "Codes", x: { label: "z₁" }, y: { label: "z₂" } };

test("draws every point, right of and above what is less, and the groups' names", () => {
  const svg = scatterPlot({ ...axes, groups: [{ name: "one", x: [0, 1], y: [0, 1] }, { name: "none", x: [], y: [] }] });
  const points = [...svg.matchAll(/cx="([\d.]+)" cy="([\d.]+)" r="2.4"/g)].map(([, x, y]) => [Number(x), Number(y)]);
  expect(points).toHaveLength(2);
  expect(points[1]![0]).toBeGreaterThan(points[0]![0]!);
  expect(points[1]![1]).toBeLessThan(points[0]![1]!);
  // In the legend, and where its points are.
  expect(svg.match(/>one<\/text>/g)).toHaveLength(2);
  expect(svg.match(/>none<\/text>/g)).toHaveLength(1);
});

test("refuses what it cannot draw", () => {
  expect(() => scatterPlot({ ...axes, groups: [{ name: "a", x: [1], y: [] }] })).toThrow('"a" has 1 x and 0 y');
  const many = Array.from({ length: 13 }, (_, i) => ({ name: String(i), x: [], y: [] }));
  expect(() => scatterPlot({ ...axes, groups: many })).toThrow("13 groups, and there are 12 colours");
});
