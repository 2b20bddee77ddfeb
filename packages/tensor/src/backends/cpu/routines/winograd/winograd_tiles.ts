/**
 * Generated code that transforms tiles to Winograd's points and back, four at a time or more: one per lane, each with its own pointer.
 * A square is the 36 vectors of these transformed tiles. It is contiguous, so that each transform accesses one block of memory,
 * whatever the order of the products.
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
import { add, atLeast, type Element, floorOf, loadSplat, pick } from "../element.ts";
import { advance } from "../loops.ts";
import { transpose } from "../matmul/pack.ts";
import { columnsOfPoints, columnsToPoints, type Lanes, squareRow, vectors, workOf } from "./winograd_passes.ts";
import {
  fourOfPoints,
  gradientsAtPoints,
  points,
  samplesAtPoints,
  tileSize,
  type Transform,
} from "./winograd_points.ts";

/**
 * The parameters that name tiles: four pointers, or for wide vectors `(offsets, base, count)`: a table of offsets from `base`, of
 * which there are `count`. Lanes beyond them have the last tile.
 */
export function tileParameters({ vectorBytes }: Element): number {
  return vectorBytes === 16 ? 4 : 3;
}

/**
 * Pointers to the tiles of all lanes, the code that sets them, and the other parameters. If tiles are `adjacent`, four pointers to as
 * many adjacent tiles as a vector has pieces of 16 bytes.
 */
function tilesOf(
  f: FunctionBuilder,
  e: Element,
  from: number,
  adjacent: boolean,
): { tiles: readonly Local[]; begin: Code; rest: Local[] } {
  const named = f.params.slice(from, from + tileParameters(e));
  const rest = [...f.params.slice(0, from), ...f.params.slice(from + tileParameters(e))];
  if (e.vectorBytes === 16) return { tiles: named, begin: [], rest };
  const [offsets, base, count] = named as unknown as Locals<3>;
  const each = adjacent ? e.vectorBytes / 16 : 1;
  const tiles = Array.from({ length: e.lanes / each }, () => f.local("i32"));
  const begin = tiles.map((tile, k) => [
    k === 0 ? [] : advance(offsets, op("select", i32(4 * each), i32(0), op("i32.gt_s", get(count), i32(k * each)))),
    set(tile, op("i32.add", get(base), memory("i32.load", 0, get(offsets)))),
  ]);
  return { tiles, begin, rest };
}

/** Transposes quads of lanes: lane j of piece p of `rows[i]` becomes lane i of piece p of `columns[j]`. Wide vectors only. */
function transposeQuads(f: FunctionBuilder, rows: readonly Local[], columns: readonly Local[]): Code {
  const [a, b, c, d] = rows.map(get) as [Code, Code, Code, Code];
  const code = (["zip_low32", "zip_high32"] as const).map((zip, i): Code => {
    const [p, q] = [f.local("vector"), f.local("vector")];
    return [
      set(p, wide(zip, 0, a, b)),
      set(q, wide(zip, 0, c, d)),
      columns.length > 2 * i
        ? [
          set(columns[2 * i]!, wide("zip_low64", 0, get(p), get(q))),
          set(columns[2 * i + 1]!, wide("zip_high64", 0, get(p), get(q))),
        ]
        : [],
    ];
  });
  return columns.length > 2 ? code : code[0]!;
}

/** {@link transposeQuads} to new locals. */
function quadsOf(
  f: FunctionBuilder,
  rows: readonly Local[],
): { readonly code: Code; readonly columns: readonly Local[] } {
  const columns = vectors(f, 4);
  return { code: transposeQuads(f, rows, columns), columns };
}

/**
 * A function `(tiles…, pitch, out, scratch)` that transforms tiles of six samples or four gradients a side. Of `adjacent` tiles, lane
 * 4 · p + i of a square has piece p of pointer i.
 */
function wideTilesToPoints(
  f: FunctionBuilder,
  e: Element,
  size: 4 | 6,
  transform: Transform,
  adjacent: boolean,
): void {
  const { tiles, begin, rest } = tilesOf(f, e, 0, adjacent);
  const [pitch, out, square] = rest as unknown as Locals<3>;
  const work = workOf(f, e);
  const quads = vectors(f, 4);
  const values = vectors(f, size);
  const pieces = e.vectorBytes / 16;
  const load = pieces === 4 ? "vector.load_quarter" : "vector.load_half";
  /** Vector i has in piece p the samples of tile 4 · p + i, or the piece of pointer i. */
  const loadQuads = (offset: number): Code => {
    if (adjacent) return quads.map((quad, i) => set(quad, memory("vector.load", offset, get(tiles[i]!))));
    return Array.from({ length: pieces }, (_, p) =>
      quads.map((quad, i) => {
        const piece = memory(load, offset, get(tiles[4 * p + i]!));
        return set(quad, p === 0 ? piece : wide("with_quarter", p, get(quad), piece));
      }));
  };
  const body: Code[] = [
    begin,
    Array.from({ length: size }, (_, i) => [
      loadQuads(0),
      transposeQuads(f, quads, values.slice(0, 4)),
      size === 4 ? [] : [loadQuads(16), transposeQuads(f, quads, values.slice(4))],
      transform(
        work,
        values,
        (j, value) => memory("vector.store", i * squareRow(e) + e.vectorBytes * j, get(square), value),
      ),
      i + 1 < size ? tiles.map((tile) => advance(tile, get(pitch))) : [],
    ]),
    columnsToPoints(
      work,
      transform,
      values,
      square,
      (row, column, value) => memory("vector.store", row * squareRow(e) + e.vectorBytes * column, get(out), value),
    ),
  ];
  f.emit(work.constants.begin(), ...body);
}

