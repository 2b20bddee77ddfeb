/**
 * Generated code that brings tiles to Winograd's points and back, four at a time: one a lane, so that each is read and written by a
 * pointer of its own. Values at the points lie `xi` bytes apart.
 */
import {
  type Code,
  type FunctionBuilder,
  get,
  i32,
  type Local,
  memory,
  memoryLane,
  op,
  set,
} from "../../../wasm/assembler.ts";
import { add, atLeast, type Element, floorOf, loadSplat, pick, storeLane } from "./element.ts";
import { addMul, advance, locals, times } from "./loops.ts";
import { transpose } from "./pack.ts";
import {
  fourOfPoints,
  gradientsAtPoints,
  points,
  samplesAtPoints,
  tapsAtPoints,
  threeOfPoints,
  tileSize,
} from "./winograd_points.ts";

/** Bytes of the square of vectors between the two passes of a transform. */
export const squareBytes: number = points * points * 16;
const squareRow = points * 16;

type Lanes = readonly [Local, Local, Local, Local];
type Transform = typeof samplesAtPoints;

function vectors(f: FunctionBuilder, count: number): Local[] {
  return Array.from({ length: count }, () => f.local("v128"));
}

/** Down the columns of the square: `rows` vectors each become values at the points, `xi` bytes apart from `out` on. */
function columnsToPoints(
  f: FunctionBuilder,
  e: Element,
  transform: Transform,
  values: readonly Local[],
  pair: readonly [Local, Local],
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
      transform(e, values, pair, store),
      next,
      advance(square, 16),
    ),
  ];
}

/** Pointers to the rows of points from `out` on, and what moves them to the next column. */
function rowsOfPoints(f: FunctionBuilder, out: Local, xi: Local): { begin: Code; rows: readonly Local[]; next: Code } {
  const rows = Array.from({ length: points }, () => f.local("i32"));
  return {
    begin: rows.map((row, i) => set(row, i === 0 ? get(out) : addMul(get(rows[i - 1]!), get(xi), i32(points)))),
    rows,
    next: rows.map((row) => advance(row, get(xi))),
  };
}

/** A function `(tile0, tile1, tile2, tile3, pitch, out, xi, square)`; tiles are six samples wide, or four gradients. */
function tilesToPoints(f: FunctionBuilder, e: Element, size: 4 | 6, transform: Transform): void {
  const [t0, t1, t2, t3, pitch, out, xi, square] = f.params as [...Lanes, Local, Local, Local, Local];
  const tiles = [t0, t1, t2, t3];
  const [loaded, pair] = [vectors(f, 4), vectors(f, 2) as [Local, Local]];
  const turned = transpose(e, f, loaded);
  const rest = vectors(f, size - 4);
  const count = f.local("i32");
  const at = f.local("i32");
  const two = (low: Local, high: Local): Code =>
    memoryLane("v128.load64_lane", 16, 1, get(high), memory("v128.load64_zero", 16, get(low)));
  const { begin, rows, next } = rowsOfPoints(f, out, xi);
  f.emit(
    set(at, get(square)),
    set(count, i32(size)),
    times(
      count,
      loaded.map((vector, i) => set(vector, memory("v128.load", 0, get(tiles[i]!)))),
      turned.code,
      size === 4 ? [] : [
        set(pair[0], two(t0, t1)),
        set(pair[1], two(t2, t3)),
        set(rest[0]!, pick(e, [0, 2, 4, 6], get(pair[0]), get(pair[1]))),
        set(rest[1]!, pick(e, [1, 3, 5, 7], get(pair[0]), get(pair[1]))),
      ],
      transform(e, [...turned.columns, ...rest], pair, (j, value) => memory("v128.store", 16 * j, get(at), value)),
      tiles.map((tile) => advance(tile, get(pitch))),
      advance(at, squareRow),
    ),
    begin,
    columnsToPoints(
      f,
      e,
      transform,
      [...turned.columns, ...rest],
      pair,
      square,
      (i, value) => memory("v128.store", 0, get(rows[i]!), value),
      next,
    ),
  );
}

/** A function `(tile0, tile1, tile2, tile3, pitch, out, xi, square)` for tiles of 6 × 6 samples. */
export function samples(f: FunctionBuilder, e: Element): void {
  tilesToPoints(f, e, 6, samplesAtPoints);
}

/** The same for tiles of 4 × 4 gradients. */
export function gradients(f: FunctionBuilder, e: Element): void {
  tilesToPoints(f, e, 4, gradientsAtPoints);
}

