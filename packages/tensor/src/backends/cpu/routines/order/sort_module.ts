/** Generated code that sorts rows: merge sort for short ones, LSD radix sort for long ones. Both are stable. */
import { type DType, itemSize } from "../../../../dtype.ts";
import { type CodeModule, type FunctionBuilder, ModuleBuilder } from "../../../../code/module.ts";
import {
  block,
  branch,
  branchIf,
  type Code,
  get,
  i32,
  i64,
  type Local,
  loop,
  memory,
  op,
  set,
  tee,
  when,
  whileLoop,
} from "../../../../code/tree.ts";
import { addMul, advance, least, range, times } from "../loops.ts";
import { loadScalar, movedAs, storeScalar } from "../scalars.ts";
import { isWide, keyBits, keyOf } from "./sort_keys.ts";
import type { StridedLoop } from "../strided_loop.ts";

/**
 * The sort algorithm: merge sort, or radix sort with digits of this many bits. The counts of 11 bits (8 KiB) stay in the L1 cache,
 * but only long rows make up for clearing and adding them.
 */
export type SortMethod = "merge" | 8 | 11;

/** The fastest algorithm for a length, by measurement. */
export function sortMethod(length: number): SortMethod {
  return length < 64 ? "merge" : length < 3000 ? 8 : 11;
}

/** The bytes of the counts. */
export function countBytes(method: SortMethod): number {
  return method === "merge" ? 0 : 4 << method;
}

/** Runs of this many elements are sorted by insertion before merging. */
const insertion = 8;

/** The fields of the parameter block beyond those of the loop, whose operands are values, order and x without the dimension. */
export const sortFields = ["length", "valueStep", "orderStep", "inStep", "work", "workBytes"] as const;
type Field = (typeof sortFields)[number];

/** The bytes of a record. A row takes two sets of records. */
export function recordBytes(dtype: DType): number {
  return isWide(dtype) ? 16 : 8;
}

/** Access to records by address: the word that is compared, and (for wide records) the index. */
class Records {
  readonly wide: boolean;
  readonly bytes: number;
  readonly shift: number;

  constructor(wide: boolean) {
    this.wide = wide;
    this.bytes = wide ? 16 : 8;
    this.shift = wide ? 4 : 3;
  }

  at(base: Local, index: Code): Code {
    return op("i32.add", get(base), op("i32.shl", index, i32(this.shift)));
  }

  key(address: Code): Code {
    return memory("i64.load", 0, address);
  }

  copy(to: Code, from: Code): Code {
    return this.wide
      ? memory("vector.store", 0, to, memory("vector.load", 0, from))
      : memory("i64.store", 0, to, memory("i64.load", 0, from));
  }

  number(address: Code): Code {
    return memory("i32.load", this.wide ? 8 : 0, address);
  }
}

interface Row {
  readonly a: Local;
  readonly b: Local;
  readonly length: Local;
}

/**
 * Sorts `length` records at `a`: insertion sort in short runs, which are then merged in pairs, back and forth between `a` and `b`.
 * The locals are swapped as needed, so that the result is at `a`.
 */
function mergeSort(f: FunctionBuilder, r: Records, { a, b, length }: Row): Code {
  const [i, j, k, end, run] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  const [left, right, stop, swap] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  const less = f.local("i32");
  const key = f.local("i64");
  const record = f.local("vector");
  const previous = r.at(a, op("i32.sub", get(j), i32(1)));
  const hold = r.wide ? set(record, memory("vector.load", 0, r.at(a, get(i)))) : [];
  const put = r.wide
    ? memory("vector.store", 0, r.at(a, get(j)), get(record))
    : memory("i64.store", 0, r.at(a, get(j)), get(key));
  const insert = range(
    i,
    op("i32.add", get(left), i32(1)),
    get(end),
    1,
    set(key, r.key(r.at(a, get(i)))),
    hold,
    set(j, get(i)),
    block(loop(
      branchIf(1, op("i32.le_s", get(j), get(left))),
      branchIf(1, op("i64.le_s", r.key(previous), get(key))),
      r.copy(r.at(a, get(j)), previous),
      set(j, op("i32.sub", get(j), i32(1))),
      branch(0),
    )),
    put,
  );
  const runs = range(left, i32(0), get(length), insertion, [
    set(end, least(op("i32.add", get(left), i32(insertion)), get(length))),
    insert,
  ]);
  const take = (from: Local): Code => [
    r.copy(get(k), get(from)),
    advance(from, r.bytes),
    advance(k, r.bytes),
  ];
  // `i` and `j` point into two adjacent runs of `a`, `k` into `b`. The comparison is unpredictable, so the code is branchless.
  const merge = [
    whileLoop(
      op("i32.and", op("i32.lt_u", get(i), get(right)), op("i32.lt_u", get(j), get(stop))),
      set(less, op("i64.le_s", r.key(get(i)), r.key(get(j)))),
      r.copy(get(k), op("select", get(i), get(j), get(less))),
      advance(k, r.bytes),
      set(less, op("i32.shl", get(less), i32(r.shift))),
      advance(i, get(less)),
      set(j, op("i32.sub", op("i32.add", get(j), i32(r.bytes)), get(less))),
    ),
    whileLoop(op("i32.lt_u", get(i), get(right)), take(i)),
    whileLoop(op("i32.lt_u", get(j), get(stop)), take(j)),
  ];
  const passes = whileLoop(
    op("i32.lt_s", get(run), get(length)),
    set(k, get(b)),
    set(left, i32(0)),
    whileLoop(
      op("i32.lt_s", get(left), get(length)),
      set(i, r.at(a, get(left))),
      set(right, r.at(a, least(op("i32.add", get(left), get(run)), get(length)))),
      set(j, get(right)),
      set(left, op("i32.add", get(left), op("i32.shl", get(run), i32(1)))),
      set(stop, r.at(a, least(get(left), get(length)))),
      merge,
    ),
    set(swap, get(a)),
    set(a, get(b)),
    set(b, get(swap)),
    set(run, op("i32.shl", get(run), i32(1))),
  );
  return [runs, set(run, i32(insertion)), passes];
}