/** The same for vectors of 16 bytes. */
function tilesToPoints(f: FunctionBuilder, e: Element, size: 4 | 6, transform: Transform, adjacent: boolean): void {
  if (e.vectorBytes > 16) return wideTilesToPoints(f, e, size, transform, adjacent);
  const [t0, t1, t2, t3, pitch, out, square] = f.params as [...Lanes, Local, Local, Local];
  const tiles = [t0, t1, t2, t3];
  const work = workOf(f, e);
  const { pair } = work;
  const loaded = vectors(f, 4);
  const turned = transpose(e, f, loaded);
  const values = [...turned.columns, ...vectors(f, size - 4)];
  const two = (low: Local, high: Local): Code =>
    memoryLane("vector.load64_lane", 16, 1, get(high), memory("vector.load_half", 16, get(low)));
  const body: Code[] = [
    Array.from({ length: size }, (_, i) => [
      loaded.map((vector, k) => set(vector, memory("vector.load", 0, get(tiles[k]!)))),
      turned.code,
      size === 4 ? [] : [
        set(pair[0], two(t0, t1)),
        set(pair[1], two(t2, t3)),
        set(values[4]!, pick(e, [0, 2, 4, 6], get(pair[0]), get(pair[1]))),
        set(values[5]!, pick(e, [1, 3, 5, 7], get(pair[0]), get(pair[1]))),
      ],
      transform(
        work,
        values,
        (j, value) => memory("vector.store", i * squareRow(e) + e.vectorBytes * j, get(square), value),
      ),
      i + 1 < size ? tiles.map((tile) => advance(tile, get(pitch))) : [],
    ]),
    columnsToPoints(
      work,
      transform,
      values,
      square,
      (row, column, value) => memory("vector.store", row * squareRow(e) + e.vectorBytes * column, get(out), value),
    ),
  ];
  f.emit(work.constants.begin(), ...body);
}

/**
 * A function `(tiles…, pitch, out, scratch)` that transforms tiles of 6 × 6 samples to a square at `out`.
 *
 * @param adjacent whether as many tiles are adjacent as a wide vector has pieces of 16 bytes. {@link outputs} must then be so too.
 */
export function samples(f: FunctionBuilder, e: Element, adjacent: boolean = false): void {
  tilesToPoints(f, e, 6, samplesAtPoints, adjacent);
}

/** The same for tiles of 4 × 4 gradients. */
export function gradients(f: FunctionBuilder, e: Element): void {
  tilesToPoints(f, e, 4, gradientsAtPoints, false);
}
/**
 * A function `(square, scratch, tiles…, pitch, bias, rectifies)` that writes tiles of 4 × 4 outputs. `bias` is
 * the address of a vector that is added to each output.
 */
export function outputs(f: FunctionBuilder, e: Element, adjacent: boolean = false): void {
  const { tiles, begin, rest } = tilesOf(f, e, 2, adjacent);
  const [from, square, pitch, bias, rectifies] = rest as unknown as Locals<5>;
  const work = workOf(f, e);
  const products = vectors(f, points);
  const finished = vectors(f, 4);
  const { vectorBytes } = e;
  const turned = vectorBytes > 16 ? quadsOf(f, finished) : transpose(e, f, finished);
  /** Stores the outputs of a tile, or of adjacent ones. */
  const store = (tile: Local, k: number): Code => {
    if (vectorBytes === 16 || adjacent) return memory("vector.store", 0, get(tile), get(turned.columns[k]!));
    const column = get(turned.columns[k % 4]!);
    return memory(
      vectorBytes === 64 ? "vector.store_quarter" : "vector.store_half",
      0,
      get(tile),
      k < 4 ? column : wide("quarter", k >> 2, column),
    );
  };
  const [start, floor] = vectors(f, 2) as Locals<2>;
  const body: Code[] = [
    begin,
    columnsOfPoints(
      work,
      fourOfPoints,
      products,
      (column) =>
        products.map((product, i) =>
          set(product, memory("vector.load", i * squareRow(e) + e.vectorBytes * column, get(from)))
        ),
      square,
    ),
    set(start, loadSplat(e, 0, get(bias))),
    set(floor, floorOf(e, get(rectifies))),
    Array.from({ length: tileSize }, (_, i) => [
      products.map((product, j) =>
        set(product, memory("vector.load", i * squareRow(e) + e.vectorBytes * j, get(square)))
      ),
      fourOfPoints(
        work,
        products,
        (j, value) => set(finished[j]!, atLeast(e, add(e, value, get(start)), get(floor))),
      ),
      turned.code,
      tiles.map(store),
      i + 1 < tileSize ? tiles.map((tile) => advance(tile, get(pitch))) : [],
    ]),
  ];
  f.emit(work.constants.begin(), ...body);
}
