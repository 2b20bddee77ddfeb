/** Words as named points in the plane. */
import { schemeTableau10 } from "d3-scale-chromatic";
import { type Axis, drawAxes, type Plot, scaleOf } from "../runner/pictures/axes.ts";
import { element, label, svgDocument, textWidth } from "../runner/pictures/svg.ts";
import { FAINT_INK, INK, LABEL_SIZE, TICK_SIZE, TITLE_SIZE } from "../runner/pictures/theme.ts";

/** A word and its coordinates. */
export interface MapWord {
  readonly word: string;
  /** The group whose colour it has; null for grey. */
  readonly group: string | null;
  readonly x: number;
  readonly y: number;
}

const SIZE = { width: 900, height: 800 };
const PLOT: Plot = { left: 76, top: 96, right: SIZE.width - 24, bottom: SIZE.height - 58 };
/** Twelve colours that are dark enough on white. */
const COLOURS = [...schemeTableau10, "#1f3a93", "#17becf"];
const RADIUS = 4;

/** The map as the text of an SVG file, with a legend of the groups above. Every word has its name, beside its point or on a line to it. */
export function wordMap(title: string, words: readonly MapWord[], axes: { x: Axis; y: Axis }): string {
  const groups = [...new Set(words.map(({ group }) => group))].filter((group) => group !== null);
  const colour = (group: string | null): string =>
    group === null ? FAINT_INK : COLOURS[groups.indexOf(group) % COLOURS.length]!;
  // Names beside the outermost points need room within the frame.
  const x = scaleOf(axes.x, words.map((word) => word.x), [PLOT.left + 50, PLOT.right - 50], 8);
  const y = scaleOf(axes.y, words.map((word) => word.y), [PLOT.bottom - 20, PLOT.top + 20], 8);
  const points = words.map((word): Point => ({ word: word.word, x: x(word.x), y: y(word.y) }));
  const names = placedNames(points, PLOT);
  return svgDocument(SIZE, title, [
    label(title, { x: 20, y: 30, "font-size": TITLE_SIZE, "font-weight": 600, fill: INK }),
    ...groups.flatMap((group, i) => {
      const [left, top] = [24 + 140 * (i % 6), 54 + 22 * Math.floor(i / 6)];
      return [
        element("circle", { cx: left, cy: top, r: 5, fill: colour(group) }),
        label(group, { x: left + 10, y: top, dy: "0.35em", "font-size": LABEL_SIZE, fill: INK }),
      ];
    }),
    ...drawAxes(PLOT, { label: axes.x.label, scale: x }, { label: axes.y.label, scale: y }),
    ...names.flatMap(({ line }) =>
      line === null ? [] : [element("line", { ...line, stroke: FAINT_INK, "stroke-width": 0.6 })]
    ),
    ...words.map(({ group }, i) =>
      element("circle", {
        cx: points[i]!.x,
        cy: points[i]!.y,
        r: RADIUS,
        fill: colour(group),
        stroke: "#ffffff",
        "stroke-width": 0.5,
      })
    ),
    // Names are on top, so that no point hides one.
    ...names.map(({ word, left, top }) => {
      const looks = { fill: INK, stroke: "#ffffff", "stroke-width": 2.5, "paint-order": "stroke" };
      return label(word, { x: left, y: top + HEIGHT / 2, dy: "0.35em", "font-size": TICK_SIZE, ...looks });
    }),
  ]);
}

/** A named point, in pixels. */
export interface Point {
  readonly word: string;
  readonly x: number;
  readonly y: number;
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Where a name is, and the line to its point unless it is beside it. */
export interface PlacedName extends Box {
  readonly word: string;
  readonly line: { x1: number; y1: number; x2: number; y2: number } | null;
}

/** Height of a name. */
const HEIGHT = 13;
/** Distances and directions in which a name is tried, nearest first; right and left are the easiest to read. */
const DISTANCES = [7, 12, 20, 30, 42, 56, 72, 90, 110, 135];
const DIRECTIONS = [0, 180, -40, 40, 140, -140, -90, 90, -65, 65, 115, -115, -20, 20, 160, -160].map((degrees) =>
  degrees * Math.PI / 180
);

/** Places every name so that it hides no point and no other name, as near to its point as there is room within the plot. */
export function placedNames(points: readonly Point[], plot: Plot): PlacedName[] {
  const placed: PlacedName[] = [];
  const dots = points.map(({ x, y }): Box => ({
    left: x - RADIUS,
    top: y - RADIUS,
    right: x + RADIUS,
    bottom: y + RADIUS,
  }));
  const crowd = (point: Point): number =>
    points.filter((other) => Math.hypot(other.x - point.x, other.y - point.y) < 40).length;
  // Points with many others around them have the least choice, so they choose first.
  const order = points.map((point, i) => ({ point, i, crowd: crowd(point) })).sort((a, b) =>
    b.crowd - a.crowd || a.i - b.i
  );
  for (const { point } of order) {
    const tried = DISTANCES.flatMap((distance) => DIRECTIONS.map((angle) => nameAt(point, distance, angle)));
    const free = tried.filter((name) =>
      within(name, plot) && !placed.some((other) => overlap(name, other)) && !dots.some((dot) => overlap(name, dot))
    );
    // Lines may cross a name only where there is no other way.
    const clear = free.find((name) =>
      placed.every((other) => !crosses(other.line, name) && !crosses(name.line, other))
    );
    // Where nothing is free, a name over another one is better than none.
    placed.push(clear ?? free[0] ?? tried[0]!);
  }
  return placed;
}

function nameAt({ word, x, y }: Point, distance: number, angle: number): PlacedName {
  const width = textWidth(word, TICK_SIZE);
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  // The point of the box that faces the point is at the distance.
  const [near, level] = [x + dx * distance, y + dy * distance];
  const left = near - width * (1 - dx) / 2, top = level - HEIGHT * (1 - dy) / 2;
  const line = distance <= DISTANCES[1]! ? null : { x1: x, y1: y, x2: near, y2: level };
  return { word, left, top, right: left + width, bottom: top + HEIGHT, line };
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;
}

function within(box: Box, plot: Plot): boolean {
  return box.left > plot.left && box.right < plot.right && box.top > plot.top && box.bottom < plot.bottom;
}

/** Whether a line passes through a box, sampled along it. */
function crosses(line: PlacedName["line"], box: Box): boolean {
  if (line === null) return false;
  const { x1, y1, x2, y2 } = line, steps = Math.ceil(Math.hypot(x2 - x1, y2 - y1) / 3);
  return Array.from({ length: steps }, (_, i) => i / steps).some((share) => {
    const x = x1 + (x2 - x1) * share, y = y1 + (y2 - y1) * share;
    return x > box.left && x < box.right && y > box.top && y < box.bottom;
  });
}
