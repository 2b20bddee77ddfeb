/** Scatter plots: points of several groups, such as codes of several classes. */
import { schemePaired } from "d3-scale-chromatic";
import { median } from "../statistics.ts";
import { type Axis, drawAxes, type Plot, scaleOf } from "./axes.ts";
import { element, label, svgDocument } from "./svg.ts";
import { INK, LABEL_SIZE, TITLE_SIZE } from "./theme.ts";

/** The content of a scatter plot. */
export interface ScatterPlot {
  title: string;
  x: Axis;
  y: Axis;
  /** Up to twelve groups, each with points and a short name. */
  groups: readonly { name: string; x: readonly number[]; y: readonly number[] }[];
}

const SIZE = { width: 720, height: 700 };
const PLOT: Plot = { left: 76, top: 76, right: SIZE.width - 24, bottom: SIZE.height - 58 };

/**
 * Draws the plot as the text of an SVG file. Besides the legend, each group's name is at the median of its points, so
 * that nobody has to distinguish many colours.
 *
 * @throws RangeError for more groups than there are colours, or if a group has different numbers of x and y.
 */
export function scatterPlot(plot: ScatterPlot): string {
  if (plot.groups.length > schemePaired.length) {
    throw new RangeError(`scatterPlot: ${plot.groups.length} groups, and there are ${schemePaired.length} colours`);
  }
  for (const { name, x, y } of plot.groups) {
    if (x.length !== y.length) throw new RangeError(`scatterPlot: "${name}" has ${x.length} x and ${y.length} y`);
  }
  const x = scaleOf(plot.x, plot.groups.flatMap((group) => group.x), [PLOT.left, PLOT.right], 8);
  const y = scaleOf(plot.y, plot.groups.flatMap((group) => group.y), [PLOT.bottom, PLOT.top], 8);
  const points = plot.groups.map((group, i) =>
    element(
      "g",
      { fill: schemePaired[i]!, "fill-opacity": 0.75 },
      ...group.x.map((value, j) => element("circle", { cx: x(value), cy: y(group.y[j]!), r: 2.4 })),
    )
  );
  const names = plot.groups.filter((group) => group.x.length > 0).map((group) =>
    label(group.name, {
      x: x(median(group.x)),
      y: y(median(group.y)),
      dy: "0.35em",
      "text-anchor": "middle",
      "font-size": 20,
      "font-weight": 700,
      fill: INK,
      stroke: "#ffffff",
      "stroke-width": 4,
      "paint-order": "stroke",
    })
  );
  return svgDocument(SIZE, plot.title, [
    label(plot.title, { x: 20, y: 30, "font-size": TITLE_SIZE, "font-weight": 600, fill: INK }),
    ...plot.groups.flatMap(({ name }, i) => [
      element("circle", { cx: 24 + 56 * i, cy: 51, r: 5, fill: schemePaired[i]! }),
      label(name, { x: 34 + 56 * i, y: 51, dy: "0.35em", "font-size": LABEL_SIZE, fill: INK }),
    ]),
    ...drawAxes(PLOT, { label: plot.x.label, scale: x }, { label: plot.y.label, scale: y }),
    ...points,
    ...names,
  ]);
}
