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
