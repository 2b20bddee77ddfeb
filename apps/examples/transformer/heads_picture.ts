/** Where each head of a layer looks: small heat maps side by side. */
import { interpolateBlues } from "d3-scale-chromatic";
import { element, label, svgDocument } from "../runner/pictures/svg.ts";
import { FAINT_INK, GRID, INK, LABEL_SIZE, TITLE_SIZE } from "../runner/pictures/theme.ts";

/** What is drawn: `weights[head][target word][source word]`, shares from 0 to 1. */
export interface HeadsPicture {
  title: string;
  subtitle: string;
  source: readonly string[];
  target: readonly string[];
  weights: readonly (readonly (readonly number[])[])[];
}

const CELL = 15, GAP = 26, COLUMNS = 4, TOP = 70, WORD_SIZE = 11;

/** The picture as the text of an SVG file: heads in rows of four, words written before each row and above each column of maps. */
export function headsPicture({ title, subtitle, source, target, weights }: HeadsPicture): string {
  const room = (words: readonly string[]): number =>
    12 + WORD_SIZE * 0.6 * Math.max(...words.map((word) => word.length));
  const left = 12 + room(target), above = room(source) + 18;
  const width = CELL * source.length + GAP, height = CELL * target.length + above + GAP;
  const columns = Math.min(COLUMNS, weights.length), rows = Math.ceil(weights.length / columns);
  const maps = weights.map((head, i) => {
    const x = left + i % columns * width, y = TOP + Math.floor(i / columns) * height + above;
    return element(
      "g",
      { transform: `translate(${x} ${y})` },
      label(`head ${i + 1}`, { x: 0, y: 8 - above, "font-size": LABEL_SIZE, fill: FAINT_INK }),
      ...source.map((word, s) => {
        const at = (s + 0.5) * CELL;
        return label(word, {
          ...{ x: at, y: -6, dy: "0.35em", transform: `rotate(-90 ${at} -6)` },
          ...{ "font-size": WORD_SIZE, fill: INK },
        });
      }),
      ...(i % columns === 0 ? target : []).map((word, t) =>
        label(word, {
          ...{ x: -6, y: (t + 0.5) * CELL, dy: "0.35em", "text-anchor": "end" },
          ...{ "font-size": WORD_SIZE, fill: INK },
        })
      ),
      ...head.flatMap((row, t) =>
        row.map((share, s) =>
          element("rect", {
            ...{ x: s * CELL, y: t * CELL, width: CELL, height: CELL, stroke: GRID },
            // The square root lets small shares be seen.
            fill: interpolateBlues(0.03 + 0.92 * Math.sqrt(Math.min(1, Math.max(0, share)))),
          })
        )
      ),
    );
  });
  const size = { width: Math.max(420, left + columns * width), height: TOP + rows * height };
  return svgDocument(size, title, [
    label(title, { x: 20, y: 28, "font-size": TITLE_SIZE, "font-weight": 600, fill: INK }),
    label(subtitle, { x: 20, y: 48, "font-size": LABEL_SIZE, fill: FAINT_INK }),
    ...maps,
  ]);
}