/** Sorts by one digit of the key after another, from the lowest. A digit that is equal in all keys costs only the counting. */
function radixSort(
  f: FunctionBuilder,
  r: Records,
  { a, b, length }: Row,
  counts: Local,
  bits: number,
  digitBits: number,
): Code {
  const [at, left, place, sum, count, swap] = [
    f.local("i32"),
    f.local("i32"),
    f.local("i32"),
    f.local("i32"),
    f.local("i32"),
    f.local("i32"),
  ];
  const low = r.wide ? 0 : 32;
  const passes: Code[] = [];
  for (let done = 0; done < bits; done += digitBits) {
    const width = Math.min(digitBits, bits - done);
    const mask = (1 << width) - 1;
    // The sign bit sorts in reverse.
    const flip = done + width >= bits ? 1 << (width - 1) : 0;
    const word = op("i32.wrap_i64", op("i64.shr_u", r.key(get(at)), i64(BigInt(low + done))));
    const digit = flip === 0
      ? op("i32.and", word, i32(mask))
      : op("i32.xor", op("i32.and", word, i32(mask)), i32(flip));
    const slot = op("i32.add", get(counts), op("i32.shl", digit, i32(2)));
    const each = (
      ...body: Code[]
    ): Code => [set(at, get(a)), set(left, get(length)), times(left, body, advance(at, r.bytes))];
    const overCounts = (...body: Code[]): Code => [
      set(place, get(counts)),
      set(left, i32(1 << width)),
      times(left, body, advance(place, 4)),
    ];
    passes.push(
      overCounts(memory("i32.store", 0, get(place), i32(0))),
      each(
        set(place, slot),
        memory("i32.store", 0, get(place), op("i32.add", memory("i32.load", 0, get(place)), i32(1))),
      ),
      set(at, get(a)),
      when(
        op("i32.ne", memory("i32.load", 0, slot), get(length)),
        [
          set(sum, i32(0)),
          overCounts(
            set(count, memory("i32.load", 0, get(place))),
            memory("i32.store", 0, get(place), get(sum)),
            set(sum, op("i32.add", get(sum), get(count))),
          ),
          each(
            set(place, slot),
            set(count, memory("i32.load", 0, get(place))),
            memory("i32.store", 0, get(place), op("i32.add", get(count), i32(1))),
            r.copy(r.at(b, get(count)), get(at)),
          ),
          set(swap, get(a)),
          set(a, get(b)),
          set(b, get(swap)),
        ],
      ),
    );
  }
  return passes;
}

/** Generates a module that sorts rows. Each thread has its own scratch memory. */
export function sortModule(
  loop: StridedLoop<Field>,
  dtype: DType,
  descending: boolean,
  method: SortMethod,
): CodeModule {
  const module = new ModuleBuilder();
  const f = module.func(["i32", "i32", "i32", "i32"], [], "run");
  const [parameters, thread] = [f.params[0]!, f.params[3]!];
  const [values, order, from] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const row: Row = { a: f.local("i32"), b: f.local("i32"), length: f.local("i32") };
  const [counts, at, n, number] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  const r = new Records(isWide(dtype));
  const read = (name: Field): Code => loop.read(parameters, name);
  const key = keyOf(f, dtype, get(at), descending);
  const small = op("i64.or", op("i64.shl", op("i64.extend_i32_s", key), i64(32n)), op("i64.extend_i32_u", get(n)));
  const record = r.at(row.a, get(n));
  const moved = movedAs(itemSize(dtype));
  f.emit(
    set(row.length, read("length")),
    loop.rows(f, [values, order, from], [
      set(row.a, addMul(read("work"), get(thread), read("workBytes"))),
      set(row.b, r.at(row.a, get(row.length))),
      set(counts, r.at(row.b, get(row.length))),
      set(at, get(from)),
      range(n, i32(0), get(row.length), 1, [
        memory("i64.store", 0, record, r.wide ? key : small),
        r.wide ? memory("i32.store", 8, record, get(n)) : [],
        advance(at, read("inStep")),
      ]),
      method === "merge" ? mergeSort(f, r, row) : radixSort(f, r, row, counts, keyBits(dtype), method),
      set(at, get(row.a)),
      set(n, get(row.length)),
      times(
        n,
        memory("i32.store", 0, get(order), tee(number, r.number(get(at)))),
        storeScalar(moved, get(values), loadScalar(moved, addMul(get(from), get(number), read("inStep")))),
        advance(order, read("orderStep")),
        advance(values, read("valueStep")),
        advance(at, r.bytes),
      ),
    ]),
  );
  return module;
}
