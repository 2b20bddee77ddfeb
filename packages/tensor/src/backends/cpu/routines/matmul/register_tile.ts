/**
 * The register tile of matrix products: `rows` × `vectors` accumulators, to which each step of the inner dimension adds the outer
 * product of a column of the left operand (one element per row, broadcast to a vector) and a row of the right (whole vectors).
 *
 * Five rows by two vectors is the largest tile that leaves room in x86's fifteen usable registers. Ten independent sums also hide
 * the latency of multiply-adds, and eight do not: 95% of peak speed on V8 against 86% with four rows, both with panels in the L1
 * cache.
 */
import type { FunctionBuilder } from "../../../../code/module.ts";
import { type Code, get, i32, type Local, type Locals, memory, op, set, when, wide } from "../../../../code/tree.ts";
import {
  add,
  atLeast,
  type Element,
  floorOf,
  loadFirst,
  loadSplat,
  madd,
  splatLane,
  storeFirst,
  storeLane,
  zeros,
} from "../element.ts";
import { addMul, advance, times } from "../loops.ts";

/**
 * The rows of the largest tile. Native code with vectors of 32 bytes has sixteen registers, with vectors of 64 bytes thirty-two. It
 * broadcasts elements when it loads them, which takes no shuffle.
 */
export function tileRows({ vectorBytes }: Pick<Element, "vectorBytes">): number {
  return vectorBytes === 16 ? 5 : vectorBytes === 32 ? 6 : 14;
}
/** The vectors per row of the largest tile. */
export const tileVectors = 2 as const;

/** Accumulators in registers, and code that works on them. */
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
    this.sums = Array.from({ length: rows * vectors }, () => f.local("vector"));
    this.right = Array.from({ length: vectors }, () => f.local("vector"));
    this.left = f.local("vector");
    this.spread = f.local("vector");
  }

  /** An accumulator. */
  sum(row: number, vector: number): Local {
    return this.sums[row * this.vectors + vector]!;
  }

  /** Sets all sums to zero. */
  clear(): Code {
    return this.sums.map((sum) => set(sum, zeros));
  }

  /** Sets each sum to `value(row, vector)`. */
  begin(value: (row: number, vector: number) => Code): Code {
    return this.sums.map((sum, i) => set(sum, value(Math.floor(i / this.vectors), i % this.vectors)));
  }

  /** One step: adds `left(row)`, broadcast to a vector, times the vectors of `right`. */
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
   * The left element of a row in step `s` of an unrolled loop, from a packed panel (adjacent elements of the rows, step after
   * step). Whole vectors are loaded and their lanes broadcast by shuffles, which are cheaper than broadcasting loads. A `spread`
   * panel has each element once per lane. Wide vectors are loaded from one element.
   */
  packed(panel: Local, s: number): (row: number) => Code {
    const { e, rows } = this;
    if (e.vectorBytes > 16) return (row) => loadSplat(e, (s * rows + row) * e.bytes, get(panel));
    return (row) => {
      const at = s * rows + row;
      const shuffled = splatLane(e, at % e.lanes, this.left);
      return at % e.lanes === 0
        ? [set(this.left, memory("vector.load", at * e.bytes, get(panel))), shuffled]
        : shuffled;
    };
  }

  /** The same for a single step. */
  packedOne(panel: Local, spread: boolean): (row: number) => Code {
    return (row) =>
      spread ? memory("vector.load", row * 16, get(panel)) : loadSplat(this.e, row * this.e.bytes, get(panel));
  }

  /** The bytes of a number of steps of a panel. */
  packedBytes(steps: number, spread: boolean): number {
    return steps * this.rows * (spread ? 16 : this.e.bytes);
  }

  /** The left element of a row in step `s`, from rows that are contiguous along the inner dimension, with one pointer per row. */
  fromRows(pointers: readonly Local[], s: number): (row: number) => Code {
    const { e } = this;
    if (e.vectorBytes > 16) return (row) => loadSplat(e, s * e.bytes, get(pointers[row]!));
    const whole = s - s % e.lanes;
    return (row) => [
      set(this.left, memory("vector.load", whole * e.bytes, get(pointers[row]!))),
      splatLane(e, s % e.lanes, this.left),
    ];
  }

  /**
   * Fetches a row that {@link store} will write into the cache, and moves `at` to the next. It stays at the last row. Rows are
   * fetched one by one between steps, since more would keep the panels waiting.
   */
  fetchRow(at: Local, stride: Code, last: Local): Code {
    return [
      Array.from(
        { length: Math.ceil(this.vectors * this.e.vectorBytes / 64) },
        (_, i) => wide("prefetch_written", 64 * i, get(at)),
      ),
      set(at, op("select", get(at), op("i32.add", get(at), stride), op("i32.eq", get(at), get(last)))),
    ];
  }

  /**
   * Stores the first `columns` elements of each row, `stride` bytes apart, or adds them to the present values if `adds`. Negative
   * results are stored as zeros if `rectifies`. If vectors are wide, at least one column must be in the last of them.
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
        const offset = j * e.vectorBytes;
        return memory(
          "vector.store",
          offset,
          get(at),
          finished(adding ? add(e, memory("vector.load", offset, get(at)), sum) : sum),
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
    /** The last vector is incomplete. */
    const masked = (i: number): Code =>
      Array.from({ length: vectors }, (_, j) => {
        const [sum, offset, last] = [get(this.sum(i, j)), j * e.vectorBytes, j + 1 === vectors];
        const count = op("i32.sub", columns, i32(j * e.lanes));
        const present = last ? loadFirst(e, offset, get(at), count) : memory("vector.load", offset, get(at));
        return [
          set(this.spread, sum),
          when(adds, set(this.spread, add(e, present, sum))),
          last
            ? storeFirst(e, offset, get(at), finished(get(this.spread)), count)
            : memory("vector.store", offset, get(at), finished(get(this.spread))),
        ];
      });
    if (e.vectorBytes > 16 && "kind" in columns && columns.kind === "i32") {
      return [
        floor === null ? [] : set(this.left, floor),
        when(adds, byRow((i) => whole(i, true)), byRow((i) => whole(i, false))),
      ];
    }
    return [
      floor === null ? [] : set(this.left, floor),
      when(
        op("i32.eq", columns, i32(width)),
        when(adds, byRow((i) => whole(i, true)), byRow((i) => whole(i, false))),
        byRow(e.vectorBytes > 16 ? masked : lanes),
      ),
    ];
  }
}

