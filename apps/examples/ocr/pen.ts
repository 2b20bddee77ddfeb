/** Draws words in a font: the skeletons of the letters, bent, and inked by a pen. */
import type { Generator } from "@heddle/tensor";
import { BASELINE, DESCENT, LETTERS, MEAN_LINE, type Stroke } from "./letters.ts";

/** How a font looks. Lengths are in heights of a tall letter unless noted otherwise. */
export interface Font {
  readonly name: string;
  /** How far the top leans to the right of the baseline; negative leans back. */
  readonly slant: number;
  /** Widths are multiplied by it. */
  readonly width: number;
  /** The radius of the pen, in pixels. */
  readonly pen: number;
  /** Whether letters are drawn mirrored, left to right. */
  readonly mirrored: boolean;
  /** The length of the bars at the ends of strokes. */
  readonly serif: number;
  /** The most that the grey of a pixel differs, from 0 to 1. */
  readonly noise: number;
}

/** Letters as in a schoolbook, which any recogniser reads. */
export const PLAIN: Font = { name: "plain", slant: 0, width: 0.75, pen: 1.4, mirrored: false, serif: 0, noise: 0.05 };
/** Thin letters that lean back, each mirrored, with serifs. */
export const ODD: Font = { name: "odd", slant: -0.35, width: 0.75, pen: 0.7, mirrored: true, serif: 0.2, noise: 0.25 };

/** The size of a picture, in pixels; the recogniser takes lines 48 pixels high. */
export const HEIGHT = 48, WIDTH = 96;
const SCALE = 29, TOP = 4, LEFT = 5, GAP = 0.2, PIECES = 5;

type Point = readonly [x: number, y: number];

/**
 * A word as grey values from 0 (ink) to 1 (paper), `HEIGHT` rows of `WIDTH`. Size, slant, place and shape vary a little with the generator.
 */
export function drawWord(word: string, font: Font, generator: Generator): Float32Array {
  const random = (most: number): number => most * (2 * generator.uniforms(1)[0]! - 1);
  const slant = font.slant + random(0.08),
    pen = font.pen * (1 + random(0.15)),
    stretch = font.width * (1 + random(0.1));
  const lines: Point[][] = [];
  let x = 0;
  for (const character of word) {
    const strokes = LETTERS[character]!;
    const width = Math.max(...strokes.flatMap(({ points }) => points.map(([px]) => px)));
    for (const stroke of strokes) {
      const path = curve(stroke, () => random(0.02)).map(([px, py]): Point => [
        (x + (font.mirrored ? width - px : px)) * stretch,
        py,
      ]);
      lines.push(path, ...serifs(stroke, path, font.serif));
    }
    x += width + GAP;
  }
  const shear = ([px, py]: Point): Point => [px + slant * (BASELINE - py), py];
  const bent = lines.map((line) => line.map(shear));
  const all = bent.flat().map(([px]) => px), left = Math.min(...all);
  const scale = Math.min(
    SCALE * (1 + random(0.05)),
    (WIDTH - 2 * LEFT) / (Math.max(...all) - left),
    (HEIGHT - 5) / DESCENT,
  );
  const [right, down] = [LEFT - left * scale + random(1), TOP + random(1)];
  return ink(
    bent.map((line) => line.map(([px, py]) => [px * scale + right, py * scale + down])),
    pen,
    font.noise,
    generator,
  );
}

/** Short bars across the ends of a stroke on the lines of the script. */
function serifs({ points }: Stroke, path: readonly Point[], length: number): Point[][] {
  if (length === 0 || points.length > 2) return [];
  return [path[0]!, path.at(-1)!]
    .filter(([, y]) => [0, MEAN_LINE, BASELINE, DESCENT].some((line) => Math.abs(y - line) < 0.06))
    .map(([x, y]) => [[x - length / 2, y], [x + length / 2, y]]);
}

/** The Catmull-Rom spline through a stroke's points, each a little off its place, as straight pieces. */
function curve({ points, corners }: Stroke, off: () => number): Point[] {
  const at = points.map(([x, y]): Point => [x + off(), y + off()]);
  const result = [at[0]!];
  for (let i = 0; i + 1 < at.length; i++) {
    const [p1, p2] = [at[i]!, at[i + 1]!];
    // At an end or a corner the curve leaves in the direction of the next point.
    const beyond = (p: Point, q: Point): Point => [2 * p[0] - q[0], 2 * p[1] - q[1]];
    const p0 = i === 0 || corners[i] ? beyond(p1, p2) : at[i - 1]!;
    const p3 = i + 2 === at.length || corners[i + 1] ? beyond(p2, p1) : at[i + 2]!;
    for (let k = 1; k <= PIECES; k++) {
      const t = k / PIECES;
      const basis = [t * (t * (2 - t) - 1), t * t * (3 * t - 5) + 2, t * (t * (4 - 3 * t) + 1), t * t * (t - 1)];
      const blend = (axis: 0 | 1): number => [p0, p1, p2, p3].reduce((sum, p, j) => sum + p[axis] * basis[j]! / 2, 0);
      result.push([blend(0), blend(1)]);
    }
  }
  return result;
}

/** Inks lines, in pixels, on paper with noise. */
function ink(lines: readonly (readonly Point[])[], pen: number, noise: number, generator: Generator): Float32Array {
  const cover = new Float32Array(HEIGHT * WIDTH);
  for (const line of lines) {
    for (let i = 1; i < line.length; i++) inkPiece(line[i - 1]!, line[i]!, pen, cover);
  }
  const grain = generator.uniforms(cover.length);
  return cover.map((covered, i) => Math.min(1, Math.max(0, 1 - 0.9 * covered + noise * (2 * grain[i]! - 1))));
}

function inkPiece([ax, ay]: Point, [bx, by]: Point, pen: number, cover: Float32Array): void {
  const [dx, dy, reach] = [bx - ax, by - ay, pen + 1];
  const square = Math.max(dx * dx + dy * dy, 1e-9);
  for (
    let y = Math.max(0, Math.ceil(Math.min(ay, by) - reach));
    y <= Math.min(HEIGHT - 1, Math.max(ay, by) + reach);
    y++
  ) {
    for (
      let x = Math.max(0, Math.ceil(Math.min(ax, bx) - reach));
      x <= Math.min(WIDTH - 1, Math.max(ax, bx) + reach);
      x++
    ) {
      const t = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / square));
      const distance = Math.hypot(x - ax - t * dx, y - ay - t * dy);
      const place = y * WIDTH + x;
      cover[place] = Math.max(cover[place]!, Math.min(1, pen + 0.5 - distance));
    }
  }
}
