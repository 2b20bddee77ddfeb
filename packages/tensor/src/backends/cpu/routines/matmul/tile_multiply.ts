/** Generated code that multiplies panels that are packed for tiles. */
import type { FunctionBuilder, ModuleBuilder } from "../../../../code/module.ts";
import {
  branchIf,
  call,
  type Code,
  get,
  i32,
  type Locals,
  loop,
  memory,
  op,
  set,
  when,
  wide,
} from "../../../../code/tree.ts";
import { add, atLeast, type Element, floorOf, loadFirst, storeFirst } from "../element.ts";
import { addMul, advance, least, range, times } from "../loops.ts";
import { type GemmField, gemmParams } from "./gemm_params.ts";
import { blockBytes, blockSteps, panelLines, stepBytes, sumBytes, tileBytes, tileLines } from "./tile_layout.ts";

/**
 * Adds a function `(left, right, out, steps, rows, columns, adds, bias, rectifies, sums, stride, panelBytes)` that multiplies left panels,
 * `panelBytes` apart and with `rows` rows in all, by a right panel, of which `columns` columns are there. `bias` is 0 or the address of
 * one number per column of the panel. `sums` is scratch memory for four tiles.
 */
function panelKernel(module: ModuleBuilder, e: Element): FunctionBuilder {
  const f = module.func(new Array<"i32">(12).fill("i32"), [], undefined, e.vectorBytes);
  const [left, right, out, steps, rows, columns, adds, bias, rectifies, sums, stride, panelBytes] = f
    .params as Locals<12>;
  const names = ["blocks", "count", "x", "y", "row", "first", "second", "from"] as const;
  const [blocks, count, x, y, row, first, second, from] = names.map(() => f.local("i32")) as Locals<8>;
  const biases = [f.local("vector"), f.local("vector")] as const;
  const floor = f.local("vector");
  /** Tiles 0 to 3 are sums, 4 and 5 are of the left panel, 6 and 7 of the right. */
  const product = (down: number, across: number): Code => {
    const tiles = Array.from({ length: down * across }, (_, i) => [Math.floor(i / across), i % across] as const);
    return [
      tiles.map(([i, j]) => wide("tile_zero", 2 * i + j)),
      set(x, get(left)),
      set(y, get(right)),
      set(count, get(blocks)),
      times(
        count,
        Array.from({ length: down }, (_, i) => wide("tile_load", tileBytes * i + 4 + i, get(x))),
        Array.from({ length: across }, (_, j) => wide("tile_load", tileBytes * j + 6 + j, get(y))),
        tiles.map(([i, j]) => wide("tile_multiply", 2 * i + j + 8 * (4 + i) + 64 * (6 + j))),
        advance(x, blockBytes),
        advance(y, blockBytes),
      ),
      // A row of sums of both tiles is 1024 bytes apart, and tiles of the second 16 rows follow.
      tiles.map(([i, j]) => wide("tile_store", tileBytes * (2 * j + i) + 2 * i + j, get(sums))),
    ];
  };
  /** Stores a row of sums: of the left tile, and of the right one if there is any column in it. */
  const finish = (j: number, adding: boolean): Code => {
    const [at, here] = [e.vectorBytes * j, j === 0 ? get(first) : get(second)];
    const sum = add(e, memory("vector.load", 2 * tileBytes * j, get(from)), get(biases[j]!));
    const total = adding ? add(e, loadFirst(e, at, get(out), here), sum) : sum;
    return storeFirst(e, at, get(out), atLeast(e, total, get(floor)), here);
  };
  const finishRows = (across: number, adding: boolean): Code => [
    set(from, get(sums)),
    set(row, least(get(rows), i32(panelLines))),
    times(
      row,
      Array.from({ length: across }, (_, j) => finish(j, adding)),
      advance(from, e.vectorBytes),
      advance(out, get(stride)),
    ),
  ];
  const byAdding = (across: number): Code => when(get(adds), finishRows(across, true), finishRows(across, false));
  const panel = (across: number): Code => [
    when(op("i32.gt_s", get(rows), i32(tileLines)), product(2, across), product(1, across)),
    byAdding(across),
  ];
  f.emit(
    wide("tiles_begin", 0),
    set(blocks, op("i32.div_u", op("i32.add", get(steps), i32(blockSteps - 1)), i32(blockSteps))),
    set(first, least(get(columns), i32(tileLines))),
    set(second, op("i32.sub", get(columns), get(first))),
    set(floor, floorOf(e, get(rectifies))),
    set(count, op("select", i32(e.lanes), i32(0), get(bias))),
    biases.map((vector, j) => set(vector, loadFirst(e, e.vectorBytes * j, get(bias), get(count)))),
    loop(
      when(get(second), panel(2), panel(1)),
      advance(left, get(panelBytes)),
      set(rows, op("i32.sub", get(rows), i32(panelLines))),
      branchIf(0, op("i32.gt_s", get(rows), i32(0))),
    ),
    wide("tiles_end", 0),
  );
  return f;
}

