/** Words as named points in the plane. */
import { schemePaired } from "d3-scale-chromatic";
import { type Axis, drawAxes, type Plot, scaleOf } from "../runner/pictures/axes.ts";
import { element, label, svgDocument } from "../runner/pictures/svg.ts";
import { FAINT_INK, INK, LABEL_SIZE, TITLE_SIZE } from "../runner/pictures/theme.ts";

/** A word and its coordinates. */
export interface MapWord {
  readonly word: string;
  /** The index of its colour; null for grey. */
  readonly group: string | null;
  readonly x: number;
  readonly y: number;
}

const SIZE = { width: 900, height: 800 };
const PLOT: Plot = { left: 76, top: 96, right: SIZE.width - 24, bottom: SIZE.height - 58 };

/** The map as the text of an SVG file, with a legend of the groups above. */
export function wordMap(title: string, words: readonly MapWord[], axes: { x: Axis; y: Axis }): string {
  const groups = [...new Set(words.map(({ group }) => group))].filter((group) => group !== null);
  const colour = (group: string | null): string =>
    group === null ? FAINT_INK : schemePaired[groups.indexOf(group) % schemePaired.length]!;
  // Labels to the right of the points need room within the frame.
  const x = scaleOf(axes.x, words.map((word) => word.x), [PLOT.left, PLOT.right - 60], 8);
  const y = scaleOf(axes.y, words.map((word) => word.y), [PLOT.bottom, PLOT.top], 8);
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
    ...namesApart(words.map((word) => ({ word: word.word, left: x(word.x) + 7, middle: y(word.y) }))),
    ...words.map((word) =>
      element("circle", {
        cx: x(word.x).toFixed(1),
        cy: y(word.y).toFixed(1),
        r: 4.5,
        fill: colour(word.group),
        stroke: FAINT_INK,
        "stroke-width": 0.5,
      })
    ),
  ]);
}

/** Approximate width of a letter and height of a line. */
const LETTER = 6.4, LINE = 12;

/** The names beside their points, without those that would overlap others. */
function namesApart(names: readonly { word: string; left: number; middle: number }[]): string[] {
  const drawn: { left: number; right: number; middle: number }[] = [];
  return names.flatMap(({ word, left, middle }) => {
    const right = left + LETTER * word.length;
    const hides = drawn.some((other) =>
      left < other.right && right > other.left && Math.abs(middle - other.middle) < LINE
    );
    if (hides) return [];
    drawn.push({ left, right, middle });
    const looks = { fill: INK, stroke: "#ffffff", "stroke-width": 2.5, "paint-order": "stroke" };
    return [label(word, { x: left.toFixed(1), y: middle.toFixed(1), dy: "0.35em", "font-size": 12, ...looks })];
  });
}
