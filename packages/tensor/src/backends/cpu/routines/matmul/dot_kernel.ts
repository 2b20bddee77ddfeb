/**
 * Tiles of dot products: both operands are read along memory, and sums are vectors of 16 bytes, whose lanes are added at the end.
 * Nothing is packed or spread, which pays if the result is small and the sums are long. Wide vectors hold the sums of two or four
 * right rows side by side.
 */
import type { FunctionBuilder, ModuleBuilder } from "../../../../code/module.ts";
import {
  call,
  type Code,
  get,
  i32,
  type Local,
  type Locals,
  memory,
  op,
  set,
  when,
  wide,
} from "../../../../code/tree.ts";
import { add, type Element, loadFirst, madd, narrowed, storeFirst, zeros } from "../element.ts";
import { addMul, advance, least, times } from "../loops.ts";

/** The sizes of the largest tiles: for each number of left rows, the number of vectors of right rows, as many as registers hold. */
const largest: Readonly<Record<number, readonly number[]>> = {
  16: [9, 5, 3],
  32: [4, 4, 3],
  64: [4, 4, 4, 4, 4, 3, 3, 2],
};

/** The number of left rows in the largest tile. */
export function dotLefts({ vectorBytes }: Element): number {
  return largest[vectorBytes]!.length;
}

/** The number of vectors of right rows in the largest tile with up to `lefts` left rows. */
export function dotRights({ vectorBytes }: Element, lefts: number): number {
  return largest[vectorBytes]![lefts - 1]!;
}

/** The number of right rows that share a vector. */
export function dotAside({ vectorBytes }: Element): number {
  return vectorBytes / 16;
}

/** The longest row that is unrolled if multiply-adds are fused. If they are not, V8 of Node 20 would run out of registers. */
const writtenOut = 32;

/** The number of vectors per iteration for longer rows. */
const stepsAtOnce = 2;

/** The number of arguments of {@link dotKernel}. */
const parameters = 12;

/**
 * The length that rows of `length` elements are compiled for. Long rows share code with all others that differ by whole iterations of
 * the loop, whose number is {@link dotLoops}: a program may see any number of lengths, and machine code is never freed.
 */
export function dotLength(length: number, bytes: number): number {
  const period = stepsAtOnce * (16 / bytes);
  return length < writtenOut + period ? length : writtenOut + period + (length % period);
}

/** The number of iterations over rows of `length` elements. */
export function dotLoops(length: number, bytes: number): number {
  return Math.floor((length * bytes) / (16 * stepsAtOnce));
}

/**
 * `(left, leftRow, right, rightRows, planes, planeCount, segments, segmentBytes, out, outRow, last, loops)`: rows of the left operand are
 * `leftRow` bytes apart and have no gaps. Rows of the right operand begin at `right` plus the offsets in the table `rightRows`.
 * Each has `planeCount` planes at the offsets in the table `planes`, and each plane `segments` segments of `length` elements,
 * `segmentBytes` apart. Sums are added to the vectors of 16 bytes at `out`, whose rows are `outRow` bytes apart. `last` is the index
 * of the last right row, or more: the last vector may have fewer than the others. `loops` is {@link dotLoops} of the segments' length,
 * and `length` its {@link dotLength}.
 */
