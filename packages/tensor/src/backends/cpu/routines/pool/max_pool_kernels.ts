/** Generated code for max-pooling of a vector of windows at a time, all inside the image. */
import type { FunctionBuilder } from "../../../../code/module.ts";
import {
  type Code,
  get,
  i32,
  lanes,
  type Local,
  type Locals,
  memory,
  memoryLane,
  op,
  set,
  shuffle,
  when,
  wide,
} from "../../../../code/tree.ts";
import { addMul, advance, least, times } from "../loops.ts";

/** The depth, rows and columns of a window, and the stride and dilation of its columns. */
export interface PoolWindow {
  readonly kernel: readonly [number, number, number];
  readonly stride: number;
  readonly dilation: number;
}

/** The words of a table entry of {@link poolQuads}: the byte offsets of four windows, the indices of their first elements, the output. */
export const quadWords: number = 12;

/** Loads elements of a row, `stride` (1 to 3) apart, into a vector. */
function everyNth({ vectorBytes }: FunctionBuilder, stride: number, offset: number, row: Local): Code {
  if (stride === 1) return memory("vector.load", offset, get(row));
  // Of each four elements, the first two and the last two come from different vectors, which end with them.
  const [second, selection]: [number, number[]] = stride === 2 ? [3, [0, 2, 1, 3]] : [6, [0, 3, 0, 3]];
  if (vectorBytes === 16) {
    const load = (elements: number): Code => memory("vector.load", offset + 4 * elements, get(row));
    const bytes = selection.flatMap((lane, i) => [0, 1, 2, 3].map((byte) => 4 * (i < 2 ? lane : 4 + lane) + byte));
    return shuffle(bytes, load(0), load(second));
  }
  const name = vectorBytes === 32 ? "vector.load_half" : "vector.load_quarter";
  const quarters = Array.from({ length: vectorBytes / 16 }, (_, i) => offset + 16 * stride * i);
  const load = (elements: number): Code =>
    quarters.map((at): Code => memory(name, at + 4 * elements, get(row))).reduce((vector, piece, i) =>
      wide("with_quarter", i, vector, piece)
    );
  return wide("shuffle_quads", selection.reduce((bits, lane, i) => bits | lane << 2 * i, 0), load(0), load(second));
}

/** How {@link vectorOfWindows} reads elements. */
interface Reader {
  /** Moves to the first elements of the windows. */
  readonly start: Code;
  /** The elements of a tap of the row. */
  readonly load: (k: number) => Code;
  /** Moves to the next row of the windows, or from the last row of a depth to the next depth. */
  readonly next: (to: "row" | "depth") => Code;
  /** The address of each tap's index relative to the first tap, four times each. */
  readonly numbers: Local;
}

/**
 * The maxima of a vector of windows, and their indices relative to each window's first element. Without NaN, fewer instructions suffice.
 * The sum of all elements shows whether there is a NaN; infinities of both signs also make it NaN, and so take the slow path too.
 */
function vectorOfWindows(
  f: FunctionBuilder,
  { kernel: [depth, rows, columns] }: PoolWindow,
  { start, load, next, numbers }: Reader,
): { readonly code: Code; readonly most: Local; readonly best: Local } {
  const [most, best, candidate, mask, sum] = [0, 0, 0, 0, 0].map(() => f.local("vector")) as Locals<5>;
  const numberOf = (tap: number): Code =>
    memory(f.vectorBytes === 16 ? "vector.load" : "vector.load32_splat", 16 * tap, get(numbers));
  const everyTap = (first: Code, later: (number: Code) => Code): Code => {
    const code: Code[] = [start, set(most, load(0)), set(best, numberOf(0)), first];
    for (let tap = 1; tap < depth * rows * columns; tap++) {
      const [k, line] = [tap % columns, Math.floor(tap / columns)];
      if (k === 0) code.push(next("row"), line % rows === 0 ? next("depth") : []);
      code.push(set(candidate, load(k)), later(numberOf(tap)));
    }
    return code;
  };
  const quick = everyTap(set(sum, get(most)), (number) => [
    set(mask, op("f32x.gt", get(candidate), get(most))),
    set(most, op("f32x.pmax", get(most), get(candidate))),
    // Later taps have larger indices.
    set(best, op("i32x.max_s", get(best), op("vector.and", get(mask), number))),
    set(sum, op("f32x.add", get(sum), get(candidate))),
  ]);
  const careful = everyTap([], (number) => [
    // Greater, or NaN; but a NaN that has already won stays.
    set(mask, op("vector.andnot", op("f32x.eq", get(most), get(most)), op("f32x.le", get(candidate), get(most)))),
    set(most, op("vector.bitselect", get(candidate), get(most), get(mask))),
    set(best, op("vector.bitselect", number, get(best), get(mask))),
  ]);
  return { code: [quick, when(op("vector.any_true", op("f32x.ne", get(sum), get(sum))), careful)], most, best };
}

