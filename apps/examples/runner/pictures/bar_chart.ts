/** Bar charts: a few values side by side, or a short signal. */
import { type Axis, drawAxes, type Plot, scaleOf } from "./axes.ts";
import { legend } from "./legend.ts";
import { seriesColour } from "./series.ts";
import { element, label, svgDocument } from "./svg.ts";
import { FAINT_INK, INK, TICK_SIZE, TITLE_SIZE } from "./theme.ts";

/** The content of a bar chart. */
export interface BarChart {
  title: string;
  x: { label: string; names: readonly string[] };
  y: Axis;
  /** A bar for each name. */
  series: readonly { name: string; values: readonly number[] }[];
  /** The text above a bar (default: none). */
  words?: (value: number) => string;
  /** In pixels (default 720 × 430). */
  size?: { width: number; height: number };
}

/**
 * Draws a bar chart as the text of an SVG file; bars start at 0.
 *
 * @throws RangeError if a series does not have one value per name.
 */
export function barChart(chart: BarChart): string {
  const { series, x: { names }, words, size = { width: 720, height: 430 } } = chart;
  const odd = series.find(({ values }) => values.length !== names.length);
  if (odd) throw new RangeError(`barChart: "${odd.name}" has ${odd.values.length} values for ${names.length} names`);
  const { parts, more } = legend(
    // A single series needs no legend.
    series.length === 1 ? [] : series.map(({ name }, i) => ({
      name,
      sample: (x, y) => element("rect", { x: x + 8, y: y - 7, width: 14, height: 14, fill: seriesColour(i) }),
    })),
    size.width,
  );
  const plot: Plot = { left: 76, top: 76 + more, right: size.width - 24, bottom: size.height - 58 };
  const y = scaleOf({ include: 0, ...chart.y }, series.flatMap(({ values }) => values), [plot.bottom, plot.top], 6);
  const step = (plot.right - plot.left) / names.length, wide = Math.min(64, step * 0.8 / series.length);
  const middle = (i: number): number => plot.left + (i + 0.5) * step;
  const bars = series.flatMap(({ values }, i) =>
    values.flatMap((value, j) => {
      const x = middle(j) + (i - series.length / 2) * wide, top = Math.min(y(value), y(0));
      const bar = element("rect", {
        ...{ x: x + 1, y: top, width: wide - 2, height: Math.abs(y(value) - y(0)) },
        fill: seriesColour(i),
      });
      const said = { x: x + wide / 2, "text-anchor": "middle", "font-size": TICK_SIZE - 1, fill: INK };
      return words ? [bar, label(words(value), { ...said, y: value < 0 ? y(value) + 14 : y(value) - 5 })] : [bar];
    })
  );
  const scale = Object.assign((i: number) => middle(i), { ticks: names.map((name, at) => ({ at, words: name })) });
  return svgDocument(size, chart.title, [
    label(chart.title, { x: 20, y: 30, "font-size": TITLE_SIZE, "font-weight": 600, fill: INK }),
    ...parts,
    ...drawAxes(plot, { label: chart.x.label, scale }, { label: chart.y.label, scale: y }),
    ...bars,
    element("line", { x1: plot.left, x2: plot.right, y1: y(0), y2: y(0), stroke: FAINT_INK }),
  ]);
}
