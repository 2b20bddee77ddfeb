/**
 * Tiles whose right operand is read in place: vectors at fixed columns, with an offset from a table for each step. With the offsets
 * of taps in the table this is a convolution without packing; with those of filters it is the input gradient.
 */
import type { FunctionBuilder, ModuleBuilder } from "../../../../code/module.ts";
import {
  call,
  type Code,
  get,
  i32,
  type Local,
  type Locals,
  memory,
  op,
  set,
  tee,
  when,
  wide,
} from "../../../../code/tree.ts";
import { longEntry, piecesEntry, piecesMask, splitEntry } from "./conv_contributions.ts";
import { columnEntry } from "./conv_geometry.ts";
import { add, type Element, finishing, loadSplat, madd, storeFirst } from "../element.ts";
import { advance, times } from "../loops.ts";
import { eachStep, Tile, tileRows } from "../matmul/register_tile.ts";

/** The vectors of a tile, by its rows: as many sums as fit in registers beside the operands. */
function vectorsOf({ vectorBytes }: Element): readonly number[] {
  if (vectorBytes === 16) return [6, 4, 3, 2, 2];
  return vectorBytes === 32 ? [6, 4, 3, 3, 2, 2] : [6, 6, 6, 6, 5, 4, 4, 3, 3, 2, 2, 2, 2, 2];
}

/**
 * What happens to the result of a tile. "store": row i, which started from the i-th element of `bias`, is written at `out + i ·
 * rows`, with negative elements as zeros if `rectifies`. "add": row i is added at `out` + the i-th offset in the table `rows`; "add
 * masked": only in the lanes of each column's mask; "add split": in the lanes of two masks, at two addresses; "add pieces of 16" and
 * "… of 32": in the lanes of a mask, in pieces of so many bytes, each at its own address; "add first": only so many lanes as the
 * column says.
 */
export type TableMode =
  | "store"
  | "add"
  | "add masked"
  | "add split"
  | "add pieces of 16"
  | "add pieces of 32"
  | "add first";

function entryBytes({ vectorBytes }: Element, mode: TableMode): number {
  if (mode.startsWith("add pieces")) return piecesEntry(vectorBytes);
  if (mode === "add first") return longEntry;
  return mode === "add split" ? splitEntry(vectorBytes) : columnEntry(vectorBytes);
}

/** Moves a piece of 16 or 32 bytes of a wide vector to its low bytes. */
function pieceOf(vector: Local, piece: number, bytes: number): Code {
  if (piece === 0) return get(vector);
  return bytes === 16 ? wide("quarter", piece, get(vector)) : wide("shuffle_pieces", 0xe, get(vector), get(vector));
}

