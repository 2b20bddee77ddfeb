/**
 * Tiles of dot products: both operands are read along memory, and sums are vectors whose lanes are added at the end. Nothing is
 * packed or spread, which pays if the result is small and the sums are long.
 */
import type { FunctionBuilder, ModuleBuilder } from "../../../../code/module.ts";
import { call, type Code, get, i32, type Local, type Locals, memory, op, set, when } from "../../../../code/tree.ts";
import { add, type Element, madd, zeros } from "../element.ts";
import { advance, times } from "../loops.ts";

/** The number of left rows in the largest tile. */
export const dotLefts: number = 3;
/** The number of right rows, for each number of left rows: as many sums as registers hold. */
export const dotRights: readonly number[] = [9, 5, 3];

/** The longest row that is unrolled if multiply-adds are fused. If they are not, V8 of Node 20 would run out of registers. */
const writtenOut = 32;

/** The number of vectors per iteration for longer rows. */
const stepsAtOnce = 2;

/** The number of arguments of {@link dotKernel}. */
const parameters = 10;

/**
 * `(left, leftRow, right, rightRows, planes, planeCount, segments, segmentBytes, out, outRow)`: rows of the left operand are
 * `leftRow` bytes apart and have no gaps. Rows of the right operand begin at `right` plus the offsets in the table `rightRows`.
 * Each has `planeCount` planes at the offsets in the table `planes`, and each plane `segments` segments of `length` elements,
 * `segmentBytes` apart. Sums are added to the vectors at `out`, whose rows are `outRow` bytes apart.
 */
function dotKernel(f: FunctionBuilder, e: Element, length: number, lefts: number, rights: number): void {
  const [left, leftRow, right, rightRows, planes, planeCount, segments, segmentBytes, out, outRow] = f.params as Locals<
    10
  >;
  const sums = Array.from({ length: lefts * rights }, () => f.local("vector"));
  const values = Array.from({ length: lefts }, () => f.local("vector"));
  const [value, begin, count, steps] = [f.local("vector"), f.local("i32"), f.local("i32"), f.local("i32")];
  const from = Array.from({ length: lefts }, () => f.local("i32"));
  const to = Array.from({ length: rights }, () => f.local("i32"));
  const step = (load: "vector.load" | "vector.load_half" | "vector.load_quarter", offset: number): Code => [
    values.map((local, i) => set(local, memory(load, offset, get(from[i]!)))),
    to.map((pointer, j) => [
      set(value, memory(load, offset, get(pointer))),
      values.map((local, i) => {
        const sum = sums[i * rights + j]!;
        return set(sum, madd(e, get(local), get(value), get(sum)));
      }),
    ]),
  ];
  const rest = (offset: number): Code => [
    (length * e.bytes) & 8 && e.bytes < 8 ? step("vector.load_half", offset) : [],
    length % 2 === 1
      ? step(e.bytes === 8 ? "vector.load_half" : "vector.load_quarter", offset + (e.bytes < 8 && length & 2 ? 8 : 0))
      : [],
  ];
  const whole = Math.floor(length / e.lanes);
  const straight = e.fused && whole <= writtenOut / e.lanes;
  const moveAll = (by: number): Code => [...from, ...to].map((pointer) => advance(pointer, by));
  const row: Code = straight
    ? [
      Array.from({ length: whole }, (_, s) => step("vector.load", 16 * s)),
      rest(16 * whole),
      from.map((pointer) => advance(pointer, length * e.bytes)),
      to.map((pointer) => advance(pointer, get(segmentBytes))),
    ]
    : [
      set(steps, i32(Math.floor(whole / stepsAtOnce))),
      times(
        steps,
        Array.from({ length: stepsAtOnce }, (_, s) => step("vector.load", 16 * s)),
        moveAll(16 * stepsAtOnce),
      ),
      Array.from({ length: whole % stepsAtOnce }, () => [step("vector.load", 0), moveAll(16)]),
      rest(0),
      from.map((pointer) => advance(pointer, (length % e.lanes) * e.bytes)),
      to.map((pointer) => advance(pointer, op("i32.sub", get(segmentBytes), i32(16 * whole)))),
    ];
  f.emit(
    sums.map((sum) => set(sum, zeros)),
    from.map((pointer, i) => set(pointer, i === 0 ? get(left) : op("i32.add", get(from[i - 1]!), get(leftRow)))),
    times(
      planeCount,
      set(begin, op("i32.add", get(right), memory("i32.load", 0, get(planes)))),
      to.map((pointer, j) => set(pointer, op("i32.add", get(begin), memory("i32.load", 4 * j, get(rightRows))))),
      set(count, get(segments)),
      times(count, row),
      advance(planes, 4),
    ),
    Array.from({ length: lefts }, (_, i) => [
      Array.from({ length: rights }, (_, j) => {
        const sum = get(sums[i * rights + j]!);
        return memory("vector.store", 16 * j, get(out), add(e, memory("vector.load", 16 * j, get(out)), sum));
      }),
      i + 1 < lefts ? advance(out, get(outRow)) : [],
    ]),
  );
}

/**
 * Adds to a module a function `(lefts, rights, …)` that calls the kernel for these numbers of rows with the other arguments. There
 * are at most `most` left rows.
 */
export function dotKernels(module: ModuleBuilder, e: Element, length: number, most: number): FunctionBuilder {
  const ints = (count: number): "i32"[] => new Array<"i32">(count).fill("i32");
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
  const kernels = upTo(most).map((lefts) =>
    upTo(dotRights[most - 1]!).map((rights) => {
      const f = module.func(ints(parameters), []);
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
