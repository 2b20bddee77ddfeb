import { expect, test } from "vitest";
import { barChart } from "./bar_chart.ts";

const chart = (values: number[], more: { name: string; values: number[] }[] = []) =>
  barChart({
    title: "Errors",
    x: { label: "who", names: ["a", "b"] },
    y: { label: "error" },
    series: [{ name: "train", values }, ...more],
    words: (value) => `${value}%`,
  });

test("bars are as high as their values, and say them", () => {
  const svg = chart([2, 4]);
  const heights = [...svg.matchAll(/<rect x="[^"]*" y="[^"]*" width="[^"]*" height="([^"]*)" fill="#0072b2"/g)];
  const [low, high] = heights.map((match) => Number(match[1])) as [number, number];
  expect(high / low).toBeCloseTo(2, 2);
  for (const words of ["2%", "4%", "a", "b", "who", "error"]) expect(svg).toContain(`>${words}</text>`);
  expect(svg).not.toContain(">train<");
});

test("several series have names; each needs a value for each name", () => {
  expect(chart([2, 4], [{ name: "test", values: [-1, 3] }])).toContain(">train<");
  expect(() => chart([1, 2, 3])).toThrow('"train" has 3 values for 2 names');
});