/** Down the columns of points, into a square of so many rows. */
function columnsOfPoints(
  f: FunctionBuilder,
  e: Element,
  transform: Transform,
  products: readonly Local[],
  pair: readonly [Local, Local],
  from: Local,
  xi: Local,
  square: Local,
): Code {
  const count = f.local("i32");
  const at = f.local("i32");
  const { begin, rows, next } = rowsOfPoints(f, from, xi);
  return [
    begin,
    set(at, get(square)),
    set(count, i32(points)),
    times(
      count,
      products.map((product, i) => set(product, memory("v128.load", 0, get(rows[i]!)))),
      transform(e, products, pair, (i, value) => memory("v128.store", i * squareRow, get(at), value)),
      next,
      advance(at, 16),
    ),
  ];
}

/**
 * A function `(products, xi, square, tile0, tile1, tile2, tile3, pitch, bias, rectifies)` that writes tiles of 4 × 4 outputs; `bias`
 * is the address of what is added to each.
 */
export function outputs(f: FunctionBuilder, e: Element): void {
  const [from, xi, square, t0, t1, t2, t3, pitch, bias, rectifies] = f.params as [
    Local,
    Local,
    Local,
    ...Lanes,
    Local,
    Local,
    Local,
  ];
  const tiles = [t0, t1, t2, t3];
  const [products, pair] = [vectors(f, points), vectors(f, 2) as [Local, Local]];
  const finished = vectors(f, 4);
  const turned = transpose(e, f, finished);
  const [start, floor] = vectors(f, 2) as [Local, Local];
  const count = f.local("i32");
  f.emit(
    columnsOfPoints(f, e, fourOfPoints, products, pair, from, xi, square),
    set(start, loadSplat(e, 0, get(bias))),
    set(floor, floorOf(e, get(rectifies))),
    set(count, i32(tileSize)),
    times(
      count,
      products.map((product, j) => set(product, memory("v128.load", 16 * j, get(square)))),
      fourOfPoints(
        e,
        products,
        pair,
        (j, value) => set(finished[j]!, atLeast(e, add(e, value, get(start)), get(floor))),
      ),
      turned.code,
      turned.columns.map((
        column,
        i,
      ) => [memory("v128.store", 0, get(tiles[i]!), get(column)), advance(tiles[i]!, get(pitch))]),
      advance(square, squareRow),
    ),
  );
}

/** Pointers for four lanes `step` bytes apart, those beyond the first `count` at the last of them. */
function lanesOf(f: FunctionBuilder, from: Local, step: Local, count: Local): { begin: Code; lanes: Lanes } {
  const lanes = Array.from({ length: 4 }, () => f.local("i32")) as unknown as Lanes;
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
 * A function `(w, step, tap, count, out, outStep, xi, square)` that brings the nine taps of up to four filters to the points: taps are
 * `tap` bytes apart, filters `step`, and their values at a point `outStep`.
 */
export function taps(f: FunctionBuilder, e: Element): void {
  const [w, step, tap, filters, out, outStep, xi, square] = f.params as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const from = lanesOf(f, w, step, filters);
  const to = lanesOf(f, out, outStep, filters);
  const [values, pair] = [vectors(f, 3), vectors(f, 2) as [Local, Local]];
  const value = f.local("v128");
  const { at, count, offset, column } = locals(f, "at", "count", "offset", "column");
  f.emit(
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
                ? memory("v128.load32_zero", 0, get(lane))
                : memoryLane("v128.load32_lane", 0, k, get(lane), code),
            [],
          ),
        ),
        from.lanes.map((lane) => advance(lane, get(tap))),
      ]),
      tapsAtPoints(e, values, pair, (j, value) => memory("v128.store", 16 * j, get(at), value)),
      advance(at, squareRow),
    ),
    columnsToPoints(
      f,
      e,
      tapsAtPoints,
      values,
      pair,
      square,
      (i, code) => [
        set(offset, addMul(get(column), get(xi), i32(points * i))),
        set(value, code),
        to.lanes.map((lane, k) => storeLane(e, 0, k, op("i32.add", get(lane), get(offset)), get(value))),
      ],
      advance(column, get(xi)),
    ),
  );
}

/**
 * A function `(sums, xi, square, w, step, count)` that writes the nine taps' gradients of up to four channels, `step` bytes apart, side
 * by side.
 */
export function tapGradients(f: FunctionBuilder, e: Element): void {
  const [from, xi, square, w, step, channels] = f.params as [Local, Local, Local, Local, Local, Local];
  const to = lanesOf(f, w, step, channels);
  const [products, pair] = [vectors(f, points), vectors(f, 2) as [Local, Local]];
  const value = f.local("v128");
  const count = f.local("i32");
  f.emit(
    columnsOfPoints(f, e, threeOfPoints, products, pair, from, xi, square),
    to.begin,
    set(count, i32(3)),
    times(
      count,
      products.map((product, j) => set(product, memory("v128.load", 16 * j, get(square)))),
      threeOfPoints(e, products, pair, (j, code) => [
        set(value, code),
        to.lanes.map((lane, k) => storeLane(e, 4 * j, k, get(lane), get(value))),
      ]),
      to.lanes.map((lane) => advance(lane, 12)),
      advance(square, squareRow),
    ),
  );
}
