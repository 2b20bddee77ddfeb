/**
 * The register tile that products are made of: `rows` × `vectors` accumulators, to which each step of the inner dimension adds the
 * outer product of a column of the left operand (one element a row, spread over a vector) and a row of the right (whole vectors).
 *
 * Five rows by two vectors is the largest that leaves room in x86's fifteen usable registers. Ten independent sums also hide the
 * latency of multiply-adds, which eight just fail to: 95% of the ceiling on V8 against 86% with four rows, both with panels in the
 * first-level cache.
 */
import {
  type Code,
  type FunctionBuilder,
  get,
  i32,
  type Local,
  type Locals,
  memory,
  op,
  set,
  when,
} from "../../../wasm/assembler.ts";
import { add, atLeast, type Element, floorOf, loadSplat, madd, splatLane, storeLane, zeros } from "./element.ts";
import { advance, times } from "./loops.ts";

/** Rows of the largest tile. */
export const tileRows = 5 as const;
/** Vectors of the largest tile's rows. */
export const tileVectors = 2 as const;

/** Accumulators in registers, and the code that works on them. */
export class Tile {
  readonly e: Element;
  readonly rows: number;
  readonly vectors: number;
  private readonly sums: readonly Local[];
  private readonly right: readonly Local[];
  private readonly left: Local;
  private readonly spread: Local;

  constructor(f: FunctionBuilder, e: Element, rows: number, vectors: number) {
    this.e = e;
    this.rows = rows;
    this.vectors = vectors;
    this.sums = Array.from({ length: rows * vectors }, () => f.local("v128"));
    this.right = Array.from({ length: vectors }, () => f.local("v128"));
    this.left = f.local("v128");
    this.spread = f.local("v128");
  }

  /** An accumulator. */
  sum(row: number, vector: number): Local {
    return this.sums[row * this.vectors + vector]!;
  }

  /** All sums zero. */
  clear(): Code {
    return this.sums.map((sum) => set(sum, zeros));
  }

  /** Sums begin with what `value` says for a row and a vector. */
  begin(value: (row: number, vector: number) => Code): Code {
    return this.sums.map((sum, i) => set(sum, value(Math.floor(i / this.vectors), i % this.vectors)));
  }

  /** One step: `left(row)` spread over a vector, times the vectors of `right`. */
  step(left: (row: number) => Code, right: (vector: number) => Code): Code {
    const code: Code[] = this.right.map((local, j) => set(local, right(j)));
    for (let i = 0; i < this.rows; i++) {
      code.push(set(this.spread, left(i)));
      for (let j = 0; j < this.vectors; j++) {
        const sum = this.sum(i, j);
        code.push(set(sum, madd(this.e, get(this.spread), get(this.right[j]!), get(sum))));
      }
    }
    return code;
  }

  /**
   * The left operand's element of a row in step `s` of an unrolled loop, from a packed panel (the rows' elements side by side, step
   * after step): whole vectors are loaded, and their lanes spread by shuffles, which cost less than loads that spread. In a panel that
   * is `spread` the elements are there once a lane.
   */
  packed(panel: Local, s: number): (row: number) => Code {
    const { e, rows } = this;
    return (row) => {
      const at = s * rows + row;
      const shuffled = splatLane(e, at % e.lanes, this.left);
      return at % e.lanes === 0 ? [set(this.left, memory("v128.load", at * e.bytes, get(panel))), shuffled] : shuffled;
    };
  }

  /** The same for a single step. In a panel that is `spread` the elements are there once a lane. */
  packedOne(panel: Local, spread: boolean): (row: number) => Code {
    return (row) =>
      spread ? memory("v128.load", row * 16, get(panel)) : loadSplat(this.e, row * this.e.bytes, get(panel));
  }

  /** Bytes of so many steps of a panel. */
  packedBytes(steps: number, spread: boolean): number {
    return steps * this.rows * (spread ? 16 : this.e.bytes);
  }

  /** The same from neighbours along the inner dimension, one pointer a row. */
  fromRows(pointers: readonly Local[], s: number): (row: number) => Code {
    const { e } = this;
    const whole = s - s % e.lanes;
    return (row) => [
      set(this.left, memory("v128.load", whole * e.bytes, get(pointers[row]!))),
      splatLane(e, s % e.lanes, this.left),
    ];
  }

