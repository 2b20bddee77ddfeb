/**
 * Generated code that brings tiles to Winograd's points and back, four at a time: one a lane, so that each is read and written by a
 * pointer of its own. A square is the 36 vectors of four tiles at the points, side by side: one stretch of memory for each transform,
 * however the products walk.
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
  Constants,
  fourOfPoints,
  gradientsAtPoints,
  points,
  samplesAtPoints,
  tapsAtPoints,
  threeOfPoints,
  tileSize,
  type Transform,
  type Work,
} from "./winograd_points.ts";

/** Bytes of a square, which also is what the two passes of a transform have between them. */
export const squareBytes: number = points * points * 16;
const squareRow = points * 16;

type Lanes = readonly [Local, Local, Local, Local];

/** What the transforms of a function work with, and its constants. */
function workOf(f: FunctionBuilder, e: Element): Work & { readonly constants: Constants } {
  const constants = new Constants(f);
  return { e, pair: vectors(f, 2) as [Local, Local], k: constants.of, constants };
}

function vectors(f: FunctionBuilder, count: number): Local[] {
  return Array.from({ length: count }, () => f.local("v128"));
}

/** Down the columns of the scratch: vectors become values at the points. */
function columnsToPoints(
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

/** A function `(tile0, tile1, tile2, tile3, pitch, out, scratch)`; tiles are six samples wide, or four gradients. */
function tilesToPoints(f: FunctionBuilder, e: Element, size: 4 | 6, transform: Transform): void {
  const [t0, t1, t2, t3, pitch, out, square] = f.params as [...Lanes, Local, Local, Local];
  const tiles = [t0, t1, t2, t3];
  const work = workOf(f, e);
  const { pair } = work;
  const loaded = vectors(f, 4);
  const turned = transpose(e, f, loaded);
  const values = [...turned.columns, ...vectors(f, size - 4)];
  const { count, at } = locals(f, "count", "at");
  const two = (low: Local, high: Local): Code =>
    memoryLane("v128.load64_lane", 16, 1, get(high), memory("v128.load64_zero", 16, get(low)));
  const body: Code[] = [
    set(at, get(square)),
    set(count, i32(size)),
    times(
      count,
      loaded.map((vector, i) => set(vector, memory("v128.load", 0, get(tiles[i]!)))),
      turned.code,
      size === 4 ? [] : [
        set(pair[0], two(t0, t1)),
        set(pair[1], two(t2, t3)),
        set(values[4]!, pick(e, [0, 2, 4, 6], get(pair[0]), get(pair[1]))),
        set(values[5]!, pick(e, [1, 3, 5, 7], get(pair[0]), get(pair[1]))),
      ],
      transform(work, values, (j, value) => memory("v128.store", 16 * j, get(at), value)),
      tiles.map((tile) => advance(tile, get(pitch))),
      advance(at, squareRow),
    ),
    columnsToPoints(
      f,
      work,
      transform,
      values,
      square,
      (i, value) => memory("v128.store", i * squareRow, get(out), value),
      advance(out, 16),
    ),
  ];
  f.emit(work.constants.begin(), ...body);
}

/** A function `(tile0, tile1, tile2, tile3, pitch, out, scratch)` that brings tiles of 6 × 6 samples to a square at `out`. */
export function samples(f: FunctionBuilder, e: Element): void {
  tilesToPoints(f, e, 6, samplesAtPoints);
}

/** The same for tiles of 4 × 4 gradients. */
export function gradients(f: FunctionBuilder, e: Element): void {
  tilesToPoints(f, e, 4, gradientsAtPoints);
}

/** Down the columns of points, each of which `load` puts into the products before `next` moves on, into scratch. */
function columnsOfPoints(
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

/**
 * A function `(square, scratch, tile0, tile1, tile2, tile3, pitch, bias, rectifies)` that writes tiles of 4 × 4 outputs; `bias` is the
 * address of what is added to each.
 */
export function outputs(f: FunctionBuilder, e: Element): void {
  const [from, square, t0, t1, t2, t3, pitch, bias, rectifies] = f.params as [
    Local,
    Local,
    ...Lanes,
    Local,
    Local,
    Local,
  ];
  const tiles = [t0, t1, t2, t3];
  const work = workOf(f, e);
  const products = vectors(f, points);
  const finished = vectors(f, 4);
  const turned = transpose(e, f, finished);
  const [start, floor] = vectors(f, 2) as [Local, Local];
  const count = f.local("i32");
  const body: Code[] = [
    columnsOfPoints(
      f,
      work,
      fourOfPoints,
      products,
      products.map((product, i) => set(product, memory("v128.load", i * squareRow, get(from)))),
      advance(from, 16),
      square,
    ),
    set(start, loadSplat(e, 0, get(bias))),
    set(floor, floorOf(e, get(rectifies))),
    set(count, i32(tileSize)),
    times(
      count,
      products.map((product, j) => set(product, memory("v128.load", 16 * j, get(square)))),
      fourOfPoints(
        work,
        products,
        (j, value) => set(finished[j]!, atLeast(e, add(e, value, get(start)), get(floor))),
      ),
      turned.code,
      turned.columns.map((
        column,
        i,
      ) => [memory("v128.store", 0, get(tiles[i]!), get(column)), advance(tiles[i]!, get(pitch))]),
      advance(square, squareRow),
    ),
  ];
  f.emit(work.constants.begin(), ...body);
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
  const work = workOf(f, e);
  const values = vectors(f, 3);
  const value = f.local("v128");
  const { at, count, offset, column } = locals(f, "at", "count", "offset", "column");
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
                ? memory("v128.load32_zero", 0, get(lane))
                : memoryLane("v128.load32_lane", 0, k, get(lane), code),
            [],
          ),
        ),
        from.lanes.map((lane) => advance(lane, get(tap))),
      ]),
      tapsAtPoints(work, values, (j, value) => memory("v128.store", 16 * j, get(at), value)),
      advance(at, squareRow),
    ),
    columnsToPoints(
      f,
      work,
      tapsAtPoints,
      values,
      square,
      (i, code) => [
        set(offset, addMul(get(column), get(xi), i32(points * i))),
        set(value, code),
        to.lanes.map((lane, k) => storeLane(e, 0, k, op("i32.add", get(lane), get(offset)), get(value))),
      ],
      advance(column, get(xi)),
    ),
  ];
  f.emit(work.constants.begin(), ...body);
}

