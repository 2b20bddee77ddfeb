import { describe, expect, test } from "vitest";
import { heatMap } from "./heat_map.ts";

const map = (shares: number[][], words?: string[][]) =>
  heatMap({
    title: "Confusion",
    rows: { label: "true", names: ["0", "1"] },
    columns: { label: "predicted", names: ["0", "1"] },
    shares,
    words,
    colourLabel: "share",
    power: 0.5,
  });

/** How dark the cells are, in reading order: the sum of red, green and blue, less for darker. */
const light = (svg: string): number[] =>
  [...svg.matchAll(/<rect [^>]*fill="(?:rgb\((\d+), (\d+), (\d+)\)|#ffffff)" stroke=/g)]
    .map(([, r, g, b]) => r === undefined ? 765 : Number(r) + Number(g) + Number(b));

describe("heatMap", () => {
  test("is darker for more and white for nothing", () => {
    const [a, b, c, d] = light(map([[1, 0], [0.2, 0.8]])) as [number, number, number, number];
    expect(b).toBe(765);
    expect(c).toBeLessThan(b);
    expect(d).toBeLessThan(c);
    expect(a).toBeLessThan(d);
  });

  test("writes words in the cells, light on dark", () => {
    const svg = map([[1, 0], [0.01, 0.99]], [["980", ""], ["3", "975"]]);
    expect(svg).toMatch(/fill="#ffffff">980<\/text>/);
    expect(svg).toMatch(/fill="#222222">3<\/text>/);
    for (const words of ["true", "predicted", "share", "100%", "0%"]) expect(svg).toContain(`>${words}</text>`);
  });

  test("makes room for long names, which stand on end under narrow cells", () => {
    const named = (names: string[]) =>
      heatMap({
        title: "Attention",
        rows: { label: "translation", names },
        columns: { label: "source", names },
        shares: names.map(() => names.map(() => 0.5)),
        colourLabel: "share",
      });
    const height = (svg: string): number => Number(/height="([\d.]+)"/.exec(svg)![1]);
    const left = (svg: string): number => Number(/<rect x="([\d.]+)"/.exec(svg)![1]);
    const [short, long] = [named(["a", "b"]), named(["extraordinaire", "b"])];
    expect(height(long)).toBeGreaterThan(height(short) + 50);
    expect(left(long)).toBeGreaterThan(left(short) + 50);
    expect(short.match(/rotate/g)).toHaveLength(2);
    expect(long.match(/rotate/g)).toHaveLength(4);
  });

  test("refuses names that do not match", () => {
    expect(() => map([[1, 0]])).toThrow("heatMap: 2 × 2 names for 1 × 2 values");
  });
});
