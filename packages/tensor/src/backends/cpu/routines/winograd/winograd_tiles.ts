/**
 * Generated code that transforms tiles to Winograd's points and back, four at a time: one per lane, each with its own pointer. A
 * square is the 36 vectors of four transformed tiles. It is contiguous, so that each transform accesses one block of memory,
 * whatever the order of the products.
 */
import type { FunctionBuilder } from "../../../../code/module.ts";
import { type Code, get, type Local, type Locals, memory, memoryLane, set } from "../../../../code/tree.ts";
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

/** A function `(tile0, tile1, tile2, tile3, pitch, out, scratch)` that transforms tiles of six samples or four gradients a side. */
function tilesToPoints(f: FunctionBuilder, e: Element, size: 4 | 6, transform: Transform): void {
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
        (j, value) => memory("vector.store", i * squareRow + 16 * j, get(square), value),
      ),
      i + 1 < size ? tiles.map((tile) => advance(tile, get(pitch))) : [],
    ]),
    columnsToPoints(
      work,
      transform,
      values,
      square,
      (row, column, value) => memory("vector.store", row * squareRow + 16 * column, get(out), value),
    ),
  ];
  f.emit(work.constants.begin(), ...body);
}

/** A function `(tile0, tile1, tile2, tile3, pitch, out, scratch)` that transforms tiles of 6 × 6 samples to a square at `out`. */
export function samples(f: FunctionBuilder, e: Element): void {
  tilesToPoints(f, e, 6, samplesAtPoints);
}

/** The same for tiles of 4 × 4 gradients. */
export function gradients(f: FunctionBuilder, e: Element): void {
  tilesToPoints(f, e, 4, gradientsAtPoints);
}
/**
 * A function `(square, scratch, tile0, tile1, tile2, tile3, pitch, bias, rectifies)` that writes tiles of 4 × 4 outputs. `bias` is
 * the address of a vector that is added to each output.
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
  const [start, floor] = vectors(f, 2) as Locals<2>;
  const body: Code[] = [
    columnsOfPoints(
      work,
      fourOfPoints,
      products,
      (column) =>
        products.map((product, i) => set(product, memory("vector.load", i * squareRow + 16 * column, get(from)))),
      square,
    ),
    set(start, loadSplat(e, 0, get(bias))),
    set(floor, floorOf(e, get(rectifies))),
    Array.from({ length: tileSize }, (_, i) => [
      products.map((product, j) => set(product, memory("vector.load", i * squareRow + 16 * j, get(square)))),
      fourOfPoints(
        work,
        products,
        (j, value) => set(finished[j]!, atLeast(e, add(e, value, get(start)), get(floor))),
      ),
      turned.code,
      turned.columns.map((column, k) => memory("vector.store", 0, get(tiles[k]!), get(column))),
      i + 1 < tileSize ? tiles.map((tile) => advance(tile, get(pitch))) : [],
    ]),
  ];
  f.emit(work.constants.begin(), ...body);
}