/** `(left, steps, offsets, right, columns, tiles, out, rows, bias, rectifies)`: computes `tiles` adjacent tiles. */
function offsetTableKernel(
  f: FunctionBuilder,
  e: Element,
  rows: number,
  vectors: number,
  mode: TableMode,
  spread: boolean,
): void {
  const [left, steps, offsets, right, columns, tiles, out, outRows, bias, rectifies] = f.params as Locals<10>;
  const tile = new Tile(f, e, rows, vectors);
  const [a, at, count, offset, row, lanes] = [0, 0, 0, 0, 0, 0].map(() => f.local("i32")) as Locals<6>;
  const base = Array.from({ length: vectors }, () => f.local("i32"));
  const target = Array.from({ length: vectors }, () => f.local("i32"));
  const pieces = mode.startsWith("add pieces") ? Array.from({ length: 4 }, () => f.local("i32")) : [];
  const step = (s: number, fromLeft: (row: number) => Code): Code => [
    set(offset, memory("i32.load", 4 * s, get(at))),
    tile.step(fromLeft, (j) => memory("vector.load", 0, op("i32.add", get(base[j]!), get(offset)))),
  ];
  const [finish, finished] = finishing(f, e, rectifies);
  const store = [
    finish,
    Array.from({ length: rows }, (_, i) => [
      target.map((to, j) => memory("vector.store", 0, get(to), finished(get(tile.sum(i, j))))),
      i + 1 < rows ? target.map((to) => advance(to, get(outRows))) : [],
    ]),
  ];
  const { vectorBytes } = e;
  const entry = entryBytes(e, mode);
  /** Adds at the offsets in `word` of the columns' entries, in the lanes of the masks at `mask` unless that is null. */
  const addTo = (word: number, mask: number | null): Code => [
    target.map((local, j) => set(local, op("i32.add", get(out), memory("i32.load", entry * j + word, get(columns))))),
    Array.from({ length: rows }, (_, i) => [
      set(row, memory("i32.load", 4 * i, get(outRows))),
      target.map((to, j) => {
        const sum = get(tile.sum(i, j));
        const added = mask === null
          ? sum
          : op("vector.and", sum, memory("vector.load", entry * j + mask, get(columns)));
        return [
          set(offset, op("i32.add", get(to), get(row))),
          memory("vector.store", 0, get(offset), add(e, memory("vector.load", 0, get(offset)), added)),
        ];
      }),
    ]),
  ];
  const masked = f.local("vector");
  /** Adds pieces of the vectors, each at its own target. */
  const addPieces = (bytes: number): Code => {
    const [load, store] = vectorBytes === 2 * bytes
      ? ["vector.load_half", "vector.store_half"] as const
      : ["vector.load_quarter", "vector.store_quarter"] as const;
    return Array.from({ length: vectors }, (_, j) => [
      pieces.slice(0, vectorBytes / bytes).map((local, piece) =>
        set(local, op("i32.add", get(out), memory("i32.load", entry * j + 4 + 4 * piece, get(columns))))
      ),
      Array.from({ length: rows }, (_, i) => [
        set(row, memory("i32.load", 4 * i, get(outRows))),
        set(masked, op("vector.and", get(tile.sum(i, j)), memory("vector.load", entry * j + piecesMask, get(columns)))),
        pieces.slice(0, vectorBytes / bytes).map((to, piece) => [
          set(offset, op("i32.add", get(to), get(row))),
          memory(store, 0, get(offset), add(e, memory(load, 0, get(offset)), pieceOf(masked, piece, bytes))),
        ]),
      ]),
    ]);
  };
  /**
   * Adds the first lanes. A load after a masked store to the same memory stalls, even where the mask is zero: the vectors of a row
   * are all read before one is written.
   */
  const addFirst = (): Code => [
    set(lanes, memory("i32.load", 8, get(columns))),
    target.map((local, j) => set(local, op("i32.add", get(out), memory("i32.load", entry * j + 4, get(columns))))),
    Array.from({ length: rows }, (_, i) => [
      set(row, memory("i32.load", 4 * i, get(outRows))),
      target.map((to, j) =>
        set(tile.sum(i, j), add(e, memory("vector.load", 0, op("i32.add", get(to), get(row))), get(tile.sum(i, j))))
      ),
      target.map((to, j) => storeFirst(e, 0, op("i32.add", get(to), get(row)), get(tile.sum(i, j)), get(lanes))),
    ]),
  ];
  const finishTile: { readonly [M in TableMode]: () => Code } = {
    store: () => [
      target.map((local, j) => set(local, op("i32.add", get(out), memory("i32.load", entry * j + 4, get(columns))))),
      store,
    ],
    add: () => addTo(4, null),
    "add masked": () => addTo(4, 16),
    // One address after the other, since they may overlap, and a load after a partial store to the same memory stalls.
    "add split": () => [addTo(4, 16), addTo(8, 16 + vectorBytes)],
    "add pieces of 16": () => addPieces(16),
    "add pieces of 32": () => addPieces(32),
    "add first": addFirst,
  };
  f.emit(times(
    tiles,
    base.map((local, j) => set(local, op("i32.add", get(right), memory("i32.load", entry * j, get(columns))))),
    mode === "store"
      ? tile.begin((i, j) => j === 0 ? loadSplat(e, i * e.bytes, get(bias)) : get(tile.sum(i, 0)))
      : tile.clear(),
    set(a, get(left)),
    set(at, get(offsets)),
    eachStep(
      count,
      steps,
      spread,
      (s) => step(s, tile.packed(a, s)),
      step(0, tile.packedOne(a, spread)),
      (n) => [advance(a, tile.packedBytes(n, spread)), advance(at, 4 * n)],
    ),
    finishTile[mode](),
    advance(columns, entry * vectors),
  ));
}