/**
 * A function `(sums, xi, parts, part, scratch, w, step, count)` that adds up the sums of `parts` parts, `part` bytes apart, and writes the
 * gradients of the nine taps of up to four channels, `step` bytes apart. Values at the points are `xi` bytes apart.
 */
export function tapGradients(f: FunctionBuilder, e: Element): void {
  const [sums, xi, parts, part, scratch, w, step, channels] = f.params as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const to = lanesOf(f, w, step, channels);
  const work = workOf(f, e);
  const products = vectors(f, points);
  const rows = Array.from({ length: points }, () => f.local("i32"));
  const value = f.local("v128");
  const { count, left, offset } = locals(f, "count", "left", "offset");
  const body: Code[] = [
    rows.map((row, i) => set(row, i === 0 ? get(sums) : addMul(get(rows[i - 1]!), get(xi), i32(points)))),
    columnsOfPoints(
      f,
      work,
      threeOfPoints,
      products,
      [
        products.map((product, i) => set(product, memory("v128.load", 0, get(rows[i]!)))),
        set(left, op("i32.sub", get(parts), i32(1))),
        set(offset, get(part)),
        times(
          left,
          products.map((product, i) =>
            set(product, add(e, get(product), memory("v128.load", 0, op("i32.add", get(rows[i]!), get(offset)))))
          ),
          advance(offset, get(part)),
        ),
      ],
      rows.map((row) => advance(row, get(xi))),
      scratch,
    ),
    to.begin,
    set(count, i32(3)),
    times(
      count,
      products.map((product, j) => set(product, memory("v128.load", 16 * j, get(scratch)))),
      threeOfPoints(work, products, (j, code) => [
        set(value, code),
        to.lanes.map((lane, k) => storeLane(e, 4 * j, k, get(lane), get(value))),
      ]),
      to.lanes.map((lane) => advance(lane, 12)),
      advance(scratch, squareRow),
    ),
  ];
  f.emit(work.constants.begin(), ...body);
}