  /**
   * Stores rows `stride` bytes apart, the first `columns` elements of each; or adds to what is there. What `rectifies` says is stored as
   * zeros where it is negative.
   */
  store(at: Local, stride: Code, columns: Code, adds: Code, rectifies: Code | null = null): Code {
    const { e, rows, vectors } = this;
    const width = vectors * e.lanes;
    const floor = rectifies !== null && e.kind.startsWith("f") ? floorOf(e, rectifies) : null;
    const finished = (value: Code): Code => floor === null ? value : atLeast(e, value, get(this.left));
    const byRow = (row: (i: number) => Code): Code =>
      Array.from({ length: rows }, (_, i) => [row(i), i + 1 < rows ? advance(at, stride) : []]);
    const whole = (i: number, adding: boolean): Code =>
      Array.from({ length: vectors }, (_, j) => {
        const sum = get(this.sum(i, j));
        const offset = j * 16;
        return memory(
          "v128.store",
          offset,
          get(at),
          finished(adding ? add(e, memory("v128.load", offset, get(at)), sum) : sum),
        );
      });
    const lanes = (i: number): Code =>
      Array.from({ length: width }, (_, column) => {
        const [j, lane] = [Math.floor(column / e.lanes), column % e.lanes];
        const sum = this.sum(i, j);
        const offset = column * e.bytes;
        return when(op("i32.gt_s", columns, i32(column)), [
          set(this.spread, get(sum)),
          when(adds, set(this.spread, add(e, loadSplat(e, offset, get(at)), get(sum)))),
          storeLane(e, offset, lane, get(at), finished(get(this.spread))),
        ]);
      });
    return [
      floor === null ? [] : set(this.left, floor),
      when(
        op("i32.eq", columns, i32(width)),
        when(adds, byRow((i) => whole(i, true)), byRow((i) => whole(i, false))),
        byRow(lanes),
      ),
    ];
  }
}

/** Steps of the inner dimension taken at once. */
export const unroll = 4;

/**
 * Goes through `steps` steps, {@link unroll} at once: `step(s)` is the s-th of those, `single` stands alone, `move(n)` goes on by n.
 * With spread panels one by one, since V8 of Node 20 keeps longer loops of theirs out of registers: 46 GFLOP/s against 34.
 */
export function eachStep(
  count: Local,
  steps: Local,
  spread: boolean,
  step: (s: number) => Code,
  single: Code,
  move: (steps: number) => Code,
): Code {
  if (spread) return [set(count, get(steps)), times(count, single, move(1))];
  return [
    set(count, op("i32.div_u", get(steps), i32(unroll))),
    times(count, Array.from({ length: unroll }, (_, s) => step(s)), move(unroll)),
    set(count, op("i32.rem_u", get(steps), i32(unroll))),
    times(count, single, move(1)),
  ];
}

/**
 * A function `(left, right, out, steps, outStride, columns, adds, bias, rectifies)`: the product of packed panels. A panel of the right
 * operand holds `tileVectors` vectors a step, of which the function takes its own number. Sums begin with the vectors at `bias` if that
 * is not 0.
 */
export function packedKernel(f: FunctionBuilder, e: Element, rows: number, vectors: number, spread: boolean): void {
  const [left, right, out, steps, stride, columns, adds, bias, rectifies] = f.params as Locals<9>;
  const tile = new Tile(f, e, rows, vectors);
  const count = f.local("i32");
  const step = 16 * tileVectors;
  f.emit(
    when(get(bias), tile.begin((_, j) => memory("v128.load", 16 * j, get(bias))), tile.clear()),
    eachStep(
      count,
      steps,
      spread,
      (s) => tile.step(tile.packed(left, s), (j) => memory("v128.load", s * step + 16 * j, get(right))),
      tile.step(tile.packedOne(left, spread), (j) => memory("v128.load", 16 * j, get(right))),
      (n) => [advance(left, tile.packedBytes(n, spread)), advance(right, n * step)],
    ),
    tile.store(out, get(stride), get(columns), get(adds), get(rectifies)),
  );
}
