/** Line charts: losses, errors and schedules over a run. */
import { area, curveLinear, curveStepAfter, line } from "d3-shape";
import { type Axis, drawAxes, type Plot, type Scale, scaleOf, withinPlot } from "./axes.ts";
import { legend } from "./legend.ts";
import { seriesColour, seriesLine, seriesMark } from "./series.ts";
import { element, label, svgDocument } from "./svg.ts";
import { INK, TITLE_SIZE } from "./theme.ts";

/** One line of a chart. Values that are not finite leave a gap. */
export interface Series {
  name: string;
  x: readonly number[];
  y: readonly number[];
  /** A shaded band behind the line, such as the range of the averaged values. */
  band?: { low: readonly number[]; high: readonly number[] };
  /** Marks every point with the shape of the series. */
  marks?: boolean;
  /**
   * `points` draws marks without a line, such as measurements; `steps` keeps each value until the next x (default
   * `line`).
   */
  as?: "line" | "points" | "steps";
}

/** The content of a line chart. */
export interface LineChart {
  title: string;
  x: Axis;
  y: Axis;
  series: readonly Series[];
  /** In pixels (default 720 × 430). */
  size?: { width: number; height: number };
}

/**
 * Draws the chart as the text of an SVG file.
 *
 * @throws RangeError if a series has different numbers of x and y, or a value on a logarithmic axis is not above 0.
 */
export function lineChart(chart: LineChart): string {
  for (const { name, x, y, band } of chart.series) {
    const counts = [x.length, y.length, ...(band ? [band.low.length, band.high.length] : [])];
    if (new Set(counts).size > 1) {
      throw new RangeError(`lineChart: "${name}" has ${counts.join(", ")} values for its points`);
    }
  }
  const heights = chart.series.flatMap(({ y, band }) => [...y, ...(band?.low ?? []), ...(band?.high ?? [])]);
  // Points use no dash pattern: the first line is solid, whatever precedes it.
  const dash = (index: number): number => chart.series.slice(0, index).filter(({ as }) => as !== "points").length;
  const size = chart.size ?? { width: 720, height: 430 };
  const names = legend(
    chart.series.map((series, i) => ({ name: series.name, sample: sampleOf(series, i, dash(i)) })),
    size.width,
  );
  const plot: Plot = { left: 76, top: 76 + names.more, right: size.width - 24, bottom: size.height - 58 };
  const x = scaleOf(chart.x, chart.series.flatMap((series) => series.x), [plot.left, plot.right], size.width / 90);
  const y = scaleOf(chart.y, heights, [plot.bottom, plot.top], 6);
  const drawn = [
    ...chart.series.map((series, i) => drawBand(series, i, x, y)),
    ...chart.series.map((series, i) => drawSeries(series, i, dash(i), x, y)),
  ];
  return svgDocument(size, chart.title, [
    label(chart.title, { x: 20, y: 30, "font-size": TITLE_SIZE, "font-weight": 600, fill: INK }),
    ...names.parts,
    ...drawAxes(plot, { label: chart.x.label, scale: x }, { label: chart.y.label, scale: y }),
    // Marks at the ends of an axis are drawn whole, unless that axis clips.
    ...(chart.x.range || chart.y.range ? [withinPlot(plot, drawn, chart.x.range ? 0 : 6)] : drawn),
  ]);
}

function drawBand({ x: xs, band }: Series, index: number, x: Scale, y: Scale): string {
  if (!band) return "";
  const path = area<number>()
    .defined((_, i) => Number.isFinite(band.low[i]) && Number.isFinite(band.high[i]))
    .x((value) => x(value)).y0((_, i) => y(band.low[i]!)).y1((_, i) => y(band.high[i]!)).digits(2);
  return element("path", { d: path([...xs]) ?? "", fill: seriesColour(index), "fill-opacity": 0.18 });
}

function drawSeries(series: Series, index: number, dash: number, x: Scale, y: Scale): string {
  const { x: xs, y: ys, as } = series;
  const finite = (_: number, i: number): boolean => Number.isFinite(ys[i]);
  const path = line<number>().curve(as === "steps" ? curveStepAfter : curveLinear)
    .defined(finite).x((value) => x(value)).y((_, i) => y(ys[i]!)).digits(2);
  const curve = as === "points" ? "" : seriesLine(path([...xs]) ?? "", index, dash);
  const marks = isMarked(series)
    ? xs.map((value, i) => finite(value, i) ? seriesMark(x(value), y(ys[i]!), index) : "")
    : [];
  return element("g", {}, curve, ...marks);
}

function sampleOf(series: Series, index: number, dash: number): (x: number, y: number) => string {
  return (x, y) =>
    (series.as === "points" ? "" : seriesLine(`M${x},${y}H${x + 30}`, index, dash)) +
    (isMarked(series) ? seriesMark(x + 15, y, index) : "");
}

/** A single point has no line, and would not be seen without a mark. */
function isMarked({ marks, as, x }: Series): boolean {
  return marks === true || as === "points" || x.length === 1;
}
