/** Generated code for rows of windows: sums of rows, and selection of elements from adjacent vectors. */
import type { FunctionBuilder } from "../../../../code/module.ts";
import { type Code, get, i32, type Local, memory, op, set, when } from "../../../../code/tree.ts";
import { add, type Element, loadOne, pick, zeros } from "../element.ts";
import { advance, times } from "../loops.ts";

/** The number of rows up to which their sum is unrolled. */
const mostRows = 8;

/** Vectors that hold `span` adjacent elements. The last one ends with them, so that nothing beyond is read. */
export interface Span {
  readonly vectors: readonly Local[];
  /** The index of each vector's first element. */
  readonly starts: readonly number[];
}

/** Creates the locals for a span of at least a vector. */
export function spanOf(f: FunctionBuilder, { lanes }: Element, span: number): Span {
  const count = Math.ceil(span / lanes);
  return {
    vectors: Array.from({ length: count }, () => f.local("vector")),
    starts: Array.from({ length: count }, (_, i) => Math.min(i * lanes, span - lanes)),
  };
}

/** A lane of a span's vector. */
interface Place {
  readonly vector: number;
  readonly lane: number;
}

/** A vector of a span's elements by index, with zero for null. */
export function picked(e: Element, { vectors, starts }: Span, numbers: readonly (number | null)[]): Code {
  if (numbers.every((n) => n === null)) return zeros;
  const straight = starts.findIndex((start) => numbers.every((n, lane) => n === start + lane));
  if (straight >= 0) return get(vectors[straight]!);
  const zero = vectors.length;
  const places = numbers.map((n): Place => {
    if (n === null) return { vector: zero, lane: 0 };
    const vector = starts.findIndex((start) => n >= start && n < start + e.lanes);
    return { vector, lane: n - starts[vector]! };
  });
  const used = [...new Set(places.map(({ vector }) => vector))];
  const source = (vector: number): Code => vector === zero ? zeros : get(vectors[vector]!);
  let result = source(used[0]!);
  if (used.length === 1) return pick(e, places.map(({ lane }) => lane), result, result);
  for (let i = 1; i < used.length; i++) {
    const lanes = places.map(({ vector, lane }, position) =>
      vector === used[i] ? e.lanes + lane : i === 1 && vector === used[0] ? lane : position
    );
    result = pick(e, lanes, result, source(used[i]!));
  }
  return result;
}

/** Rows at a constant distance: the address of elements in the first row, the number of rows, and the bytes between rows. */
export interface Rows {
  readonly at: Local;
  readonly count: Local;
  readonly step: Local;
  /** The number of rows for which the code is unrolled. */
  readonly usual: number;
}

/** Sets the span's vectors to the sums of the rows' elements, or to zeros without rows. */
export function sumRows(
  f: FunctionBuilder,
  e: Element,
  { vectors, starts }: Span,
  { at, count, step, usual }: Rows,
  width: "vector" | "element" = "vector",
): Code {
  const [row, left] = [f.local("i32"), f.local("i32")];
  const load = (i: number): Code =>
    width === "element" ? loadOne(e, 0, get(row)) : memory("vector.load", starts[i]! * e.bytes, get(row));
  const more: Code = vectors.map((vector, i) => set(vector, add(e, get(vector), load(i))));
  const any: Code = [
    vectors.map((vector) => set(vector, zeros)),
    set(left, get(count)),
    times(left, more, advance(row, get(step))),
  ];
  const start = set(row, get(at));
  if (usual > mostRows) return [start, any];
  const first: Code = vectors.map((vector, i) => set(vector, load(i)));
  const others = Array.from({ length: usual - 1 }, () => [advance(row, get(step)), more]);
  const single = usual === 2 ? when(op("i32.eq", get(count), i32(1)), first, any) : any;
  return [start, when(op("i32.eq", get(count), i32(usual)), [first, others], single)];
}
