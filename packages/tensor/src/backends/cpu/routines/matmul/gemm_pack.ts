/** Generated code that packs the operands of matrix products into panels. */
import type { FunctionBuilder } from "../../../../code/module.ts";
import { call, type Code, get, i32, type Locals, memory, op, set, when, wide } from "../../../../code/tree.ts";
import type { Element } from "../element.ts";
import { type GemmField, gemmParams, rightPitch } from "./gemm_params.ts";
import { addMul, advance, least, range, times } from "../loops.ts";
import { clear, packed } from "./pack.ts";
import { firstRow, rowsOf } from "./panels.ts";
import { tileVectors } from "./register_tile.ts";

/** `(params, source, panels, from, to)`: packs left panels. */
export function packLeft(f: FunctionBuilder, e: Element, pack: FunctionBuilder): void {
  const [p, source, panels, from, to] = f.params as Locals<5>;
  const [i, row, rows] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const field = (name: GemmField): Code => gemmParams.read(p, name);
  f.emit(range(
    i,
    get(from),
    get(to),
    1,
    set(row, firstRow(i, field("tall"), field("height"))),
    set(rows, rowsOf(i, field("tall"), field("height"))),
    call(
      pack,
      addMul(get(source), get(row), field("leftM")),
      field("leftM"),
      field("leftK"),
      field("k"),
      get(rows),
      addMul(get(panels), op("i32.mul", get(row), field("kPadded")), i32(e.bytes)),
      op("i32.mul", get(rows), i32(e.bytes)),
    ),
  ));
}

/** How many rows ahead the panels' lines are fetched. */
const fetchedRows = 4;

/**
 * `(params, source, target, from, to)`: packs whole right panels, from rows that are contiguous. Rows are read across all of these
 * panels, since memory is fastest in long runs: a panel alone takes two cache lines of each.
 */
export function packRightRows(f: FunctionBuilder, e: Element): void {
  const [p, source, target, from, to] = f.params as Locals<5>;
  const names = ["row", "first", "x", "y", "steps", "panels", "panelBytes"] as const;
  const [row, first, x, y, steps, panels, panelBytes] = names.map(() => f.local("i32")) as Locals<7>;
  const field = (name: GemmField): Code => gemmParams.read(p, name);
  const pitch = rightPitch(e);
  f.emit(
    set(panelBytes, op("i32.mul", field("kPadded"), i32(pitch))),
    set(row, addMul(get(source), get(from), i32(pitch))),
    set(first, addMul(get(target), get(from), get(panelBytes))),
    set(steps, field("k")),
    times(
      steps,
      set(x, get(row)),
      set(y, get(first)),
      set(panels, op("i32.sub", get(to), get(from))),
      times(
        panels,
        Array.from(
          { length: Math.ceil(pitch / 64) },
          (_, i) => wide("prefetch_written", fetchedRows * pitch + 64 * i, get(y)),
        ),
        Array.from(
          { length: tileVectors },
          (_, i) => {
            const vector = packed(f, e, memory("vector.load", i * e.vectorBytes, get(x)));
            return memory("vector.store", i * e.vectorBytes, get(y), vector);
          },
        ),
        advance(x, pitch),
        advance(y, get(panelBytes)),
      ),
      advance(row, field("rightK")),
      advance(first, pitch),
    ),
  );
}

/** `(params, source, target, panel, from, steps)`: packs steps of a right panel. The last panel is padded with zeros. */
export function packRight(f: FunctionBuilder, e: Element, pack: FunctionBuilder): void {
  const [p, source, target, panel, from, steps] = f.params as Locals<6>;
  const [columns, at, bytes] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const field = (name: GemmField): Code => gemmParams.read(p, name);
  const width = tileVectors * e.lanes;
  f.emit(
    set(columns, op("i32.sub", field("n"), op("i32.mul", get(panel), i32(width)))),
    set(columns, least(get(columns), i32(width))),
    when(op("i32.lt_s", get(columns), i32(width)), [
      set(at, get(target)),
      set(bytes, op("i32.mul", get(steps), i32(rightPitch(e)))),
      clear(e, at, bytes),
    ]),
    call(
      pack,
      addMul(
        addMul(get(source), op("i32.mul", get(panel), i32(width)), field("rightN")),
        get(from),
        field("rightK"),
      ),
      field("rightN"),
      field("rightK"),
      get(steps),
      get(columns),
      get(target),
      i32(rightPitch(e)),
    ),
  );
}
