/**
 * `out = x`, then `out[index[i][j]][j] = combine(out[…], source[i][j])`, in ascending order along the dimension. Elements with the
 * same target are always combined in the same order, by one thread.
 */
import { isFloat, isHalfDType, itemSize } from "../../../../dtype.ts";
import type { Attrs, ScatterMode } from "../../../../prims/attrs.ts";
import { isContiguous, sizeOf } from "../../../../shape.ts";
import { type CodeModule, ModuleBuilder } from "../../../../code/module.ts";
import { type Code, get, i32, type Local, memory, op, set } from "../../../../code/tree.ts";
import type { Operation } from "../../../../code/operations.ts";
import type { Engine } from "../../engine.ts";
import { atOnce, copyElements, inDType } from "../operand_copies.ts";
import { withIndices } from "./checked_indices.ts";
import { addMul, advance, times } from "../loops.ts";
import { cachedModule } from "../module_cache.ts";
import type { CpuOperand } from "../operand.ts";
import { loadScalar, type ScalarDType, scalarType, storeScalar } from "../scalars.ts";
import { innerStride, type Space, spaceOf, StridedLoop } from "../strided_loop.ts";

/** The approximate number of elements per chunk. */
const grain = 16384;
/** Chunks begin at multiples of this many elements, so that threads seldom write to the same cache line. */
const together = 16;

type Extra = "length" | "indexStep" | "sourceStep" | "stride";
const extra: readonly Extra[] = ["length", "indexStep", "sourceStep", "stride"];

type Opcode = Operation;

/** Combines two values. The locals have the values' type. */
function combine(mode: ScatterMode, dtype: ScalarDType, old: Local, value: Local): Code {
  const type = scalarType(dtype);
  switch (mode) {
    case "set":
      return get(value);
    case "sum":
      return op(`${type}.add`, get(old), get(value));
    case "prod":
      return op(`${type}.mul`, get(old), get(value));
    default: {
      const than = `${type}.${mode === "amax" ? "gt" : "lt"}${isFloat(dtype) ? "" : "_s"}` as Opcode;
      const further = op(than, get(value), get(old));
      const taken = isFloat(dtype)
        ? op("i32.or", further, op(`${type}.ne` as Opcode, get(value), get(value)))
        : further;
      return op("select", get(value), get(old), taken);
    }
  }
}

/** The lane shape in which whole vectors are combined, or null if they are not. */
function lanesOf(mode: ScatterMode, dtype: ScalarDType): string | null {
  if (mode !== "sum" && mode !== "set") return null;
  return { float32: "f32x", float64: "f64x", int32: "i32x", int64: "i64x" }[dtype as string] ?? null;
}

/**
 * The order of the two inner loops. "whole": an index applies to a run of adjacent elements, which are combined by vectors.
 * "across": the run is the inner loop, the dimension the outer. "along": the reverse, for short runs.
 */
type Order = "whole" | "across" | "along";

/** Generates the module. The loop's operands are out, index and source without the dimension. */
function build(
  loop: StridedLoop<Extra>,
  mode: ScatterMode,
  dtype: ScalarDType,
  order: Order,
): CodeModule {
  const module = new ModuleBuilder();
  const f = module.func(["i32", "i32", "i32", "i32"], [], "run");
  const block = f.params[0]!;
  const start = [f.local("i32"), f.local("i32"), f.local("i32")] as const;
  const [to, index, source] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const [count, outer, inner] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const [target, stride] = [f.local("i32"), f.local("i32")];
  const [old, value] = [f.local(scalarType(dtype)), f.local(scalarType(dtype))];
  const bytes = itemSize(dtype);
  const steps = [f.local("i32"), f.local("i32"), f.local("i32")] as const;
  const along = [null, f.local("i32"), f.local("i32")] as const;
  const combined = (from: Code): Code => [
    mode === "set" ? [] : set(old, loadScalar(dtype, get(target))),
    set(value, loadScalar(dtype, from)),
    storeScalar(dtype, get(target), combine(mode, dtype, old, value)),
  ];
  const chosen = addMul(get(to), memory("i32.load", 0, get(index)), get(stride));
  const one = [set(target, chosen), combined(get(source))];
  const rewind = [set(to, get(start[0])), set(index, get(start[1])), set(source, get(start[2]))];
  const lanes = lanesOf(mode, dtype);
  const vector = memory("vector.load", 0, get(source));
  const vectorLoop = lanes === null ? [] : [
    set(count, op("i32.shr_u", get(inner), i32(Math.log2(16 / bytes)))),
    set(inner, op("i32.and", get(inner), i32(16 / bytes - 1))),
    times(
      count,
      memory(
        "vector.store",
        0,
        get(target),
        mode === "set" ? vector : op(`${lanes}.add` as Opcode, memory("vector.load", 0, get(target)), vector),
      ),
      advance(target, 16),
      advance(source, 16),
    ),
  ];
  const [stretch, whole] = [f.local("i32"), order === "whole"];
  const [walked, length] = [order === "along" ? along : steps, loop.read(block, "length")];
  // `outer` iterations over `inner` elements. Each begins one step further in the other direction.
  const body: Code = [
    set(stretch, get(count)),
    set(outer, order === "along" ? get(stretch) : length),
    times(
      outer,
      rewind,
      set(inner, order === "along" ? length : get(stretch)),
      whole
        ? [
          set(target, chosen),
          vectorLoop,
          times(inner, combined(get(source)), advance(target, bytes), advance(source, bytes)),
        ]
        : times(
          inner,
          one,
          walked[0] === null ? [] : advance(to, get(walked[0])),
          advance(index, get(walked[1])),
          advance(source, get(walked[2])),
        ),
      start.map((pointer, o) => {
        const step = (order === "along" ? steps : along)[o]!;
        return step === null ? [] : advance(pointer, get(step));
      }),
    ),
  ];
  f.emit(
    set(stride, loop.read(block, "stride")),
    set(along[1], loop.read(block, "indexStep")),
    set(along[2], loop.read(block, "sourceStep")),
    steps.map((step, o) => set(step, loop.step(block, o))),
    loop.each(f, start, count, body),
  );
  return module;
}

