import { describe, expect, test } from "vitest";
import { type Field, fieldPixels, planePlot } from "./plane_plot.ts";

const axes = { x: { label: "x", range: [-1, 1] as const }, y: { label: "y", range: [-1, 1] as const } };
/** Left 0, right 1: the boundary stands in the middle. */
const halves: Field = {
  values: Array.from({ length: 64 }, (_, i) => i % 8 < 4 ? 0 : 1),
  ...{ columns: 8, rows: 8, colours: "classes", contours: [0.5] },
};

describe("planePlot", () => {
  test("draws points with the marks of their class, and rings", () => {
    const svg = planePlot({
      title: "Two classes",
      ...axes,
      points: [
        { name: "first", x: [-0.5, 0], y: [0, 0.5], ringed: [false, true] },
        { name: "second", x: [0.5], y: [0] },
      ],
    });
    for (const words of ["Two classes", "first", "second"]) expect(svg).toContain(`>${words}</text>`);
    expect(svg.match(/<circle /g)).toHaveLength(1);
    // Three points, and a mark for each name.
    expect(svg.match(/<path [^>]*transform=/g)).toHaveLength(5);
  });

  test("the contour lies where the field has its value, without the grid's edge", () => {
    const svg = planePlot({ title: "", ...axes, field: halves });
    const [, d] = svg.match(/<path d="(M[^"]*)" fill="none"/)!;
    const across = [...d!.matchAll(/([-\d.]+),/g)].map((match) => Number(match[1]));
    // The plot is 460 pixels wide from 76 on.
    for (const x of across) expect(x).toBeCloseTo(76 + 230, 0);
    expect(across.length).toBeGreaterThan(4);
  });

  test("a field's first row is at the bottom, low values are the first class's colour", () => {
    const values = [0, 0, 1, 1];
    const { data, width, height } = fieldPixels({ values, columns: 2, rows: 2, colours: "classes" });
    expect([width, height]).toEqual([2, 2]);
    const [top, bottom] = [data.subarray(0, 3), data.subarray(6, 9)];
    expect(top[0]).toBeGreaterThan(top[2]!);
    expect(bottom[2]).toBeGreaterThan(bottom[0]!);
    const levels = fieldPixels({ values: [5, 5, 9, 9], columns: 2, rows: 2, colours: "levels" }).data;
    expect(levels[6]).toBe(255);
    expect(levels[0]).toBeLessThan(200);
  });

  test("a gap in a line is no point", () => {
    const svg = planePlot({
      title: "",
      ...axes,
      lines: [{ name: "", x: [0, 1, NaN, 0], y: [0, 1, NaN, 1], marks: true }],
    });
    expect(svg).not.toContain("NaN");
    expect(svg.match(/<path [^>]*transform=/g)).toHaveLength(3);
  });

  test("refuses what does not match", () => {
    expect(() => planePlot({ title: "", ...axes, lines: [{ name: "a", x: [1], y: [] }] })).toThrow(
      '"a" has 1 x and 0 y',
    );
    expect(() => planePlot({ title: "", ...axes, field: { ...halves, columns: 7 } })).toThrow(
      "64 values for a field of 7 × 8",
    );
    expect(() => planePlot({ title: "", x: { label: "" }, y: axes.y, field: halves })).toThrow("need a range");
  });
});
