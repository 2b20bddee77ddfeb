/** What detectors of objects do with their boxes. */
import type { Tensor } from "@heddle/tensor";
import type { Call } from "./call.ts";
import { int, type Operators } from "./operator.ts";

/** A box by its corners, and its area. */
interface Box {
  readonly low: readonly [number, number];
  readonly high: readonly [number, number];
  readonly area: number;
}

/** A box from two opposite corners `[y, x, y, x]`, or from its centre and size `[x, y, width, height]`. */
function boxOf([a, b, c, d]: readonly [number, number, number, number], centred: boolean): Box {
  const [low, high] = centred
    ? [[b - d / 2, a - c / 2], [b + d / 2, a + c / 2]]
    : [[Math.min(a, c), Math.min(b, d)], [Math.max(a, c), Math.max(b, d)]];
  return { low, high, area: (high[0]! - low[0]!) * (high[1]! - low[1]!) } as unknown as Box;
}

/** The area of the intersection by that of the union. */
function overlap(a: Box, b: Box): number {
  const extent = ([0, 1] as const).map((d) =>
    Math.max(0, Math.min(a.high[d], b.high[d]) - Math.max(a.low[d], b.low[d]))
  );
  const common = extent[0]! * extent[1]!;
  return common === 0 ? 0 : common / (a.area + b.area - common);
}

/** Of each image and class the best boxes that overlap no better one by more than a threshold: `[image, class, box]`. */
function nonMaxSuppression(c: Call): Tensor {
  const [images, count] = c.raw(0).shape as [number, number, number];
  const classes = c.raw(1).shape[1]!;
  const [boxes, scores] = [c.numbers(0), c.numbers(1)];
  const [most, limit] = [c.number(2, 0), c.number(3, 0)];
  const least = c.has(4) ? c.number(4) : -Infinity;
  const centred = c.num("center_point_box") === 1;
  const chosen: number[] = [];
  for (let image = 0; image < images; image++) {
    const all = Array.from({ length: count }, (_, i) => {
      const at = 4 * (image * count + i);
      return boxOf([boxes[at]!, boxes[at + 1]!, boxes[at + 2]!, boxes[at + 3]!], centred);
    });
    for (let each = 0; each < classes; each++) {
      const score = (i: number): number => scores[(image * classes + each) * count + i]!;
      const order = all.map((_, i) => i).filter((i) => score(i) > least).sort((i, j) => score(j) - score(i));
      const kept: number[] = [];
      for (const i of order) {
        if (kept.length >= most) break;
        if (kept.every((j) => overlap(all[i]!, all[j]!) <= limit)) kept.push(i);
      }
      for (const i of kept) chosen.push(image, each, i);
    }
  }
  return c.hostInts(chosen).reshape([chosen.length / 3, 3]);
}

/** The operators of detectors. */
export const detection: Operators = {
  NonMaxSuppression: {
    10: {
      inputs: [2, 5],
      attributes: { center_point_box: int(0) },
      numbers: [0, 1, 2, 3, 4],
      note: "computed on the host",
      run: nonMaxSuppression,
    },
  },
};