function orderOf(space: Space, length: number): Order {
  const [out, index, source] = [innerStride(space, 0), innerStride(space, 1), innerStride(space, 2)];
  if (out === 1 && index === 0 && source === 1 && space.inner >= 4) return "whole";
  return space.inner < 16 && length > space.inner ? "along" : "across";
}

/** Copies x to out. */
function copy(engine: Engine, x: CpuOperand, out: CpuOperand): void {
  if (isContiguous(x.shape, x.strides) && isContiguous(out.shape, out.strides)) {
    engine.heap.bytes.copyWithin(out.pointer, x.pointer, x.pointer + sizeOf(x.shape) * itemSize(x.dtype));
  } else copyElements(engine, x, out);
}

/** The routine `scatter`. */
export function scatter(
  engine: Engine,
  inputs: readonly CpuOperand[],
  outputs: readonly CpuOperand[],
  attrs: Attrs["scatter"],
): void {
  const { dtype } = outputs[0]!;
  const [x, index, source] = inputs as [CpuOperand, CpuOperand, CpuOperand];
  if (!isHalfDType(dtype)) return scatterAs(engine, x, index, source, outputs[0]!, dtype, attrs);
  inDType(atOnce(engine), "float32", [x, source], outputs, ([a, b], [out]) => {
    scatterAs(engine, a!, index, b!, out!, "float32", attrs);
  });
}

function scatterAs(
  engine: Engine,
  x: CpuOperand,
  index: CpuOperand,
  source: CpuOperand,
  out: CpuOperand,
  dtype: ScalarDType,
  { dim, mode }: Attrs["scatter"],
): void {
  const bytes = itemSize(dtype);
  withIndices(engine, "scatter", index, dim, x.shape[dim] ?? 1, (indices) => {
    copy(engine, x, out);
    const length = indices.shape[dim] ?? 1;
    const without = <T>(list: readonly T[]): T[] => list.filter((_, d) => d !== dim);
    const shape = without(indices.shape);
    const count = sizeOf(shape);
    if (count * length === 0) return;
    const space = spaceOf(shape, [
      { pointer: out.pointer, strides: without(out.strides), bytes },
      { pointer: indices.pointer, strides: without(indices.strides), bytes: 4 },
      { pointer: source.pointer, strides: without(source.strides), bytes },
    ]);
    const order = orderOf(space, length);
    const rank = space.outer.length;
    const loop = new StridedLoop(rank, 3, extra);
    const key = `scatter ${mode} ${dtype} ${order} ${rank}`;
    const entry = cachedModule(engine, key, () => build(loop, mode, dtype, order));
    const params = loop.write(engine, space, {
      length,
      indexStep: (indices.strides[dim] ?? 0) * 4,
      sourceStep: (source.strides[dim] ?? 0) * bytes,
      stride: (out.strides[dim] ?? 0) * bytes,
    });
    engine.parallel(entry, params, count, Math.ceil(grain / length / together) * together);
  });
}