/** The unrolled steps of the inner dimension. */
export const unroll = 4;

/**
 * Loops over `steps` steps, unrolled by {@link unroll}. `step(s)` is the s-th step of an iteration, `single` a step of the
 * remainder, and `move(n)` advances by n steps. With spread panels the loop is not unrolled, since V8 of Node 20 would not keep it
 * in registers: 46 GFLOP/s against 34.
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
 * A function `(left, right, out, steps, outStride, columns, adds, bias, rectifies, ahead, aheadStride)` that multiplies packed panels. A right panel
 * has `tileVectors` vectors per step, of which the function uses `vectors`. Sums start from the vectors at `bias`, unless that is 0.
 * Wide code fetches a step of another right panel into the cache for every {@link unroll} steps: from `ahead` on, `aheadStride` bytes
 * apart.
 */
export function packedKernel(f: FunctionBuilder, e: Element, rows: number, vectors: number, spread: boolean): void {
  const [left, right, out, steps, stride, columns, adds, bias, rectifies, ahead, aheadStride] = f.params as Locals<11>;
  const tile = new Tile(f, e, rows, vectors);
  const count = f.local("i32");
  const { vectorBytes } = e;
  const fetches = vectorBytes > 16;
  const [next, last] = [f.local("i32"), f.local("i32")];
  const step = vectorBytes * tileVectors;
  const fetchAhead = [
    Array.from({ length: step / 64 }, (_, i) => wide("prefetch", 64 * i, get(ahead))),
    advance(ahead, get(aheadStride)),
  ];
  f.emit(
    fetches ? [set(next, get(out)), set(last, addMul(get(out), get(stride), i32(rows - 1)))] : [],
    when(get(bias), tile.begin((_, j) => memory("vector.load", vectorBytes * j, get(bias))), tile.clear()),
    eachStep(
      count,
      steps,
      spread,
      (s) => [
        fetches && s === 0 ? tile.fetchRow(next, get(stride), last) : [],
        fetches && s === unroll / 2 ? fetchAhead : [],
        tile.step(tile.packed(left, s), (j) => memory("vector.load", s * step + vectorBytes * j, get(right))),
      ],
      tile.step(tile.packedOne(left, spread), (j) => memory("vector.load", vectorBytes * j, get(right))),
      (n) => [advance(left, tile.packedBytes(n, spread)), advance(right, n * step)],
    ),
    tile.store(out, get(stride), get(columns), get(adds), get(rectifies)),
  );
}
