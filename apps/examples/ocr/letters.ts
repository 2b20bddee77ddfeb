/** The skeletons of the letters, from which words are drawn. */

/** A pen stroke: the points that it passes through. x and y are in heights of a tall letter; y grows downwards. */
export interface Stroke {
  readonly points: readonly (readonly [x: number, y: number])[];
  /** For each point whether the stroke turns sharply there. */
  readonly corners: readonly boolean[];
}

/** Where letters without ascenders begin, the line that they stand on, and the end of descenders. */
export const MEAN_LINE = 0.45, BASELINE = 1, DESCENT = 1.35;

/** Points are "x,y" in hundredths; "!" marks a corner. Strokes are separated by "/". */
function letter(path: string): Stroke[] {
  return path.split(" / ").map((stroke) => {
    const points = stroke.split(" ");
    return {
      points: points.map((point) => {
        const [x, y] = point.replace("!", "").split(",");
        return [Number(x) / 100, Number(y) / 100] as const;
      }),
      corners: points.map((point) => point.endsWith("!")),
    };
  });
}

/** The strokes of each letter, the first point at its left. */
export const LETTERS: Readonly<Record<string, readonly Stroke[]>> = {
  a: letter("43,60 25,45 7,55 2,73 8,92 25,100 43,88 / 43,45 43,100"),
  b: letter("5,0 5,100 / 5,60 25,45 43,55 48,73 42,93 25,100 5,88"),
  c: letter("43,55 25,45 7,55 2,73 8,92 25,100 43,92"),
  d: letter("43,0 43,100 / 43,60 25,45 7,55 2,73 8,92 25,100 43,88"),
  e: letter("4,70! 47,70! 42,52 25,45 8,55 2,75 10,94 28,100 45,92"),
  f: letter("35,4 22,0 13,12 13,40 13,100 / 0,45 30,45"),
  g: letter("43,60 25,45 7,55 2,73 8,92 25,100 43,88 / 43,45 43,80 43,118 28,135 6,128"),
  h: letter("5,0 5,100 / 5,65 22,46 40,52 43,70 43,100"),
  i: letter("5,45 5,100 / 5,21 5,25"),
  j: letter("15,45 15,80 15,118 6,134 -4,132 / 15,21 15,25"),
  k: letter("5,0 5,100 / 40,45 5,78 / 17,68 42,100"),
  l: letter("5,0 5,60 8,93 20,100"),
  m: letter("5,45 5,100 / 5,65 18,46 32,50 36,68 36,100 / 36,65 49,46 63,50 67,68 67,100"),
  n: letter("5,45 5,100 / 5,65 22,46 40,52 43,70 43,100"),
  o: letter("25,45 7,54 2,72 8,92 25,100 42,92 48,72 43,54 25,45"),
  p: letter("5,45 5,135 / 5,60 25,45 43,55 48,73 42,93 25,100 5,88"),
  q: letter("43,60 25,45 7,55 2,73 8,92 25,100 43,88 / 43,45 43,135"),
  r: letter("5,45 5,100 / 5,68 15,50 32,46"),
  s: letter("40,53 24,45 7,52 8,65 22,72 38,79 40,92 24,100 3,93"),
  t: letter("14,18 14,60 16,92 26,100 36,97 / 0,45 32,45"),
  u: letter("5,45 5,75 9,94 24,100 40,88 43,75 / 43,45 43,100"),
  v: letter("2,45! 22,100! 42,45"),
  w: letter("2,45! 18,100! 34,50! 50,100! 66,45"),
  x: letter("3,45 42,100 / 42,45 3,100"),
  y: letter("3,45 23,97 / 43,45 15,135"),
  z: letter("4,45! 40,45! 3,100! 43,100"),
};
