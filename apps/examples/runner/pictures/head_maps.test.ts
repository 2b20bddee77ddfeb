import { expect, test } from "vitest";
import { headMaps } from "./head_maps.ts";

const words = { title: "Heads", subtitle: "of a layer", rows: ["a", "b&c"], columns: ["x", "y", "z"] };

test("each map has its words, and a cell for every share that can be seen", () => {
  const svg = headMaps({
    ...words,
    maps: [
      { name: "head 1", shares: [[1, 0, 0], [0.5, 0.5, 0.001]] },
      { name: "head 2", shares: [[0.2, 0.3, 0.5], [0, 0, 1]] },
    ],
  });
  expect(svg).toMatch(/^<svg /);
  // Three and four cells, two frames, the white ground.
  expect(svg.match(/<rect/g)).toHaveLength(3 + 4 + 2 + 1);
  expect(svg.match(/>y</g)).toHaveLength(2);
  // Before the first map of a row alone.
  expect(svg.match(/>b&amp;c</g)).toHaveLength(1);
  expect(svg).toContain("head 2");
  const fill = (x: number): string => new RegExp(`x="${x}" y="0" width="16" height="16" fill="([^"]+)"`).exec(svg)![1]!;
  expect(fill(0)).not.toBe(fill(16));
});

test("maps of other sizes than the words are an error", () => {
  expect(() => headMaps({ ...words, maps: [{ name: "head 1", shares: [[1, 0, 0]] }] })).toThrow(
    /2 × 3 words for 1 × 3 values of "head 1"/,
  );
});