/** The number of parameters of {@link poolRows}. */
export const poolRowsParameters: number = 13;

/**
 * `(first, number, y, at, vectors, last, rows, rowBytes, rowNumbers, outBytes, rowStep, depthStep, numbers)`: `vectors` vectors of
 * windows in each of `rows` rows, whose first elements are `rowBytes` apart and whose outputs are `outBytes` apart. The last vector
 * of a row begins at its column `last`, so that it ends with the row.
 */
export function poolRows(f: FunctionBuilder, shape: PoolWindow): void {
  const [first, number, y, at, vectors, last, rows, rowBytes, rowNumbers, outBytes, rowStep, depthStep, numbers] = f
    .params as Locals<13>;
  const { stride, dilation } = shape;
  const [row, left, column] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const { code, most, best } = vectorOfWindows(f, shape, {
    start: set(row, addMul(get(first), get(column), i32(4 * stride))),
    load: (k) => everyNth(f, stride, 4 * k * dilation, row),
    next: (to) => advance(row, get(to === "row" ? rowStep : depthStep)),
    numbers,
  });
  const windows = f.vectorBytes / 4;
  const spread = lanes(Array.from({ length: windows }, (_, i) => i * stride));
  f.emit(times(
    rows,
    set(left, get(vectors)),
    set(column, i32(0)),
    times(
      left,
      set(column, least(get(column), get(last))),
      code,
      memory("vector.store", 0, addMul(get(y), get(column), i32(4)), get(most)),
      memory(
        "vector.store",
        0,
        addMul(get(at), get(column), i32(4)),
        op(
          "i32x.add",
          op("i32x.add", get(best), spread),
          op("i32x.splat", addMul(get(number), get(column), i32(stride))),
        ),
      ),
      advance(column, windows),
    ),
    advance(first, get(rowBytes)),
    advance(number, get(rowNumbers)),
    advance(y, get(outBytes)),
    advance(at, get(outBytes)),
  ));
}

/** `(plane, y, at, quads, quadCount, columnStep, rowStep, depthStep, numbers)`: windows whose beginnings are in the table `quads`. */
export function poolQuads(f: FunctionBuilder, shape: PoolWindow): void {
  const [plane, y, at, quads, quadCount, columnStep, rowStep, depthStep, numbers] = f.params as Locals<9>;
  const windows = [0, 0, 0, 0].map(() => f.local("i32"));
  const output = f.local("i32");
  const { code, most, best } = vectorOfWindows(f, shape, {
    start: windows.map((window, i) => set(window, op("i32.add", get(plane), memory("i32.load", 4 * i, get(quads))))),
    load: (k) =>
      windows.reduce<Code>((vector, window, lane) => {
        const address = op("i32.add", get(window), op("i32.mul", i32(k * shape.dilation), get(columnStep)));
        return lane === 0
          ? memory("vector.load_quarter", 0, address)
          : memoryLane("vector.load32_lane", 0, lane, address, vector);
      }, []),
    next: (to) => windows.map((window) => advance(window, get(to === "row" ? rowStep : depthStep))),
    numbers,
  });
  f.emit(times(
    quadCount,
    code,
    set(output, op("i32.mul", memory("i32.load", 32, get(quads)), i32(4))),
    memory("vector.store", 0, op("i32.add", get(y), get(output)), get(most)),
    memory(
      "vector.store",
      0,
      op("i32.add", get(at), get(output)),
      op("i32x.add", get(best), memory("vector.load", 16, get(quads))),
    ),
    advance(quads, 4 * quadWords),
  ));
}
