/**
 * Tiles whose rows are adjacent output positions of a convolution and whose vectors are filters. No lanes are wasted if the length
 * of output rows is not a multiple of a vector's, and tiles of five rows use the registers well, whereas sixteen filters as rows
 * give only tiles of four.
 */
import type { FunctionBuilder, ModuleBuilder } from "../../../../code/module.ts";
import { call, type Code, get, i32, type Locals, memory, op, set, when } from "../../../../code/tree.ts";
import { type ConvGeometry, type ImageLayout } from "./conv_geometry.ts";
import { type Element, finishing, loadSplat, splatLane, storeFirst, storeLane } from "../element.ts";
import { advance, times } from "../loops.ts";
import { transpose } from "../matmul/pack.ts";
import { panelsOf } from "../matmul/panels.ts";
import { eachStep, Tile, tileRows } from "../matmul/register_tile.ts";

/** The bytes of an entry of {@link positionRuns}. */
export const positionEntry = 32;

/**
 * A table of runs of at most `most` positions that cover every row. Each has the byte offsets of its image position and of its
 * output, and its length.
 */
export function positionRuns(
  g: ConvGeometry,
  image: ImageLayout,
  bytes: number,
  most: number,
): { readonly table: Int32Array; readonly count: number } {
  const [od, oh, ow] = g.output;
  const { count, tall, height } = panelsOf(ow, most);
  const words = positionEntry / 4;
  const table = new Int32Array(od * oh * count * words);
  let at = 0;
  for (let z = 0; z < od; z++) {
    for (let y = 0; y < oh; y++) {
      for (let i = 0; i < count; i++, at += words) {
        const x = i * height + Math.min(i, tall);
        table[at] = image.position(z, y, x);
        table[at + 1] = ((z * oh + y) * ow + x) * bytes;
        table[at + 2] = height + (i < tall ? 1 : 0);
      }
    }
  }
  return { table, count: od * oh * count };
}

/**
 * `(weights, steps, offsets, right, out, filter, bias, rectifies)`: computes one run of positions. `out` is the address of the
 * first filter's output; filters are `filter` bytes apart. See TableMode for `bias` and `rectifies`.
 */
function positionKernel(f: FunctionBuilder, e: Element, rows: number, vectors: 1 | 2): void {
  const [weights, steps, offsets, right, out, filter, bias, rectifies] = f.params as Locals<8>;
  const [finish, finished] = finishing(f, e, rectifies);
  const tile = new Tile(f, e, rows, vectors);
  const [count, at] = [f.local("i32"), f.local("i32")];
  const values = f.local("vector");
  const { vectorBytes } = e;
  const pitch = vectorBytes * vectors;
  const whole = rows - rows % e.lanes;
  // Vectors of positions are loaded, and broadcast by shuffles. A fifth position is the last lane of a vector that ends with it.
  const positions = (row: number): Code => {
    const load = (first: number): Code => set(values, memory("vector.load", first * e.bytes, get(at)));
    if (vectorBytes > 16) return loadSplat(e, row * e.bytes, get(at));
    if (row < whole) return [row % e.lanes === 0 ? load(row) : [], splatLane(e, row % e.lanes, values)];
    if (row >= e.lanes) return [load(row - e.lanes + 1), splatLane(e, e.lanes - 1, values)];
    return loadSplat(e, row * e.bytes, get(at));
  };
  const step = (s: number): Code => [
    set(at, op("i32.add", get(right), memory("i32.load", 4 * s, get(offsets)))),
    tile.step(positions, (j) => memory("vector.load", s * pitch + vectorBytes * j, get(weights))),
  ];
  const store: Code[] = [set(at, get(out)), finish];
  // Wide vectors are stored by squares of lanes too, of which the last one is incomplete.
  for (let j = 0; vectorBytes > 16 && j < vectors; j++) {
    const lines = f.local("i32");
    for (let first = 0; first < rows; first += e.lanes) {
      const count = Math.min(e.lanes, rows - first);
      const sums = Array.from({ length: e.lanes }, (_, i) => tile.sum(first + Math.min(i, count - 1), j));
      const { code, columns } = transpose(e, f, sums);
      store.push(set(lines, get(at)), code);
      for (const column of columns) {
        const [offset, value] = [first * e.bytes, finished(get(column))];
        store.push(
          count === e.lanes
            ? memory("vector.store", offset, get(lines), value)
            : storeFirst(e, offset, get(lines), value, i32(count)),
          advance(lines, get(filter)),
        );
      }
    }
    store.push(set(at, get(lines)));
  }
  for (let j = 0; vectorBytes === 16 && j < vectors; j++) {
    const squares = Array.from({ length: whole / e.lanes }, (_, square) => {
      const sums = Array.from({ length: e.lanes }, (_, i) => tile.sum(square * e.lanes + i, j));
      return transpose(e, f, sums);
    });
    store.push(squares.map(({ code }) => code));
    for (let lane = 0; lane < e.lanes; lane++) {
      squares.forEach(({ columns }, square) =>
        store.push(memory("vector.store", square * 16, get(at), finished(get(columns[lane]!))))
      );
      for (let row = whole; row < rows; row++) {
        store.push(storeLane(e, row * e.bytes, lane, get(at), finished(get(tile.sum(row, j)))));
      }
      store.push(advance(at, get(filter)));
    }
  }
  f.emit(
    tile.begin((_, j) => memory("vector.load", vectorBytes * j, get(bias))),
    eachStep(count, steps, false, step, step(0), (n) => [advance(weights, n * pitch), advance(offsets, 4 * n)]),
    store,
  );
}

/**
 * Adds to a module a function `(weights, height, steps, offsets, right, runs, count, out, filter, bias, rectifies)` for a panel of
 * filters (one per lane of `vectors` vectors) and `count` runs of the table `runs`. `height` is unused.
 */
export function positionKernels(module: ModuleBuilder, e: Element, vectors: 1 | 2): FunctionBuilder {
  const ints = (count: number): "i32"[] => new Array<"i32">(count).fill("i32");
  const kernels = Array.from({ length: tileRows(e) }, (_, r) => {
    const f = module.func(ints(8), [], undefined, e.vectorBytes);
    positionKernel(f, e, r + 1, vectors);
    return f;
  });
  const f = module.func(ints(11), []);
  const [weights, , steps, offsets, right, runs, count, out, filter, bias, rectifies] = f.params as Locals<11>;
  const height = f.local("i32");
  f.emit(times(
    count,
    set(height, memory("i32.load", 8, get(runs))),
    kernels.map((kernel, r) =>
      when(
        op("i32.eq", get(height), i32(r + 1)),
        call(
          kernel,
          get(weights),
          get(steps),
          get(offsets),
          op("i32.add", get(right), memory("i32.load", 0, get(runs))),
          op("i32.add", get(out), memory("i32.load", 4, get(runs))),
          get(filter),
          get(bias),
          get(rectifies),
        ),
      )
    ),
    advance(runs, positionEntry),
  ));
  return f;
}
