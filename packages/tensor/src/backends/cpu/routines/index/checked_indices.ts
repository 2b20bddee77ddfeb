/** Indices for generated code: converted to int32, and checked to be in range before anything is read or written through them. */
import { itemSize, typedArrayOver } from "../../../../dtype.ts";
import { sizeOf } from "../../../../shape.ts";
import { type CodeModule, ModuleBuilder } from "../../../../code/module.ts";
import { get, i32, lane, memory, op, set, when } from "../../../../code/tree.ts";
import { load } from "../../../reference/host_operand.ts";
import type { Engine } from "../../engine.ts";
import { temporary } from "../operand_copies.ts";
import { advance, times } from "../loops.ts";
import { cachedModule } from "../module_cache.ts";
import type { CpuOperand } from "../operand.ts";
import { innerStride, spaceOf, StridedLoop } from "../strided_loop.ts";

/** The elements that a chunk checks. */
const grain = 65536;

/** Generates the check: it writes 1 to the address `flag` if an index is not below `limit`. `unit` is whether indices are adjacent. */
function build(loop: StridedLoop<"limit" | "flag">, unit: boolean): CodeModule {
  const module = new ModuleBuilder();
  const f = module.func(["i32", "i32", "i32", "i32"], [], "run");
  const block = f.params[0]!;
  const [at, count, vectors] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const most = f.local("vector");
  // As unsigned numbers, negative indices are the largest.
  const raise = (value: ReturnType<typeof get>) => set(most, op("i32x.max_u", get(most), value));
  const vectorLoop = [
    set(vectors, op("i32.shr_u", get(count), i32(2))),
    set(count, op("i32.and", get(count), i32(3))),
    times(vectors, raise(memory("vector.load", 0, get(at))), advance(at, 16)),
  ];
  f.emit(
    loop.each(f, [at], count, [
      unit ? vectorLoop : [],
      times(count, raise(op("i32x.splat", memory("i32.load", 0, get(at)))), advance(at, loop.step(block, 0))),
    ]),
    [0, 1, 2, 3].map((n) =>
      when(
        op("i32.ge_u", lane("i32x.extract_lane", n, get(most)), loop.read(block, "limit")),
        memory("i32.store", 0, loop.read(block, "flag"), i32(1)),
      )
    ),
  );
  return module;
}

function hostValues(engine: Engine, index: CpuOperand): ReturnType<typeof load> {
  const { buffer } = engine.heap.memory;
  const size = itemSize(index.dtype);
  const data = typedArrayOver(index.dtype, buffer, 0, Math.floor(buffer.byteLength / size));
  return load({ ...index, data, offset: index.pointer / size });
}

/** Throws for the first index that is out of range, in row-major order. */
function throwOutOfRange(operation: string, values: ReturnType<typeof load>, dim: number, length: number): void {
  for (let i = 0; i < values.length; i++) {
    const chosen = Number(values[i]);
    if (!(chosen >= 0 && chosen < length)) {
      throw new RangeError(
        `${operation}: index ${chosen} is out of range for dim ${dim} of size ${length}; expected 0 to ${length - 1}`,
      );
    }
  }
}

/**
 * Calls `use` with the indices as int32, all of them from 0 to `length − 1`.
 *
 * @throws RangeError with the first index that is out of range.
 */
export function withIndices(
  engine: Engine,
  operation: string,
  index: CpuOperand,
  dim: number,
  length: number,
  use: (index: CpuOperand) => void,
): void {
  if (index.dtype !== "int32") {
    const values = hostValues(engine, index);
    throwOutOfRange(operation, values, dim, length);
    const copy = temporary(engine.heap, "int32", index.shape);
    try {
      // The allocation may have replaced the buffer of an unshared memory. Addresses stay valid.
      const target = new Int32Array(engine.heap.memory.buffer, copy.pointer, sizeOf(index.shape));
      const source = hostValues(engine, index);
      for (let i = 0; i < target.length; i++) target[i] = Number(source[i]);
      return use(copy);
    } finally {
      engine.heap.giveBack(copy.pointer);
    }
  }
  // Repeated elements need to be checked only once.
  const shape = index.shape.map((size, d) => index.strides[d] === 0 ? Math.min(size, 1) : size);
  const space = spaceOf(shape, [{ ...index, bytes: 4 }]);
  const unit = innerStride(space, 0) === 1;
  const loop = new StridedLoop(space.outer.length, 1, ["limit", "flag"]);
  const entry = cachedModule(engine, `indices ${space.outer.length} ${unit}`, () => build(loop, unit));
  const flag = flagOf(engine);
  const word = (): Int32Array => new Int32Array(engine.heap.memory.buffer, flag, 1);
  word()[0] = 0;
  engine.parallel(entry, loop.write(engine, space, { limit: length, flag }), sizeOf(shape), grain);
  if (word()[0] !== 0) throwOutOfRange(operation, hostValues(engine, index), dim, length);
  use(index);
}

const flags: WeakMap<Engine, number> = new WeakMap();

function flagOf(engine: Engine): number {
  let flag = flags.get(engine);
  if (flag === undefined) flags.set(engine, flag = engine.heap.alloc(64));
  return flag;
}
