/** Products of panels that Winograd's tiles were brought to: rows of filters by tiles or channels, two vectors at a time. */
import {
  type Code,
  type FunctionBuilder,
  get,
  type Local,
  memory,
  type ModuleBuilder,
  set,
  when,
} from "../../../wasm/assembler.ts";
import type { Element } from "./element.ts";
import { advance, locals, times } from "./loops.ts";
import { eachStep, Tile, tileVectors } from "./tile.ts";

/**
 * Adds to a module a function `(left, right, out, steps, stride, panels, rightStep, adds)` that multiplies a left panel of so many rows by
 * `panels` panels of two vectors a step, `rightStep` bytes apart. Products come side by side, rows `stride` apart; where `adds` is not 0
 * they are added to what is there.
 */
export function panelKernel(module: ModuleBuilder, e: Element, rows: number): FunctionBuilder {
  const f = module.func(new Array<"i32">(8).fill("i32"), []);
  const [left, right, out, steps, stride, panels, rightStep, adds] = f.params as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const tile = new Tile(f, e, rows, tileVectors);
  const { count, at, panel, row } = locals(f, "count", "at", "panel", "row");
  const step = 16 * tileVectors;
  const byRow = (each: (row: number, vector: number) => Code): Code => [
    set(row, get(out)),
    Array.from({ length: rows }, (_, i) => [
      Array.from({ length: tileVectors }, (_, j) => each(i, j)),
      i + 1 < rows ? advance(row, get(stride)) : [],
    ]),
  ];
  f.emit(
    times(
      panels,
      set(panel, get(left)),
      set(at, get(right)),
      when(
        get(adds),
        byRow((i, j) => set(tile.sum(i, j), memory("v128.load", 16 * j, get(row)))),
        tile.clear(),
      ),
      eachStep(
        count,
        steps,
        false,
        (s) => tile.step(tile.packed(panel, s), (j) => memory("v128.load", s * step + 16 * j, get(at))),
        tile.step(tile.packedOne(panel, false), (j) => memory("v128.load", 16 * j, get(at))),
        (n) => [advance(panel, tile.packedBytes(n, false)), advance(at, n * step)],
      ),
      byRow((i, j) => memory("v128.store", 16 * j, get(row), get(tile.sum(i, j)))),
      advance(right, get(rightStep)),
      advance(out, step),
    ),
  );
  return f;
}
