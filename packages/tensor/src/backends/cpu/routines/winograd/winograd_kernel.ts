/** Products of panels of transformed tiles: rows of filters by tiles or channels, two vectors at a time. */
import type { FunctionBuilder, ModuleBuilder } from "../../../../code/module.ts";
import { type Code, get, i32, type Locals, memory, op, set, when } from "../../../../code/tree.ts";
import { type Element, loadSplat, splatLane } from "../element.ts";
import { advance, locals, times } from "../loops.ts";
import { eachStep, Tile, tileVectors } from "../matmul/register_tile.ts";
import { squareBytes } from "./winograd_passes.ts";

/**
 * Adds to a module a function `(left, right, out, steps, panels, rightPanel, outPanel)` that multiplies a packed left panel of
 * `rows` rows by `panels` right panels, `rightPanel` bytes apart. Each step of a right panel is a vector from each of two adjacent
 * squares, and so are the products of each row. With `vectors` 1, the second square is left out.
 */
export function tileKernel(
  module: ModuleBuilder,
  e: Element,
  rows: number,
  vectors: 1 | 2 = tileVectors,
): FunctionBuilder {
  const f = module.func(new Array<"i32">(7).fill("i32"), [], undefined, e.vectorBytes);
  const [left, right, out, steps, panels, rightPanel, outPanel] = f.params as Locals<7>;
  const tile = new Tile(f, e, rows, vectors);
  const { count, at, panel } = locals(f, "count", "at", "panel");
  const square = squareBytes(e);
  const step = square * tileVectors;
  f.emit(
    times(
      panels,
      set(panel, get(left)),
      set(at, get(right)),
      tile.clear(),
      eachStep(
        count,
        steps,
        false,
        (s) => tile.step(tile.packed(panel, s), (j) => memory("vector.load", s * step + square * j, get(at))),
        tile.step(tile.packedOne(panel, false), (j) => memory("vector.load", square * j, get(at))),
        (n) => [advance(panel, tile.packedBytes(n, false)), advance(at, n * step)],
      ),
      Array.from(
        { length: rows },
        (_, i) =>
          Array.from(
            { length: vectors },
            (_, j) => memory("vector.store", i * step + j * square, get(out), get(tile.sum(i, j))),
          ),
      ),
      advance(right, get(rightPanel)),
      advance(out, get(outPanel)),
    ),
  );
  return f;
}

/**
 * Adds to a module a function `(left, right, out, steps, stride, panels, quad, adds)` that multiplies gradients of `rows` filters
 * (lanes from each of `steps` adjacent squares) by `panels` panels of samples of `vectors` vectors of channels (likewise; the
 * squares of vectors are `quad` bytes apart). Products are adjacent, with rows `stride` bytes apart. If `adds` is not 0, they are added to
 * the present values.
 */
export function gradKernel(
  module: ModuleBuilder,
  e: Element,
  rows: number = 4,
  vectors: 1 | 2 = tileVectors,
): FunctionBuilder {
  const f = module.func(new Array<"i32">(8).fill("i32"), [], undefined, e.vectorBytes);
  const [left, right, out, steps, stride, panels, quad, adds] = f.params as Locals<8>;
  const tile = new Tile(f, e, rows, vectors);
  const { count, at, next, panel, row } = locals(f, "count", "at", "next", "panel", "row");
  const lefts = f.local("vector");
  const rights = [at, next].slice(0, vectors);
  const [square, { vectorBytes }] = [squareBytes(e), e];
  const byRow = (each: (row: number, vector: number) => Code): Code => [
    set(row, get(out)),
    Array.from({ length: rows }, (_, i) => [
      Array.from({ length: vectors }, (_, j) => each(i, j)),
      i + 1 < rows ? advance(row, get(stride)) : [],
    ]),
  ];
  const step = (s: number): Code =>
    tile.step(
      (i) =>
        vectorBytes > 16 ? loadSplat(e, s * square + i * e.bytes, get(panel)) : [
          i === 0 ? set(lefts, memory("vector.load", s * square, get(panel))) : [],
          splatLane(e, i, lefts),
        ],
      (j) => memory("vector.load", s * square, get(rights[j]!)),
    );
  f.emit(
    times(
      panels,
      set(panel, get(left)),
      set(at, get(right)),
      set(next, op("i32.add", get(right), get(quad))),
      when(
        get(adds),
        byRow((i, j) => set(tile.sum(i, j), memory("vector.load", vectorBytes * j, get(row)))),
        tile.clear(),
      ),
      eachStep(
        count,
        steps,
        false,
        step,
        step(0),
        (n) => [panel, ...rights].map((pointer) => advance(pointer, n * square)),
      ),
      byRow((i, j) => memory("vector.store", vectorBytes * j, get(row), get(tile.sum(i, j)))),
      set(
        right,
        vectors === 1
          ? op("i32.add", get(right), get(quad))
          : op("i32.add", get(next), op("i32.sub", get(quad), op("i32.mul", get(steps), i32(square)))),
      ),
      advance(out, vectorBytes * vectors),
    ),
  );
  return f;
}
