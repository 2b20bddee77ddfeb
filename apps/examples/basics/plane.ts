/** The plane in which this folder's classifiers are drawn. */
import { linspace, meshgrid, stack, type Tensor, tidy } from "@heddle/tensor";
import type { Field } from "../runner/pictures/plane_plot.ts";

/** The centres of `cells` × `cells` cells of a square centred at zero, row by row from the bottom up: [cells², 2]. */
export function planeGrid(side: number, cells: number): Tensor {
  const end = side / 2 * (1 - 1 / cells), along = linspace(-end, end, cells);
  const [y, x] = meshgrid([along, along], { indexing: "ij" }) as [Tensor, Tensor];
  return stack([x.flatten(), y.flatten()], 1);
}

/** The values of `score` on the square, from 0 for the first class to 1 for the second, with the boundary at 0.5. */
export function classField(side: number, cells: number, score: (x: Tensor) => Tensor): Field {
  const values = tidy(() => score(planeGrid(side, cells)).toTypedArray("float32"));
  return { values, columns: cells, rows: cells, colours: "classes", contours: [0.5] };
}

/** Points [n, 2] of two classes (`y` [n], 0 or 1) in the form that a plot takes. */
export function classPoints(
  x: Tensor,
  y: Tensor,
  names: readonly [string, string] = ["class 0", "class 1"],
): { name: string; x: number[]; y: number[] }[] {
  return names.map((name, label) => {
    const own = x.at(y.eq(label));
    return { name, x: own.at(":", 0).toArray<number[]>(), y: own.at(":", 1).toArray<number[]>() };
  });
}
