/** The two passes of Winograd's transforms in two dimensions. Both transform columns; scratch memory holds the intermediate results. */
import type { FunctionBuilder } from "../../../../code/module.ts";
import { type Code, get, type Local, memory, set } from "../../../../code/tree.ts";
import type { Element } from "../element.ts";
import { Constants, points, type Transform, type Work } from "./winograd_points.ts";

/** The bytes of a square, and of the intermediate results of a transform. */
export function squareBytes({ vectorBytes }: Pick<Element, "vectorBytes">): number {
  return points * points * vectorBytes;
}
/** The bytes of a row of a square. */
export function squareRow({ vectorBytes }: Pick<Element, "vectorBytes">): number {
  return points * vectorBytes;
}

/** A local for each lane. */
export type Lanes = readonly [Local, Local, Local, Local];

/** The locals of a function's transforms, and its constants, which must be set before all other code. */
export function workOf(f: FunctionBuilder, e: Element): Work & { readonly constants: Constants } {
  const constants = new Constants(f);
  return { e, pair: vectors(f, 2) as [Local, Local], k: constants.of, constants };
}

/** New locals. */
export function vectors(f: FunctionBuilder, count: number): Local[] {
  return Array.from({ length: count }, () => f.local("vector"));
}

/** Transforms the columns in scratch memory to columns at the points. Unrolled: loops take 7% longer. */
export function columnsToPoints(
  work: Work,
  transform: Transform,
  values: readonly Local[],
  scratch: Local,
  store: (row: number, column: number, value: Code) => Code,
): Code {
  return Array.from({ length: points }, (_, column) => [
    values.map((value, i) =>
      set(value, memory("vector.load", i * squareRow(work.e) + work.e.vectorBytes * column, get(scratch)))
    ),
    transform(work, values, (row, value) => store(row, column, value)),
  ]);
}

/** Transforms the columns of points back, into scratch memory. `load` loads a column into the products. */
export function columnsOfPoints(
  work: Work,
  transform: Transform,
  products: readonly Local[],
  load: (column: number) => Code,
  scratch: Local,
): Code {
  return Array.from({ length: points }, (_, column) => [
    load(column),
    transform(
      work,
      products,
      (row, value) =>
        memory("vector.store", row * squareRow(work.e) + work.e.vectorBytes * column, get(scratch), value),
    ),
  ]);
}
