/**
 * Generated code that transforms taps to Winograd's points, and gradients of taps back, for four filters or channels at once, one
 * per lane.
 */
import type { FunctionBuilder } from "../../../../code/module.ts";
import {
  type Code,
  get,
  i32,
  type Local,
  type Locals,
  memory,
  memoryLane,
  op,
  set,
  wide,
} from "../../../../code/tree.ts";
import { add, type Element, storeLane } from "../element.ts";
import { addMul, advance, locals, times } from "../loops.ts";
import { columnsOfPoints, columnsToPoints, squareRow, vectors, workOf } from "./winograd_passes.ts";
import { points, tapsAtPoints, threeOfPoints } from "./winograd_points.ts";

/** Pointers for lanes, `step` bytes apart. Lanes beyond the first `count` point to the last of these. */
function lanesOf(
  f: FunctionBuilder,
  from: Local,
  step: Local,
  count: Local,
  length: number = 4,
): { begin: Code; lanes: readonly Local[] } {
  const lanes = Array.from({ length }, () => f.local("i32"));
  const begin = lanes.map((lane, k) =>
    set(
      lane,
      k === 0 ? get(from) : op(
        "i32.add",
        get(lanes[k - 1]!),
        op("select", get(step), i32(0), op("i32.gt_s", get(count), i32(k))),
      ),
    )
  );
  return { begin, lanes };
}

/**
 * A function `(w, step, tap, count, out, outStep, xi, square)` that transforms the nine taps of up to four filters. Taps are `tap`
 * bytes apart, filters `step` bytes, and their values at a point `outStep` bytes.
 */
export function taps(f: FunctionBuilder, e: Element): void {
  const [w, step, tap, filters, out, outStep, xi, square] = f.params as Locals<8>;
  const from = lanesOf(f, w, step, filters);
  const to = lanesOf(f, out, outStep, filters);
  const work = workOf(f, e);
  const values = vectors(f, 3);
  const value = f.local("vector");
  const { at, count, offset } = locals(f, "at", "count", "offset");
  const body: Code[] = [
    from.begin,
    to.begin,
    set(at, get(square)),
    set(count, i32(3)),
    times(
      count,
      values.map((vector) => [
        set(
          vector,
          from.lanes.reduce<Code>(
            (code, lane, k) =>
              k === 0
                ? memory("vector.load_quarter", 0, get(lane))
                : memoryLane("vector.load32_lane", 0, k, get(lane), code),
            [],
          ),
        ),
        from.lanes.map((lane) => advance(lane, get(tap))),
      ]),
      tapsAtPoints(work, values, (j, value) => memory("vector.store", 16 * j, get(at), value)),
      advance(at, squareRow(e)),
    ),
    columnsToPoints(
      work,
      tapsAtPoints,
      values,
      square,
      (row, column, code) => [
        set(offset, op("i32.mul", get(xi), i32(points * row + column))),
        set(value, code),
        to.lanes.map((lane, k) => storeLane(e, 0, k, op("i32.add", get(lane), get(offset)), get(value))),
      ],
    ),
  ];
  f.emit(work.constants.begin(), ...body);
}

/**
 * A function `(w, step, tap, count, out, xi, square)` that transforms the nine taps of as many filters as a wide vector has lanes, or
 * fewer. The filters' values at a point are adjacent.
 */
export function wideTaps(f: FunctionBuilder, e: Element): void {
  const [w, step, tap, filters, out, xi, square] = f.params as Locals<7>;
  const from = lanesOf(f, w, step, filters, e.lanes);
  const work = workOf(f, e);
  const values = vectors(f, 3);
  const quad = f.local("vector");
  const { at, count } = locals(f, "at", "count");
  /** One tap of each filter. */
  const load = (value: Local): Code =>
    Array.from({ length: e.lanes / 4 }, (_, p) => [
      set(
        quad,
        from.lanes.slice(4 * p, 4 * p + 4).reduce<Code>(
          (code, lane, k) =>
            k === 0
              ? memory("vector.load32_splat", 0, get(lane))
              : memoryLane("vector.load32_lane", 0, k, get(lane), code),
          [],
        ),
      ),
      set(value, p === 0 ? get(quad) : wide("with_quarter", p, get(value), get(quad))),
    ]);
  const body: Code[] = [
    from.begin,
    set(at, get(square)),
    set(count, i32(3)),
    times(
      count,
      values.map((value) => [load(value), from.lanes.map((lane) => advance(lane, get(tap)))]),
      tapsAtPoints(work, values, (j, value) => memory("vector.store", e.vectorBytes * j, get(at), value)),
      advance(at, squareRow(e)),
    ),
    columnsToPoints(
      work,
      tapsAtPoints,
      values,
      square,
      (row, column, code) =>
        wide("store_first32", 0, addMul(get(out), get(xi), i32(points * row + column)), code, get(filters)),
    ),
  ];
  f.emit(work.constants.begin(), ...body);
}

/**
 * A function `(sums, xi, parts, part, scratch, w, step, count)` that adds up the sums of `parts` parts, `part` bytes apart, and
 * writes the gradients of the nine taps of up to four channels, `step` bytes apart. Values at different points are `xi` bytes
 * apart.
 */
export function tapGradients(f: FunctionBuilder, e: Element): void {
  const [sums, xi, parts, part, scratch, w, step, channels] = f.params as Locals<8>;
  const to = lanesOf(f, w, step, channels);
  const work = workOf(f, e);
  const products = vectors(f, points);
  const rows = Array.from({ length: points }, () => f.local("i32"));
  const value = f.local("vector");
  const { count, left, offset } = locals(f, "count", "left", "offset");
  const body: Code[] = [
    rows.map((row, i) => set(row, i === 0 ? get(sums) : addMul(get(rows[i - 1]!), get(xi), i32(points)))),
    columnsOfPoints(
      work,
      threeOfPoints,
      products,
      () => [
        products.map((product, i) => set(product, memory("vector.load", 0, get(rows[i]!)))),
        set(left, op("i32.sub", get(parts), i32(1))),
        set(offset, get(part)),
        times(
          left,
          products.map((product, i) =>
            set(product, add(e, get(product), memory("vector.load", 0, op("i32.add", get(rows[i]!), get(offset)))))
          ),
          advance(offset, get(part)),
        ),
        rows.map((row) => advance(row, get(xi))),
      ],
      scratch,
    ),
    to.begin,
    set(count, i32(3)),
    times(
      count,
      products.map((product, j) => set(product, memory("vector.load", 16 * j, get(scratch)))),
      threeOfPoints(work, products, (j, code) => [
        set(value, code),
        to.lanes.map((lane, k) => storeLane(e, 4 * j, k, get(lane), get(value))),
      ]),
      to.lanes.map((lane) => advance(lane, 12)),
      advance(scratch, squareRow(e)),
    ),
  ];
  f.emit(work.constants.begin(), ...body);
}
