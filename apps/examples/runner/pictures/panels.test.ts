import { expect, test } from "vitest";
import { numberGrid } from "./number_grid.ts";
import { panels } from "./panels.ts";

test("pictures stand side by side, the largest deciding how far apart", () => {
  const [small, large] = [
    numberGrid({ title: "s", rows: [[1]] }),
    numberGrid({ title: "l", rows: [[1, 2, 3], [4, 5, 6]] }),
  ];
  const size = (svg: string) =>
    svg.match(/ width="([\d.]+)" height="([\d.]+)"/)!.slice(1).map(Number) as [number, number];
  const [width, height] = size(large);
  const both = panels("both", [small, large, small], 2);
  expect(size(both)).toEqual([2 * width, 2 * height]);
  expect(both).toContain(`<svg x="${width}" y="0" xmlns`);
  expect(both).toContain(`<svg x="0" y="${height}" xmlns`);
});

test("only pictures can be panels", () => {
  expect(() => panels("none", [])).toThrow('no pictures in "none"');
  expect(() => panels("odd", ["<p>"])).toThrow("got <p>");
});

test("a grid of numbers has each in its cell, tinted where asked", () => {
  const svg = numberGrid({
    title: "x",
    subtitle: "[1, 3]",
    rows: [[1, 0.125, "…"]],
    tinted: (_row, column) => column === 2,
  });
  for (const words of ["x", "[1, 3]", "1", "0.13", "…"]) expect(svg).toContain(`>${words}</text>`);
  expect(svg.match(/#cfe3f3/g)).toHaveLength(1);
});
