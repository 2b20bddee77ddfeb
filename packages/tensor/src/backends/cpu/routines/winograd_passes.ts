/** The two passes of Winograd's transforms in two dimensions: down the columns, with what lies between the passes in scratch memory. */
import { type Code, type FunctionBuilder, get, i32, type Local, memory, set } from "../../../wasm/assembler.ts";
import type { Element } from "./element.ts";
import { advance, locals, times } from "./loops.ts";
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

/** Down the columns of the scratch: vectors become values at the points. */
export function columnsToPoints(
  f: FunctionBuilder,
  work: Work,
  transform: Transform,
  values: readonly Local[],
  square: Local,
  store: (row: number, value: Code) => Code,
  next: Code,
): Code {
  const count = f.local("i32");
  return [
    set(count, i32(points)),
    times(
      count,
      values.map((value, i) => set(value, memory("v128.load", i * squareRow, get(square)))),
      transform(work, values, store),
      next,
      advance(square, 16),
    ),
  ];
}
/** Down the columns of points, each of which `load` puts into the products before `next` moves on, into scratch. */
export function columnsOfPoints(
  f: FunctionBuilder,
  work: Work,
  transform: Transform,
  products: readonly Local[],
  load: Code,
  next: Code,
  scratch: Local,
): Code {
  const { count, at } = locals(f, "count", "at");
  return [
    set(at, get(scratch)),
    set(count, i32(points)),
    times(
      count,
      load,
      transform(work, products, (i, value) => memory("v128.store", i * squareRow, get(at), value)),
      next,
      advance(at, 16),
    ),
  ];
}
