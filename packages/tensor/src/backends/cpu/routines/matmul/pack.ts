/** Packing: copies operands with any strides into panels, which tiles read sequentially. */
import type { FunctionBuilder, ModuleBuilder } from "../../../../code/module.ts";
import {
  branchIf,
  type Code,
  get,
  i32,
  i32x,
  type Local,
  type Locals,
  loop,
  memory,
  op,
  set,
  tee,
  when,
} from "../../../../code/tree.ts";
import { type Element, loadSplat, pick, splatLane } from "../element.ts";
import { advance, times } from "../loops.ts";

/** Transposes a square of lanes: lane j of `rows[i]` becomes lane i of `columns[j]`. */
export function transpose(
  e: Element,
  f: FunctionBuilder,
  rows: readonly Local[],
): { code: Code; columns: readonly Local[] } {
  const columns = rows.map(() => f.local("vector"));
  if (e.lanes === 2) {
    const [a, b] = rows as Locals<2>;
    const code = [
      set(columns[0]!, pick(e, [0, 2], get(a), get(b))),
      set(columns[1]!, pick(e, [1, 3], get(a), get(b))),
    ];
    return { code, columns };
  }
  const [a, b, c, d] = rows as Locals<4>;
  const [p, q, r, s] = rows.map(() => f.local("vector")) as Locals<4>;
  const code = [
    set(p, pick(e, [0, 4, 1, 5], get(a), get(b))),
    set(q, pick(e, [2, 6, 3, 7], get(a), get(b))),
    set(r, pick(e, [0, 4, 1, 5], get(c), get(d))),
    set(s, pick(e, [2, 6, 3, 7], get(c), get(d))),
    set(columns[0]!, pick(e, [0, 1, 4, 5], get(p), get(r))),
    set(columns[1]!, pick(e, [2, 3, 6, 7], get(p), get(r))),
    set(columns[2]!, pick(e, [0, 1, 4, 5], get(q), get(s))),
    set(columns[3]!, pick(e, [2, 3, 6, 7], get(q), get(s))),
  ];
  return { code, columns };
}

/**
 * Adds to a module a function `(from, line, inner, steps, lines, to, pitch)` that writes `lines` adjacent elements for each of
 * `steps` steps, `pitch` bytes apart. In the source, lines are `line` bytes apart and steps `inner` bytes.
 */
export function packPanel(module: ModuleBuilder, e: Element): FunctionBuilder {
  const f = module.func(new Array<"i32">(7).fill("i32"), []);
  const [from, line, inner, steps, lines, to, pitch] = f.params as Locals<7>;
  const [source, target, count] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const scalar = e.bytes === 4 ? "i32" : "i64";
  const begin = [set(source, get(from)), set(target, get(to)), set(count, get(steps))];
  const moveLine = [
    begin,
    times(
      count,
      memory(`${scalar}.store`, 0, get(target), memory(`${scalar}.load`, 0, get(source))),
      advance(source, get(inner)),
      advance(target, get(pitch)),
    ),
  ];
  /** For a source whose lines are adjacent in memory. */
  const moveVectors = (vectors: number): Code => [
    begin,
    times(
      count,
      Array.from(
        { length: vectors },
        (_, i) => memory("vector.store", 16 * i, get(target), memory("vector.load", 16 * i, get(source))),
      ),
      advance(source, get(inner)),
      advance(target, get(pitch)),
    ),
  ];
  /** For a source whose steps are adjacent in memory: transposes squares, and copies the rest one by one. */
  const moveSquares = (): Code => {
    const rows = Array.from({ length: e.lanes }, () => f.local("vector"));
    const at = rows.map(() => f.local("i32"));
    const turned = transpose(e, f, rows);
    return [
      begin,
      at.map((pointer, i) => set(pointer, i === 0 ? get(from) : op("i32.add", get(at[i - 1]!), get(line)))),
      set(count, op("i32.div_u", get(steps), i32(e.lanes))),
      times(
        count,
        rows.map((row, i) => [set(row, memory("vector.load", 0, get(at[i]!))), advance(at[i]!, 16)]),
        turned.code,
        turned.columns.map((column) => [
          memory("vector.store", 0, get(target), get(column)),
          advance(target, get(pitch)),
        ]),
      ),
      set(count, op("i32.rem_u", get(steps), i32(e.lanes))),
      times(
        count,
        at.map((pointer, i) => [
          memory(`${scalar}.store`, i * e.bytes, get(target), memory(`${scalar}.load`, 0, get(pointer))),
          advance(pointer, e.bytes),
        ]),
        advance(target, get(pitch)),
      ),
    ];
  };
  const next = (count: number): Code => [
    set(from, op("i32.add", get(from), op("i32.mul", i32(count), get(line)))),
    advance(to, count * e.bytes),
    set(lines, op("i32.sub", get(lines), i32(count))),
  ];
  const left = (count: number): Code => op("i32.ge_s", get(lines), i32(count));
  const more = (count: number, body: Code): Code =>
    when(left(count), loop(body, next(count), branchIf(0, left(count))));
  f.emit(
    when(op("i32.eq", get(line), i32(e.bytes)), [
      more(2 * e.lanes, moveVectors(2)),
      more(e.lanes, moveVectors(1)),
    ]),
    when(op("i32.eq", get(inner), i32(e.bytes)), more(e.lanes, moveSquares())),
    more(1, moveLine),
  );
  return f;
}

/** Zeros `bytes` bytes (a multiple of 16) at a pointer. Changes both locals. */
export function clear(pointer: Local, bytes: Local): Code {
  return when(
    get(bytes),
    loop(
      memory("vector.store", 0, get(pointer), i32x(0)),
      advance(pointer, 16),
      branchIf(0, tee(bytes, op("i32.sub", get(bytes), i32(16)))),
    ),
  );
}

/** Adds a function `(from, to, count)` to a module, which writes each of `count` elements once per lane. */
export function spreadPanel(module: ModuleBuilder, e: Element): FunctionBuilder {
  const f = module.func(["i32", "i32", "i32"], []);
  const [from, to, count] = f.params as Locals<3>;
  const vectors = f.local("i32");
  const values = f.local("vector");
  f.emit(
    set(vectors, op("i32.div_u", get(count), i32(e.lanes))),
    times(
      vectors,
      set(values, memory("vector.load", 0, get(from))),
      Array.from({ length: e.lanes }, (_, i) => memory("vector.store", 16 * i, get(to), splatLane(e, i, values))),
      advance(from, 16),
      advance(to, 16 * e.lanes),
    ),
    set(count, op("i32.rem_u", get(count), i32(e.lanes))),
    times(
      count,
      memory("vector.store", 0, get(to), loadSplat(e, 0, get(from))),
      advance(from, e.bytes),
      advance(to, 16),
    ),
  );
  return f;
}
