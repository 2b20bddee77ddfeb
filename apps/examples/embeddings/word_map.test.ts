import { expect, test } from "vitest";
import { placedNames, type Point, wordMap } from "./word_map.ts";

const PLOT = { left: 0, top: 0, right: 800, bottom: 700 };

test("every name of a crowd has a place of its own, over no point and no other name, within the plot", () => {
  // Six crowds of eight points, some of them on top of each other.
  const points = Array.from({ length: 48 }, (_, i): Point => ({
    word: `word${i}`,
    x: 150 + 250 * Math.floor(i / 16) + i % 8 % 3 * 4,
    y: 150 + 350 * (Math.floor(i / 8) % 2) + i % 8 * 2,
  }));
  const names = placedNames(points, PLOT);
  expect(names.map(({ word }) => word).sort()).toEqual(points.map(({ word }) => word).sort());
  names.forEach((a, i) => {
    expect(a.left).toBeGreaterThan(0);
    expect(a.right).toBeLessThan(800);
    for (const b of names.slice(i + 1)) {
      const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
      expect(apart, `${a.word} and ${b.word}`).toBe(true);
    }
    for (const { x, y } of points) expect(x > a.left && x < a.right && y > a.top && y < a.bottom).toBe(false);
  });
  // Far from its point it has a line to it.
  for (const { word, line, left, right } of names) {
    const { x } = points.find((point) => point.word === word)!;
    if (left > x + 20 || right < x - 20) expect(line).not.toBe(null);
  }
});

test("a lone name is beside its point, without a line", () => {
  const [name] = placedNames([{ word: "alone", x: 400, y: 300 }], PLOT);
  expect(name).toMatchObject({ left: 407, line: null });
});

test("the map names every word, after all points", () => {
  const words = ["red", "blue", "green"].map((word, i) => ({ word, group: "colours", x: i / 1000, y: 0 }));
  const svg = wordMap("Words", words, { x: { label: "first" }, y: { label: "second" } });
  for (const { word } of words) expect(svg.indexOf(`>${word}</text>`)).toBeGreaterThan(svg.lastIndexOf("<circle"));
});
