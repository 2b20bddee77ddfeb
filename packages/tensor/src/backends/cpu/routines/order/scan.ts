/**
 * Running sums and products along a dimension. As in the reference, floats accumulate in float64 and are rounded when they are
 * stored; integers wrap.
 */
import { isFloat, isHalfDType, itemSize } from "../../../../dtype.ts";
import type { Attrs } from "../../../../prims/attrs.ts";
import { sizeOf } from "../../../../shape.ts";
import { type CodeModule, type FunctionBuilder, ModuleBuilder } from "../../../../code/module.ts";
import {
  type Code,
  f64,
  f64x,
  get,
  i32,
  i64,
  lane,
  type Local,
  memory,
  memoryLane,
  op,
  set,
  shuffle,
  tee,
} from "../../../../code/tree.ts";
import type { Operation } from "../../../../code/operations.ts";
import type { Engine } from "../../engine.ts";
import { atOnce, inDType } from "../operand_copies.ts";
import { advance, times } from "../loops.ts";
import { cachedModule } from "../module_cache.ts";
import type { CpuOperand } from "../operand.ts";
import { loadScalar, type ScalarDType, scalarType, storeScalar } from "../scalars.ts";
import { innerStride, spaceOf, StridedLoop } from "../strided_loop.ts";

type Step = "add" | "mul";
type Extra = "length" | "inStep" | "outStep";
const extra: readonly Extra[] = ["length", "inStep", "outStep"];
type Opcode = Operation;

/** The approximate number of elements per chunk. */
const grain = 16384;
/** The number of columns that are scanned together: a cache line of float32. */
const columns = 16;

/** Begins the function of both forms of scans. The loop's operands are out and x without the scanned dimension. */
function begin(): { module: ModuleBuilder; f: FunctionBuilder; to: Local; from: Local; count: Local } {
  const module = new ModuleBuilder();
  const f = module.func(["i32", "i32", "i32", "i32"], [], "run");
  return { module, f, to: f.local("i32"), from: f.local("i32"), count: f.local("i32") };
}

/** Scans line by line. Contiguous lines of float32 are scanned four elements at a time. */
function lines(
  loop: StridedLoop<Extra>,
  step: Step,
  dtype: ScalarDType,
  unit: boolean,
): CodeModule {
  const { module, f, to, from, count } = begin();
  const block = f.params[0]!;
  const type = isFloat(dtype) ? "f64" : scalarType(dtype) as "i32" | "i64";
  const single = dtype === "float32";
  const total = f.local(type);
  const neutral = step === "add" ? 0 : 1;
  const [left, quads, put, at] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  const value = loadScalar(dtype, get(at));
  const next = op(`${type}.${step}`, get(total), single ? op("f64.promote_f32", value) : value);
  const one = [
    storeScalar(dtype, get(put), single ? op("f32.demote_f64", tee(total, next)) : tee(total, next)),
    advance(put, loop.read(block, "outStep")),
    advance(at, loop.read(block, "inStep")),
  ];
  const outStep = [loop.step(block, 0), loop.step(block, 1)] as const;
  f.emit(loop.each(f, [to, from], count, [
    times(
      count,
      set(put, get(to)),
      set(at, get(from)),
      set(left, loop.read(block, "length")),
      set(total, type === "f64" ? f64(neutral) : type === "i32" ? i32(neutral) : i64(BigInt(neutral))),
      unit && single
        ? [
          set(quads, op("i32.shr_u", get(left), i32(2))),
          set(left, op("i32.and", get(left), i32(3))),
          times(quads, four(f, step, put, at, total), advance(put, 16), advance(at, 16)),
        ]
        : [],
      times(left, one),
      advance(to, outStep[0]),
      advance(from, outStep[1]),
    ),
  ]));
  return module;
}

/**
 * The next four results of a line of float32. The four elements are first combined among themselves, then with the total, so that
 * there is only one dependent operation from one group of four to the next.
 */
function four(f: FunctionBuilder, step: Step, put: Local, at: Local, total: Local): Code {
  const [low, high, sum] = [f.local("vector"), f.local("vector"), f.local("vector")];
  const combine = (a: Code, b: Code): Code => op(`f64x.${step}`, a, b);
  const neutral = f64x(step === "add" ? 0 : 1);
  // [a, b] → [a, ab]
  const own = (pair: Local): Code =>
    combine(get(pair), shuffle([0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23], neutral, get(pair)));
  const last = (pair: Local): Code =>
    shuffle([8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15], get(pair), get(pair));
  return [
    set(low, op("f64x.promote_low_f32x", memory("vector.load_half", 0, get(at)))),
    set(high, op("f64x.promote_low_f32x", memory("vector.load_half", 8, get(at)))),
    set(low, own(low)),
    set(high, combine(own(high), last(low))),
    set(sum, op("f64x.splat", get(total))),
    set(total, op(`f64.${step}`, get(total), lane("f64x.extract_lane", 1, get(high)))),
    ([[low, 0], [high, 8]] as const).map(([pair, offset]) =>
      memoryLane(
        "vector.store64_lane",
        offset,
        0,
        get(put),
        op("f32x.demote_f64x_zero", combine(get(sum), get(pair))),
      )
    ),
  ];
}