/** The number of steps up to which the weights of a single row (nearly) stay in registers: a depthwise 3 × 3 has nine. */
const fewSteps = 12;

/**
 * `(left, offsets, right, columns, vectors, out, bias, rectifies)`: computes one row of `steps` steps. The only loop is that over
 * the vectors.
 */
function oneRowKernel(f: FunctionBuilder, e: Element, steps: number, spread: boolean): void {
  const [left, offsets, right, columns, vectors, out, bias, rectifies] = f.params as Locals<8>;
  const [finish, finished] = finishing(f, e, rectifies);
  const weights = Array.from({ length: steps }, () => f.local("vector"));
  const distances = Array.from({ length: steps }, () => f.local("i32"));
  const [sum, base] = [f.local("vector"), f.local("i32")];
  f.emit(
    weights.map((weight, k) =>
      set(weight, spread ? memory("vector.load", 16 * k, get(left)) : loadSplat(e, k * e.bytes, get(left)))
    ),
    distances.map((distance, k) => set(distance, memory("i32.load", 4 * k, get(offsets)))),
    times(
      vectors,
      set(base, op("i32.add", get(right), memory("i32.load", 0, get(columns)))),
      set(sum, loadSplat(e, 0, get(bias))),
      weights.map((weight, k) => {
        const value = memory("vector.load", 0, op("i32.add", get(base), get(distances[k]!)));
        return set(sum, madd(e, get(weight), value, get(sum)));
      }),
      finish,
      memory("vector.store", 0, op("i32.add", get(out), memory("i32.load", 4, get(columns))), finished(get(sum))),
      advance(columns, columnEntry(e.vectorBytes)),
    ),
  );
}

/**
 * Adds to a module a function `(left, height, steps, offsets, right, columns, vectors, out, rows, bias, rectifies)` that multiplies
 * a panel of `height` rows by all vectors of the columns.
 */
export function offsetTableKernels(
  module: ModuleBuilder,
  e: Element,
  mode: TableMode,
  spread: boolean,
): FunctionBuilder {
  const ints = (count: number): "i32"[] => new Array<"i32">(count).fill("i32");
  const mostVectors = vectorsOf(e);
  const kernels = Array.from({ length: tileRows(e) }, (_, r) =>
    Array.from({ length: mostVectors[r]! }, (_, v) => {
      const f = module.func(ints(10), [], undefined, e.vectorBytes);
      offsetTableKernel(f, e, r + 1, v + 1, mode, spread);
      return f;
    }));
  const few = mode !== "store" ? [] : Array.from({ length: fewSteps }, (_, s) => {
    const f = module.func(ints(8), [], undefined, e.vectorBytes);
    oneRowKernel(f, e, s + 1, spread);
    return f;
  });
  const f = module.func(ints(11), []);
  const [left, height, steps, offsets, right, columns, vectors, out, rows, bias, rectifies] = f.params as Locals<11>;
  const run = (kernel: FunctionBuilder, count: Code): Code =>
    call(
      kernel,
      ...[left, steps, offsets, right, columns].map(get),
      count,
      ...[out, rows, bias, rectifies].map(get),
    );
  const [tiles, rest] = [f.local("i32"), f.local("i32")];
  f.emit(when(
    op("i32.and", op("i32.eq", get(height), i32(1)), op("i32.le_s", get(steps), i32(few.length))),
    few.map((kernel, s) =>
      when(
        op("i32.eq", get(steps), i32(s + 1)),
        call(kernel, ...[left, offsets, right, columns, vectors, out, bias, rectifies].map(get)),
      )
    ),
    kernels.map((byVectors, r) => {
      const most = mostVectors[r]!;
      return when(op("i32.eq", get(height), i32(r + 1)), [
        set(tiles, op("i32.div_u", get(vectors), i32(most))),
        run(byVectors[most - 1]!, get(tiles)),
        when(tee(rest, op("i32.sub", get(vectors), op("i32.mul", get(tiles), i32(most)))), [
          advance(columns, op("i32.mul", get(tiles), i32(most * entryBytes(e, mode)))),
          byVectors.slice(0, -1).map((kernel, v) => when(op("i32.eq", get(rest), i32(v + 1)), run(kernel, i32(1)))),
        ]),
      ]);
    }),
  ));
  return f;
}
