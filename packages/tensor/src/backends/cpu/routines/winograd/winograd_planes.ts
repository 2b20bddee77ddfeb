/**
 * Generated code that copies planes of images for Winograd's tiles: images padded with zeros, and results without the parts of
 * tiles that extend beyond them.
 */
import type { FunctionBuilder } from "../../../../code/module.ts";
import { type Code, get, i32, type Local, type Locals, memory, op, set, when, wide } from "../../../../code/tree.ts";
import { zeros } from "../element.ts";
import { addMul, advance, locals, times } from "../loops.ts";

/** Copies `count` elements. Changes both pointers. */
function copyRow({ vectorBytes }: FunctionBuilder, from: Local, to: Local, count: Local, left: Local): Code {
  if (vectorBytes > 16) {
    const lanes = vectorBytes / 4;
    return [
      set(left, op("i32.shr_u", get(count), i32(Math.log2(lanes)))),
      times(
        left,
        memory("vector.store", 0, get(to), memory("vector.load", 0, get(from))),
        advance(from, vectorBytes),
        advance(to, vectorBytes),
      ),
      set(left, op("i32.and", get(count), i32(lanes - 1))),
      when(get(left), wide("store_first32", 0, get(to), wide("load_first32", 0, get(from), get(left)), get(left))),
    ];
  }
  const vectors = (count: number): Code => [
    Array.from(
      { length: count },
      (_, i) => memory("vector.store", 16 * i, get(to), memory("vector.load", 16 * i, get(from))),
    ),
    advance(from, 16 * count),
    advance(to, 16 * count),
  ];
  return [
    set(left, op("i32.shr_u", get(count), i32(4))),
    times(left, vectors(4)),
    set(left, op("i32.and", op("i32.shr_u", get(count), i32(2)), i32(3))),
    times(left, vectors(1)),
    set(left, op("i32.and", get(count), i32(3))),
    times(
      left,
      memory("i32.store", 0, get(to), memory("i32.load", 0, get(from))),
      advance(from, 4),
      advance(to, 4),
    ),
  ];
}

/**
 * A function `(plane, rowStep, height, width, to, pitch, rows, top, left)` that writes `rows` rows of `pitch` bytes (at least 32, in
 * whole vectors). The plane's first row is in row `top` (which may be negative, before the first), `left` elements from its
 * beginning. The rest is zeros, of which up to seven follow a row.
 */
export function paddedPlane(f: FunctionBuilder): void {
  const [plane, rowStep, height, width, to, pitch, rows, top, left] = f.params as Locals<9>;
  const { y, from, at, count, copied } = locals(f, "y", "from", "at", "count", "copied");
  /** Stores 16 bytes of zeros. */
  const store = ({ 16: "vector.store", 32: "vector.store_half", 64: "vector.store_quarter" } as const)[
    f.vectorBytes as 16 | 32 | 64
  ];
  const zero = (offset: number, end: Code): Code => memory(store, offset, end, zeros);
  f.emit(
    set(y, op("i32.sub", i32(0), get(top))),
    times(
      rows,
      when(
        op("i32.lt_u", get(y), get(height)),
        [
          zero(0, get(to)),
          zero(0, op("i32.sub", op("i32.add", get(to), get(pitch)), i32(32))),
          zero(0, op("i32.sub", op("i32.add", get(to), get(pitch)), i32(16))),
          set(from, addMul(get(plane), get(y), get(rowStep))),
          set(at, addMul(get(to), get(left), i32(4))),
          set(copied, get(width)),
          copyRow(f, from, at, copied, count),
        ],
        [
          set(at, get(to)),
          set(count, op("i32.shr_u", get(pitch), i32(4))),
          times(count, zero(0, get(at)), advance(at, 16)),
        ],
      ),
      advance(to, get(pitch)),
      advance(y, 1),
    ),
  );
}

/** A function `(from, pitch, to, step, rows, width)` that copies the first `width` elements of rows. */
export function cutPlane(f: FunctionBuilder): void {
  const [from, pitch, to, step, rows, width] = f.params as Locals<6>;
  const { source, target, count } = locals(f, "source", "target", "count");
  f.emit(
    times(
      rows,
      set(source, get(from)),
      set(target, get(to)),
      copyRow(f, source, target, width, count),
      advance(from, get(pitch)),
      advance(to, get(step)),
    ),
  );
}