/**
 * Adds a function `(params, left panels, right panels, out, i0, i1, j0, j1, scratch, bias)`, as `multiply` is, for operands that are
 * packed for tiles. `rights` packs a right panel just before use.
 */
export function multiplyTiles(module: ModuleBuilder, e: Element, rights: FunctionBuilder): FunctionBuilder {
  const kernel = panelKernel(module, e);
  const f = module.func(new Array<"i32">(10).fill("i32"), []);
  const [p, left, right, out, i0, i1, j0, j1, scratch, bias] = f.params as Locals<10>;
  const names = ["j", "from", "steps", "panel", "rows", "columns", "target", "own"] as const;
  const [j, from, steps, panel, rows, columns, target, own] = names.map(() => f.local("i32")) as Locals<8>;
  const field = (name: GemmField): Code => gemmParams.read(p, name);
  const panelBytes = op("i32.mul", field("kPadded"), i32(stepBytes));
  const rowBytes = panelLines * e.bytes;
  f.emit(
    set(left, addMul(get(left), get(i0), panelBytes)),
    set(out, addMul(get(out), op("i32.mul", get(i0), i32(panelLines)), field("outStride"))),
    set(rows, least(op("i32.mul", get(i1), i32(panelLines)), field("m"))),
    set(rows, op("i32.sub", get(rows), op("i32.mul", get(i0), i32(panelLines)))),
    loop(
      set(steps, least(op("i32.sub", field("k"), get(from)), field("depth"))),
      range(
        j,
        get(j0),
        get(j1),
        1,
        set(columns, op("i32.sub", field("n"), op("i32.mul", get(j), i32(panelLines)))),
        set(columns, least(get(columns), i32(panelLines))),
        set(target, addMul(get(out), get(j), i32(rowBytes))),
        when(
          field("inTurn"),
          [
            set(panel, op("i32.add", get(scratch), i32(sumBytes))),
            call(rights, get(p), get(right), get(panel), get(j), get(from), get(steps)),
          ],
          set(panel, addMul(addMul(get(right), get(j), panelBytes), get(from), i32(stepBytes))),
        ),
        set(own, addMul(get(bias), get(j), i32(rowBytes))),
        call(
          kernel,
          addMul(get(left), get(from), i32(stepBytes)),
          get(panel),
          get(target),
          get(steps),
          get(rows),
          get(columns),
          op("i32.or", get(from), field("adds")),
          op("select", get(own), i32(0), op("i32.and", op("i32.ne", get(bias), i32(0)), op("i32.eqz", get(from)))),
          op("i32.and", field("rectifies"), op("i32.ge_s", op("i32.add", get(from), get(steps)), field("k"))),
          get(scratch),
          field("outStride"),
          panelBytes,
        ),
      ),
      set(from, op("i32.add", get(from), field("depth"))),
      branchIf(0, op("i32.lt_s", get(from), field("k"))),
    ),
  );
  return f;
}