/** Scans adjacent lines in parallel, in vectors: for float32, float64 and int32, if the elements of a line are not contiguous. */
function sideBySide(
  loop: StridedLoop<Extra>,
  step: Step,
  dtype: "float32" | "float64" | "int32",
): CodeModule {
  const { module, f, to, from, count } = begin();
  const block = f.params[0]!;
  const bytes = itemSize(dtype);
  const single = dtype === "float32";
  const lanes = dtype === "int32" ? 4 : 2;
  const totals = Array.from({ length: columns / lanes }, () => f.local("vector"));
  const [left, put, at, taken] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
  const combine = (a: Code, b: Code): Code => op(`${dtype === "int32" ? "i32x" : "f64x"}.${step}` as Opcode, a, b);
  const type = isFloat(dtype) ? "f64" : "i32";
  const total = f.local(type);
  const start = step === "add" ? 0 : 1;
  const neutral: Code = type === "f64" ? f64(start) : i32(start);
  const value = loadScalar(dtype, get(at));
  const next = op(`${type}.${step}`, get(total), single ? op("f64.promote_f32", value) : value);
  const walk = (...body: Code[]): Code => [
    set(put, get(to)),
    set(at, get(from)),
    set(left, loop.read(block, "length")),
    times(left, ...body, advance(put, loop.read(block, "outStep")), advance(at, loop.read(block, "inStep"))),
  ];
  const wide = totals.map((sum, i) => {
    const offset = i * lanes * bytes;
    if (single) {
      const pair = op("f64x.promote_low_f32x", memory("vector.load_half", offset, get(at)));
      const result = op("f32x.demote_f64x_zero", tee(sum, combine(get(sum), pair)));
      return memoryLane("vector.store64_lane", offset, 0, get(put), result);
    }
    return memory(
      "vector.store",
      offset,
      get(put),
      tee(sum, combine(get(sum), memory("vector.load", offset, get(at)))),
    );
  });
  f.emit(loop.each(f, [to, from], count, [
    set(taken, op("i32.div_u", get(count), i32(columns))),
    set(count, op("i32.rem_u", get(count), i32(columns))),
    times(
      taken,
      totals.map((sum) => set(sum, op(type === "f64" ? "f64x.splat" : "i32x.splat", neutral))),
      walk(wide),
      advance(to, columns * bytes),
      advance(from, columns * bytes),
    ),
    times(
      count,
      set(total, neutral),
      walk(storeScalar(dtype, get(put), single ? op("f32.demote_f64", tee(total, next)) : tee(total, next))),
      advance(to, bytes),
      advance(from, bytes),
    ),
  ]));
  return module;
}

function scan(engine: Engine, x: CpuOperand, out: CpuOperand, dtype: ScalarDType, dim: number, step: Step): void {
  const bytes = itemSize(dtype);
  const length = x.shape[dim] ?? 1;
  const without = (list: readonly number[]): number[] => list.filter((_, d) => d !== dim);
  const shape = without(x.shape);
  const count = sizeOf(shape);
  if (count * length === 0) return;
  const space = spaceOf(shape, [out, x].map(({ pointer, strides }) => ({ pointer, strides: without(strides), bytes })));
  const [outStep, inStep] = [(out.strides[dim] ?? 0) * bytes, (x.strides[dim] ?? 0) * bytes];
  const close = outStep === bytes && inStep === bytes;
  const vectors = (dtype === "float32" || dtype === "float64" || dtype === "int32") && innerStride(space, 0) === 1 &&
    innerStride(space, 1) === 1 && space.inner >= 4;
  const rank = space.outer.length;
  const loop = new StridedLoop(rank, 2, extra);
  const key = `scan ${step} ${dtype} ${vectors ? "vectors" : close} ${rank}`;
  const entry = cachedModule(
    engine,
    key,
    () => vectors ? sideBySide(loop, step, dtype) : lines(loop, step, dtype, close),
  );
  const params = loop.write(engine, space, { length, inStep, outStep });
  engine.parallel(entry, params, count, Math.ceil(grain / length / columns) * columns);
}

function scanAny(
  engine: Engine,
  inputs: readonly CpuOperand[],
  outputs: readonly CpuOperand[],
  dim: number,
  step: Step,
): void {
  const { dtype } = outputs[0]!;
  if (!isHalfDType(dtype)) return scan(engine, inputs[0]!, outputs[0]!, dtype, dim, step);
  inDType(atOnce(engine), "float32", inputs, outputs, ([x], [out]) => scan(engine, x!, out!, "float32", dim, step));
}

/** Running sums. */
export function cumsum(
  engine: Engine,
  inputs: readonly CpuOperand[],
  outputs: readonly CpuOperand[],
  { dim }: Attrs["cumsum"],
): void {
  scanAny(engine, inputs, outputs, dim, "add");
}

/** Running products. */
export function cumprod(
  engine: Engine,
  inputs: readonly CpuOperand[],
  outputs: readonly CpuOperand[],
  { dim }: Attrs["cumprod"],
): void {
  scanAny(engine, inputs, outputs, dim, "mul");
}