function dotKernel(f: FunctionBuilder, e: Element, length: number, lefts: number, rights: number): void {
  const [left, leftRow, right, rightRows, planes, planeCount, segments, segmentBytes, out, outRow, last, loops] = f
    .params as Locals<12>;
  const aside = dotAside(e);
  const { lanes } = narrowed(e, 16);
  const sums = Array.from({ length: lefts * rights }, () => f.local("vector"));
  const values = Array.from({ length: lefts }, () => f.local("vector"));
  const value = f.local("vector");
  const [begin, count, steps, gap] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  const from = Array.from({ length: lefts }, () => f.local("i32"));
  const to = Array.from({ length: rights * aside }, () => f.local("i32"));
  /** Loads `count` elements, at most 16 bytes, into the low lanes. */
  const load = (count: number, offset: number, pointer: Local): Code => {
    if (aside > 1 && count < lanes) return loadFirst(e, offset, get(pointer), i32(count));
    const part = { 1: "", 2: "_half", 4: "_quarter" }[(e.vectorBytes / e.bytes) / count] as "" | "_half" | "_quarter";
    return memory(`vector.load${part}`, offset, get(pointer));
  };
  const sideBySide = (count: number, offset: number, pointers: readonly Local[]): Code =>
    pointers.map((pointer) => load(count, offset, pointer)).reduce((vector, piece, i) =>
      wide("with_quarter", i, vector, piece)
    );
  const step = (count: number, offset: number): Code => [
    values.map((local, i) => {
      const piece = load(count, offset, from[i]!);
      return set(local, aside === 1 ? piece : wide("repeat_quarter", 0, piece));
    }),
    Array.from({ length: rights }, (_, j) => [
      set(value, sideBySide(count, offset, to.slice(j * aside, (j + 1) * aside))),
      values.map((local, i) => {
        const sum = sums[i * rights + j]!;
        return set(sum, madd(e, get(local), get(value), get(sum)));
      }),
    ]),
  ];
  const rest = (offset: number): Code => [
    (length * e.bytes) & 8 && e.bytes < 8 ? step(2, offset) : [],
    length % 2 === 1 ? step(1, offset + (e.bytes < 8 && length & 2 ? 8 : 0)) : [],
  ];
  const whole = Math.floor(length / lanes);
  const straight = e.fused && whole <= writtenOut / lanes;
  const moveAll = (by: number): Code => [...from, ...to].map((pointer) => advance(pointer, by));
  const row: Code = straight
    ? [
      Array.from({ length: whole }, (_, s) => step(lanes, 16 * s)),
      rest(16 * whole),
      from.map((pointer) => advance(pointer, length * e.bytes)),
      to.map((pointer) => advance(pointer, get(segmentBytes))),
    ]
    : [
      set(steps, get(loops)),
      times(
        steps,
        Array.from({ length: stepsAtOnce }, (_, s) => step(lanes, 16 * s)),
        moveAll(16 * stepsAtOnce),
      ),
      Array.from({ length: whole % stepsAtOnce }, () => [step(lanes, 0), moveAll(16)]),
      rest(0),
      from.map((pointer) => advance(pointer, (length % lanes) * e.bytes)),
      to.map((pointer) => advance(pointer, get(gap))),
    ];
  const rowOf = (j: number): Code => {
    if (j <= (rights - 1) * aside) return memory("i32.load", 4 * j, get(rightRows));
    return memory("i32.load", 0, addMul(get(rightRows), least(get(last), i32(j)), i32(4)));
  };
  const few = f.local("i32");
  f.emit(
    set(
      gap,
      op("i32.sub", get(segmentBytes), addMul(i32(16 * (whole % stepsAtOnce)), get(loops), i32(16 * stepsAtOnce))),
    ),
    sums.map((sum) => set(sum, zeros)),
    aside === 1 ? [] : [
      set(few, op("i32.sub", get(last), i32((rights - 1) * aside - 1))),
      set(few, op("i32.mul", least(get(few), i32(aside)), i32(lanes))),
    ],
    from.map((pointer, i) => set(pointer, i === 0 ? get(left) : op("i32.add", get(from[i - 1]!), get(leftRow)))),
    times(
      planeCount,
      set(begin, op("i32.add", get(right), memory("i32.load", 0, get(planes)))),
      to.map((pointer, j) => set(pointer, op("i32.add", get(begin), rowOf(j)))),
      set(count, get(segments)),
      times(count, row),
      advance(planes, 4),
    ),
    Array.from({ length: lefts }, (_, i) => [
      Array.from({ length: rights }, (_, j) => {
        const sum = get(sums[i * rights + j]!);
        const at = e.vectorBytes * j;
        if (aside === 1 || j + 1 < rights) {
          return memory("vector.store", at, get(out), add(e, memory("vector.load", at, get(out)), sum));
        }
        return storeFirst(e, at, get(out), add(e, loadFirst(e, at, get(out), get(few)), sum), get(few));
      }),
      i + 1 < lefts ? advance(out, get(outRow)) : [],
    ]),
  );
}

/**
 * Adds to a module a function `(lefts, rights, …)` that calls the kernel for these numbers of left rows and of vectors of right rows
 * with the other arguments. There are at most `most` left rows.
 */
export function dotKernels(module: ModuleBuilder, e: Element, length: number, most: number): FunctionBuilder {
  const ints = (count: number): "i32"[] => new Array<"i32">(count).fill("i32");
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
  const kernels = upTo(most).map((lefts) =>
    upTo(dotRights(e, most)).map((rights) => {
      const f = module.func(ints(parameters), [], undefined, e.vectorBytes);
      dotKernel(f, e, length, lefts, rights);
      return f;
    })
  );
  const f = module.func(ints(parameters + 2), []);
  const [lefts, rights, ...rest] = f.params as [Local, Local, ...Local[]];
  f.emit(kernels.map((byRights, i) =>
    when(
      op("i32.eq", get(lefts), i32(i + 1)),
      byRights.map((kernel, j) => when(op("i32.eq", get(rights), i32(j + 1)), call(kernel, ...rest.map(get)))),
    )
  ));
  return f;
}
