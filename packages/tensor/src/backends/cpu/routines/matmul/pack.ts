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
  wide,
} from "../../../../code/tree.ts";
import { roundedToBfloat16 } from "../../render/lanes.ts";
import { type Element, loadFirst, loadOne, loadSplat, pick, splatLane, storeFirst, storeOne } from "../element.ts";
import { advance, times } from "../loops.ts";

/** Transposes a square of lanes: lane j of `rows[i]` becomes lane i of `columns[j]`. */
export function transpose(
  e: Element,
  f: FunctionBuilder,
  rows: readonly Local[],
): { code: Code; columns: readonly Local[] } {
  const columns = rows.map(() => f.local("vector"));
  if (e.vectorBytes > 16) return { code: transposeWide(e, f, rows, columns), columns };
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

/** The same for wide vectors: squares within their pieces of 16 bytes, and then squares of pieces. */
function transposeWide(e: Element, f: FunctionBuilder, rows: readonly Local[], columns: readonly Local[]): Code {
  const pieces = e.vectorBytes / 16;
  const inPiece = e.lanes / pieces;
  /** Vector c of the squares of a group of rows: its piece p holds column p · inPiece + c. */
  const squares: Code[] = [];
  const turned = Array.from({ length: pieces }, (_, group) => {
    const own = rows.slice(group * inPiece, (group + 1) * inPiece);
    if (inPiece === 2) {
      return (["zip_low64", "zip_high64"] as const).map((zip) => {
        const made = f.local("vector");
        squares.push(set(made, wide(zip, 0, get(own[0]!), get(own[1]!))));
        return made;
      });
    }
    return (["zip_low32", "zip_high32"] as const).flatMap((zip) => {
      const halves = [0, 2].map((i) => {
        const made = f.local("vector");
        squares.push(set(made, wide(zip, 0, get(own[i]!), get(own[i + 1]!))));
        return made;
      });
      return (["zip_low64", "zip_high64"] as const).map((zip) => {
        const made = f.local("vector");
        squares.push(set(made, wide(zip, 0, get(halves[0]!), get(halves[1]!))));
        return made;
      });
    });
  });
  const ordered = Array.from({ length: inPiece }, (_, c): Code => {
    const of = turned.map((group) => group[c]!);
    const column = (piece: number): Local => columns[piece * inPiece + c]!;
    const shuffled = (selection: number, a: Local, b: Local): Code => wide("shuffle_pieces", selection, get(a), get(b));
    if (pieces === 2) {
      return [0, 3].map((selection, piece) => set(column(piece), shuffled(selection, of[0]!, of[1]!)));
    }
    // Pieces 0 and 1, or 2 and 3, of two vectors; then pieces 0 and 2, or 1 and 3, of these.
    return [0x44, 0xee].map((half, i) => {
      const pairs = [0, 2].map(() => f.local("vector"));
      return [
        pairs.map((pair, j) => set(pair, shuffled(half, of[2 * j]!, of[2 * j + 1]!))),
        [0x88, 0xdd].map((selection, j) => set(column(2 * i + j), shuffled(selection, pairs[0]!, pairs[1]!))),
      ];
    });
  });
  return [squares, ordered];
}

/** A vector of elements as it is packed. */
export function packed(f: FunctionBuilder, e: Element, value: Code): Code {
  return e.packing === "rounded" ? roundedToBfloat16(f, value) : value;
}

/**
 * Adds to a module a function `(from, line, inner, steps, lines, to, pitch)` that writes `lines` adjacent elements for each of
 * `steps` steps, `pitch` bytes apart. In the source, lines are `line` bytes apart and steps `inner` bytes.
 */
export function packPanel(module: ModuleBuilder, e: Element): FunctionBuilder {
  const f = module.func(new Array<"i32">(7).fill("i32"), [], undefined, e.vectorBytes);
  const [from, line, inner, steps, lines, to, pitch] = f.params as Locals<7>;
  const { vectorBytes } = e;
  const [source, target, count] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const scalar = e.bytes === 4 ? "i32" : "i64";
  const begin = [set(source, get(from)), set(target, get(to)), set(count, get(steps))];
  /** Moves an element to an offset from a target. */
  const moveOne = (from: Local, to: Local, offset: number): Code =>
    e.packing === "rounded"
      ? storeOne(e, offset, get(to), packed(f, e, loadOne(e, 0, get(from))))
      : memory(`${scalar}.store`, offset, get(to), memory(`${scalar}.load`, 0, get(from)));
  const loadVector = (offset: number, from: Local): Code => packed(f, e, memory("vector.load", offset, get(from)));
  const moveLine = [
    begin,
    times(
      count,
      moveOne(source, target, 0),
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
        (_, i) => memory("vector.store", vectorBytes * i, get(target), loadVector(vectorBytes * i, source)),
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
        rows.map((row, i) => [set(row, loadVector(0, at[i]!)), advance(at[i]!, vectorBytes)]),
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
          moveOne(pointer, target, i * e.bytes),
          advance(pointer, e.bytes),
        ]),
        advance(target, get(pitch)),
      ),
    ];
  };
  /** The last lines of such a source, fewer than a vector. */
  const moveFirst: Code = [
    begin,
    times(
      count,
      storeFirst(e, 0, get(target), packed(f, e, loadFirst(e, 0, get(source), get(lines))), get(lines)),
      advance(source, get(inner)),
      advance(target, get(pitch)),
    ),
  ];
  /** {@link moveSquares} of `width` lines, of which the first `lines` are there, for wide vectors. */
  const moveWideSquares = (all: boolean): Code => {
    const rows = Array.from({ length: e.lanes }, () => f.local("vector"));
    const at = rows.map(() => f.local("i32"));
    const turned = transpose(e, f, rows);
    const store = (column: Local): Code => [
      all
        ? memory("vector.store", 0, get(target), get(column))
        : storeFirst(e, 0, get(target), get(column), get(lines)),
      advance(target, get(pitch)),
    ];
    const there = (i: number): Code =>
      all ? get(line) : op("select", get(line), i32(0), op("i32.gt_u", get(lines), i32(i)));
    return [
      begin,
      // Lines that are not there are the last one again.
      at.map((pointer, i) => set(pointer, i === 0 ? get(from) : op("i32.add", get(at[i - 1]!), there(i)))),
      set(count, op("i32.div_u", get(steps), i32(e.lanes))),
      times(
        count,
        rows.map((row, i) => [set(row, loadVector(0, at[i]!)), advance(at[i]!, vectorBytes)]),
        turned.code,
        turned.columns.map(store),
      ),
      set(count, op("i32.rem_u", get(steps), i32(e.lanes))),
      when(get(count), [
        rows.map((row, i) => set(row, packed(f, e, loadFirst(e, 0, get(at[i]!), get(count))))),
        turned.code,
        turned.columns.slice(0, -1).map((column, i) => when(op("i32.gt_u", get(count), i32(i)), store(column))),
      ]),
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
  if (vectorBytes > 16) {
    f.emit(
      when(
        op("i32.eq", get(line), i32(e.bytes)),
        [
          more(2 * e.lanes, moveVectors(2)),
          more(e.lanes, moveVectors(1)),
          when(get(lines), [moveFirst, op("return")]),
        ],
        when(op("i32.eq", get(inner), i32(e.bytes)), [
          more(e.lanes, moveWideSquares(true)),
          // A single line may be any of both.
          when(op("i32.gt_u", get(lines), i32(1)), [moveWideSquares(false), op("return")]),
        ]),
      ),
      more(1, moveLine),
    );
    return f;
  }
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

/** Zeros `bytes` bytes (whole vectors) at a pointer. Changes both locals. */
export function clear({ vectorBytes }: Element, pointer: Local, bytes: Local): Code {
  return when(
    get(bytes),
    loop(
      memory("vector.store", 0, get(pointer), i32x(0)),
      advance(pointer, vectorBytes),
      branchIf(0, tee(bytes, op("i32.sub", get(bytes), i32(vectorBytes)))),
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
