/** The two passes of Winograd's transforms in two dimensions: down the columns, with what lies between the passes in scratch memory. */
import { type Code, type FunctionBuilder, get, type Local, memory, set } from "../../../wasm/assembler.ts";
import type { Element } from "./element.ts";
import { Constants, points, type Transform, type Work } from "./winograd_points.ts";

/** Bytes of a square, which also is what the two passes of a transform have between them. */
export const squareBytes: number = points * points * 16;
/** Bytes of a row of it. */
export const squareRow: number = points * 16;

/** Something for each lane. */
export type Lanes = readonly [Local, Local, Local, Local];

/** What the transforms of a function work with, and its constants, which are to be begun before all else. */
export function workOf(f: FunctionBuilder, e: Element): Work & { readonly constants: Constants } {
  const constants = new Constants(f);
  return { e, pair: vectors(f, 2) as [Local, Local], k: constants.of, constants };
}

/** New locals. */
export function vectors(f: FunctionBuilder, count: number): Local[] {
  return Array.from({ length: count }, () => f.local("v128"));
}

/** Down the columns of the scratch, which become columns at the points. Written out: loops take 7% longer. */
export function columnsToPoints(
  work: Work,
  transform: Transform,
  values: readonly Local[],
  scratch: Local,
  store: (row: number, column: number, value: Code) => Code,
): Code {
  return Array.from({ length: points }, (_, column) => [
    values.map((value, i) => set(value, memory("v128.load", i * squareRow + 16 * column, get(scratch)))),
    transform(work, values, (row, value) => store(row, column, value)),
  ]);
}

/** Down the columns of points, each of which `load` puts into the products, into scratch. */
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
      (row, value) => memory("v128.store", row * squareRow + 16 * column, get(scratch), value),
    ),
  ]);
}
