/** Plots of the plane: points of classes, regions and boundaries of classifiers, loss surfaces with paths. */
import { contours } from "d3-contour";
import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";
import { type Axis, drawAxes, type Plot, type Scale, scaleOf, withinPlot } from "./axes.ts";
import { legend } from "./legend.ts";
import { type Pixels, pngDataUrl } from "./png.ts";
import { seriesLine, seriesMark } from "./series.ts";
import { element, label, svgDocument } from "./svg.ts";
import { FAINT_INK, INK, TITLE_SIZE } from "./theme.ts";

/** A value for every cell of a grid over the plane, drawn as the background colour. */
export interface Field {
  /** Row by row from the bottom up, at the centres of the cells. */
  values: ArrayLike<number>;
  columns: number;
  rows: number;
  /**
   * `classes` goes from 0, the colour of the first points, to 1, that of the second; `levels` from the lowest value to
   * the highest.
   */
  colours: "classes" | "levels";
  /** Values of contour lines, such as 0.5 between two classes. */
  contours?: readonly number[];
}

/** The content of a plot. Colours and marks go to the points first, then to the lines. */
export interface PlanePlot {
  title: string;
  x: Axis;
  /** With a field, both axes need a `range`: the field covers it. */
  y: Axis;
  field?: Field;
  /** The points of each class; those of `ringed` have a ring around them. */
  points?: readonly { name: string; x: ArrayLike<number>; y: ArrayLike<number>; ringed?: ArrayLike<unknown> }[];
  /** Boundaries, or paths with marked points. NaN leaves a gap. */
  lines?: readonly { name: string; x: ArrayLike<number>; y: ArrayLike<number>; marks?: boolean }[];
  /** In pixels (default 560 × 560). */
  size?: { width: number; height: number };
}

/**
 * Draws the plot as the text of an SVG file.
 *
 * @throws RangeError for different numbers of x and y, or if a field and its grid or axes do not match.
 */
export function planePlot(plot: PlanePlot): string {
  const { field, points = [], lines = [], size = { width: 560, height: 560 } } = plot;
  for (const { name, x, y } of [...points, ...lines]) {
    if (x.length !== y.length) throw new RangeError(`planePlot: "${name}" has ${x.length} x and ${y.length} y`);
  }
  if (field && field.values.length !== field.columns * field.rows) {
    throw new RangeError(`planePlot: ${field.values.length} values for a field of ${field.columns} × ${field.rows}`);
  }
  if (field && !(plot.x.range && plot.y.range)) {
    throw new RangeError("planePlot: with a field, x and y need a range, which the field covers");
  }
  const names = legend([
    ...points.map(({ name }, i) => ({ name, sample: (x: number, y: number) => seriesMark(x + 15, y, i, 60) })),
    ...lines.map(({ name, marks }, i) => ({
      name,
      sample: (x: number, y: number) =>
        seriesLine(`M${x},${y}H${x + 30}`, points.length + i, i) +
        (marks ? seriesMark(x + 15, y, points.length + i, 40) : ""),
    })),
  ], size.width);
  const area: Plot = { left: 76, top: 76 + names.more, right: size.width - 24, bottom: size.height - 58 };
  const both = [...points, ...lines];
  const x = scaleOf(plot.x, both.flatMap((each) => Array.from(each.x)), [area.left, area.right], size.width / 90);
  const y = scaleOf(plot.y, both.flatMap((each) => Array.from(each.y)), [area.bottom, area.top], size.height / 90);
  return svgDocument(size, plot.title, [
    label(plot.title, { x: 20, y: 30, "font-size": TITLE_SIZE, "font-weight": 600, fill: INK }),
    ...names.parts,
    ...drawAxes(area, { label: plot.x.label, scale: x }, { label: plot.y.label, scale: y }),
    withinPlot(area, [
      ...(field ? [drawField(field, area), ...(field.contours ?? []).map((at) => drawContour(field, at, area))] : []),
      ...points.map((group, i) => drawPoints(group, i, x, y)),
      ...lines.map((each, i) => drawLine(each, points.length + i, i, x, y)),
    ]),
  ]);
}

/** From the first class's colour through white to the second's, pale enough for points to stand out. */
const CLASSES = ["#8cbcd9", "#ffffff", "#eeb48c"];
const LEVELS = ["#ffffff", "#dddddd", "#a6a6a6"];

/** The field as an image, one pixel per cell. */
export function fieldPixels({ values, columns, rows, colours }: Field): Pixels {
  let low = 0, high = 1;
  if (colours === "levels") {
    [low, high] = [Infinity, -Infinity];
    for (let i = 0; i < values.length; i++) {
      low = Math.min(low, values[i]!);
      high = Math.max(high, values[i]!);
    }
  }
  const tint = scaleLinear<string>().domain([low, (low + high) / 2, high])
    .range(colours === "classes" ? CLASSES : LEVELS).clamp(true);
  const data = new Uint8Array(3 * values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const rgb = tint(values[row * columns + column]!).match(/\d+/g)!.map(Number);
      // Images start at the top.
      data.set(rgb, 3 * ((rows - 1 - row) * columns + column));
    }
  }
  return { width: columns, height: rows, channels: 3, data };
}

function drawField(field: Field, { left, top, right, bottom }: Plot): string {
  const box = { x: left, y: top, width: right - left, height: bottom - top };
  return element("image", { ...box, href: pngDataUrl(fieldPixels(field)), preserveAspectRatio: "none" });
}

/** The contour line of a value; d3's closed rings without the parts along the edge of the grid. */
function drawContour({ values, columns, rows }: Field, at: number, plot: Plot): string {
  const { coordinates } = contours().size([columns, rows]).contour(Array.from(values), at);
  const x = (column: number): number => plot.left + column / columns * (plot.right - plot.left);
  const y = (row: number): number => plot.bottom - row / rows * (plot.bottom - plot.top);
  const edge = ([column, row]: number[]): boolean =>
    column! <= 0.5 || row! <= 0.5 || column! >= columns - 0.5 || row! >= rows - 0.5;
  const path = line<number[]>().defined((point) => !edge(point)).x(([column]) => x(column!)).y(([, row]) => y(row!));
  const d = coordinates.flat().map((ring) => path.digits(2)(ring) ?? "").join("");
  return element("path", { d, fill: "none", stroke: FAINT_INK, "stroke-width": 1.2 });
}

function drawPoints(
  { x: xs, y: ys, ringed }: NonNullable<PlanePlot["points"]>[number],
  index: number,
  x: Scale,
  y: Scale,
): string {
  const marks = Array.from(xs, (value, i) => {
    const at = { cx: x(value), cy: y(ys[i]!) };
    const ring = ringed?.[i]
      ? element("circle", { ...at, r: 8.5, fill: "none", stroke: INK, "stroke-width": 1.5 })
      : "";
    return seriesMark(at.cx, at.cy, index, xs.length > 400 ? 24 : 46) + ring;
  });
  return element("g", {}, ...marks);
}

function drawLine(
  { x: xs, y: ys, marks }: NonNullable<PlanePlot["lines"]>[number],
  index: number,
  dash: number,
  x: Scale,
  y: Scale,
): string {
  const places = Array.from(xs, (value, i) => [x(value), y(ys[i]!)] as [number, number]);
  const finite = places.filter((place) => place.every(Number.isFinite));
  const path = line().defined((place) => place.every(Number.isFinite)).digits(2);
  const curve = seriesLine(path(places) ?? "", index, dash);
  return element("g", {}, curve, ...(marks ? finite.map(([across, down]) => seriesMark(across, down, index, 30)) : []));
}
