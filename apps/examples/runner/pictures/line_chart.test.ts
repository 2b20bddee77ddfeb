import { describe, expect, test } from "vitest";
import { lineChart } from "./line_chart.ts";

const chart = (y: number[], extra = {}) =>
  lineChart({
    title: "Error by epoch",
    x: { label: "epoch", whole: true },
    y: { label: "error (%)" },
    series: [{ name: "test", x: y.map((_, i) => i), y, ...extra }],
  });

/** The points of the curve, in pixels. */
const points = (svg: string): number[][] => {
  const paths = [...svg.matchAll(/<path d="(M[^"]*)" fill="none"/g)].map((match) => match[1]!);
  return [...paths.at(-1)!.matchAll(/([-\d.]+),([-\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
};

describe("lineChart", () => {
  test("says what it shows", () => {
    const svg = chart([5, 3, 1]);
    for (const words of ["Error by epoch", "epoch", "error (%)", "test"]) expect(svg).toContain(`>${words}</text>`);
  });

  test("falls where the values fall, in equal steps", () => {
    const [a, b, c] = points(chart([5, 3, 1])) as [number[], number[], number[]];
    expect(a[1]).toBeLessThan(b[1]!);
    expect(b[1]! - a[1]!).toBeCloseTo(c[1]! - b[1]!, 1);
    expect(b[0]! - a[0]!).toBeCloseTo(c[0]! - b[0]!, 1);
  });

  test("leaves a gap where a value is not finite", () => {
    const svg = chart([5, 4, NaN, 2, 1], { marks: true });
    const [, curve] = [...svg.matchAll(/<path d="(M[^"]*)" fill="none"/g)].map((match) => match[1]!);
    expect(curve!.match(/M/g)).toHaveLength(2);
    expect(svg).not.toContain("NaN");
  });

  test("points have no line, and the first line after them is drawn through", () => {
    const series = [{ name: "data", x: [0, 1], y: [1, 2], as: "points" as const }, {
      name: "fit",
      x: [0, 1],
      y: [1, 2],
    }];
    const svg = lineChart({ title: "", x: { label: "" }, y: { label: "" }, series });
    const lines = [...svg.matchAll(/<path d="M[^>]* fill="none"[^>]*>/g)].map(([path]) => path);
    // One in the plot and one beside its name.
    expect(lines).toHaveLength(2);
    expect(lines.join("")).not.toContain("stroke-dasharray");
    expect(lines.join("")).toContain("#d55e00");
  });

  test("steps keep a value until the next", () => {
    const drawn = points(chart([1, 3, 2], { as: "steps" }));
    expect(drawn[0]![1]).toBe(points(chart([1, 3, 2]))[0]![1]);
    expect(chart([1, 3, 2], { as: "steps" })).toMatch(/d="M[-\d.]+,([-\d.]+)L[-\d.]+,\1L/);
  });

  test("a range cuts what lies beyond", () => {
    const svg = lineChart({
      title: "",
      x: { label: "" },
      y: { label: "", range: [0, 1] },
      series: [{ name: "", x: [0, 1], y: [0, 50] }],
    });
    expect(svg).toContain('<svg x="70" y="76" width="632" height="296" viewBox="70 76 632 296">');
    expect(points(svg)[1]![1]).toBeLessThan(0);
  });

  test("names that do not fit in a row go on in the next, and the plot moves down", () => {
    const named = (names: string[]) =>
      lineChart({
        title: "",
        x: { label: "" },
        y: { label: "" },
        series: names.map((name) => ({ name, x: [0, 1], y: [0, 1] })),
      });
    const names = ["a long name of a series", "another name of a series", "a third name of a series", "a fourth"];
    expect(named(names)).toContain('y="73"');
    expect(named(names.slice(0, 2))).not.toContain('y="73"');
    const top = (svg: string): number =>
      Math.min(...[...svg.matchAll(/ y1="([\d.]+)"/g)].map((match) => Number(match[1])));
    expect(top(named(names)) - top(named(names.slice(0, 2)))).toBe(22);
  });

  test("refuses series of unequal length", () => {
    expect(() =>
      lineChart({ title: "", x: { label: "" }, y: { label: "" }, series: [{ name: "a", x: [1, 2], y: [1] }] })
    )
      .toThrow('lineChart: "a" has 2, 1 values');
    expect(() => chart([1, 2], { band: { low: [1], high: [2, 3] } })).toThrow(
      'lineChart: "test" has 2, 2, 1, 2 values',
    );
  });
});
