/** Line charts: losses, errors and schedules over a run. */
import { area, line, symbol, symbolCircle, symbolDiamond, symbolSquare, symbolTriangle } from "d3-shape";
import { type Axis, drawAxes, type Plot, type Scale, scaleOf } from "./axes.ts";
import { element, label, svgDocument } from "./svg.ts";
import { INK, LABEL_SIZE, SERIES_COLOURS, TITLE_SIZE } from "./theme.ts";

/** One line of a chart. Values that are not finite leave a gap. */
export interface Series {
  name: string;
  x: readonly number[];
  y: readonly number[];
  /** A shaded band behind the line, such as the range that `y` is the mean of. */
  band?: { low: readonly number[]; high: readonly number[] };
  /** Marks every point, with a shape of the series' own. */
  marks?: boolean;
}

/** What a line chart shows. */
export interface LineChart {
  title: string;
  x: Axis;
  y: Axis;
  series: readonly Series[];
}

const SIZE = { width: 720, height: 430 };
const PLOT: Plot = { left: 76, top: 76, right: SIZE.width - 24, bottom: SIZE.height - 58 };
/** Lines differ by dash and shape as well as by colour, for print in grey. */
const DASHES = [undefined, "7 4", "2 3", "10 3 2 3"];
const MARKS = [symbolCircle, symbolSquare, symbolTriangle, symbolDiamond];

/**
 * The chart as the text of an SVG file.
 *
 * @throws RangeError when a series has not as many x as y, or when a value on a logarithmic axis is not above 0.
 */
export function lineChart(chart: LineChart): string {
  for (const { name, x, y, band } of chart.series) {
    const counts = [x.length, y.length, ...(band ? [band.low.length, band.high.length] : [])];
    if (new Set(counts).size > 1) {
      throw new RangeError(`lineChart: "${name}" has ${counts.join(", ")} values for its points`);
    }
  }
  const heights = chart.series.flatMap(({ y, band }) => [...y, ...(band?.low ?? []), ...(band?.high ?? [])]);
  const x = scaleOf(chart.x, chart.series.flatMap((series) => series.x), [PLOT.left, PLOT.right], 8);
  const y = scaleOf(chart.y, heights, [PLOT.bottom, PLOT.top], 6);
  return svgDocument(SIZE, chart.title, [
    label(chart.title, { x: 20, y: 30, "font-size": TITLE_SIZE, "font-weight": 600, fill: INK }),
    ...legend(chart.series),
    ...drawAxes(PLOT, { label: chart.x.label, scale: x }, { label: chart.y.label, scale: y }),
    ...chart.series.map((series, i) => drawBand(series, i, x, y)),
    ...chart.series.map((series, i) => drawSeries(series, i, x, y)),
  ]);
}

function drawBand({ x: xs, band }: Series, index: number, x: Scale, y: Scale): string {
  if (!band) return "";
  const path = area<number>()
    .defined((_, i) => Number.isFinite(band.low[i]) && Number.isFinite(band.high[i]))
    .x((value) => x(value)).y0((_, i) => y(band.low[i]!)).y1((_, i) => y(band.high[i]!)).digits(2);
  return element("path", { d: path([...xs]) ?? "", fill: colour(index), "fill-opacity": 0.18 });
}

function drawSeries(series: Series, index: number, x: Scale, y: Scale): string {
  const { x: xs, y: ys, marks } = series;
  const finite = (_: number, i: number): boolean => Number.isFinite(ys[i]);
  const path = line<number>().defined(finite).x((value) => x(value)).y((_, i) => y(ys[i]!)).digits(2);
  const points = marks ? xs.map((value, i) => finite(value, i) ? mark(x(value), y(ys[i]!), index) : "") : [];
  return element("g", {}, stroke(path([...xs]) ?? "", index), ...points);
}

/** A sample of each line and its name, in a row under the title. */
function legend(series: readonly Series[]): string[] {
  let left = 20;
  return series.map(({ name, marks }, i) => {
    const sample = element(
      "g",
      {},
      stroke(`M${left},51H${left + 30}`, i),
      marks ? mark(left + 15, 51, i) : "",
      label(name, { x: left + 38, y: 51, dy: "0.35em", "font-size": LABEL_SIZE, fill: INK }),
    );
    // Nothing measures text here; 0.56 em a letter is a little more than usual sans-serif fonts take.
    left += 38 + name.length * LABEL_SIZE * 0.56 + 26;
    return sample;
  });
}

function stroke(d: string, index: number): string {
  return element("path", {
    d,
    fill: "none",
    stroke: colour(index),
    "stroke-width": 2,
    "stroke-dasharray": DASHES[index % DASHES.length],
    "stroke-linejoin": "round",
  });
}

function mark(x: number, y: number, index: number): string {
  const d = symbol(MARKS[index % MARKS.length]!, 52).digits(2)() ?? "";
  return element("path", {
    d,
    transform: `translate(${x.toFixed(2)} ${y.toFixed(2)})`,
    fill: colour(index),
    stroke: "#ffffff",
  });
}

function colour(index: number): string {
  return SERIES_COLOURS[index % SERIES_COLOURS.length]!;
}
