/** For tests: runs a routine on an engine and on the reference backend with the same random operands, and compares the results. */
import "../../../mod.ts"; // adds the routines
import { type DType, isFloat, isHalfDType, itemSize, typedArrayOver } from "../../../dtype.ts";
import { halfFormats } from "../../../half.ts";
import type { Attrs, HostRoutine } from "../../../prims/attrs.ts";
import { routineRules } from "../../../prims/routines.ts";
import { contiguousStrides, sizeOf } from "../../../shape.ts";
import { type HostOperand, load } from "../../reference/host_operand.ts";
import { routines as reference } from "../../reference/routines.ts";
import type { Engine } from "../engine.ts";
import type { CpuOperand } from "../routines/operand.ts";
import type { CpuRoutine } from "../routines/cpu_routine.ts";

/** A generator of numbers in [0, 1). The same seed gives the same numbers. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state >>> 8) + 0.5) / 2 ** 24;
  };
}

/** The layout of an operand in its storage. */
export type StorageLayout = "contiguous" | "permuted" | "stepped" | "repeated" | "backwards";

/** A storage with random elements and a view of it. */
export function randomOperand(
  random: () => number,
  dtype: DType,
  shape: readonly number[],
  layout: StorageLayout,
): HostOperand {
  const rank = shape.length;
  const gap = layout === "stepped" ? 2 : 1;
  const order = shape.map((_, d) => d);
  if (layout === "permuted") order.sort(() => random() - 0.5);
  const strides = new Array<number>(rank).fill(0);
  let size = gap;
  for (const d of order.toReversed()) {
    if (layout === "repeated" && random() < 0.4) continue;
    strides[d] = size;
    size *= Math.max(shape[d]!, 1);
  }
  let offset = Math.floor(random() * 5);
  if (layout === "backwards") {
    shape.forEach((n, d) => {
      if (n === 0 || random() < 0.5) return;
      offset += strides[d]! * (n - 1);
      strides[d] = -strides[d]!;
    });
  }
  const bytes = (size + 8) * itemSize(dtype);
  const data = typedArrayOver(dtype, new ArrayBuffer(bytes), 0, size + 8);
  for (let i = 0; i < data.length; i++) {
    // Integers whose products overflow 32 bits, but not the 53 bits of the reference's sums.
    const value = isFloat(dtype)
      ? 2 * random() - 1
      : dtype === "bool"
      ? Math.floor(2 * random())
      : Math.floor((random() - 0.5) * 2 ** 23);
    if (dtype === "int64") (data as BigInt64Array)[i] = BigInt(value) * 3_000_000_017n;
    else data[i] = isHalfDType(dtype) ? halfFormats[dtype].toBits(value) : value;
  }
  return { dtype, shape, strides, data, offset };
}

/** Copies an operand to the heap. `release` frees it. */
export function onHeap(engine: Engine, operand: HostOperand): CpuOperand & { release: () => void } {
  const { data, dtype, shape, strides, offset } = operand;
  const pointer = engine.heap.alloc(data.byteLength);
  engine.heap.bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), pointer);
  return {
    dtype,
    shape,
    strides,
    pointer: pointer + offset * itemSize(dtype),
    release: () => engine.heap.release(pointer, data.byteLength),
  };
}

/** The values of an operand in the heap. */
export function fromHeap(engine: Engine, operand: CpuOperand): ReturnType<typeof load> {
  const { dtype } = operand;
  const { buffer } = engine.heap.memory;
  const size = itemSize(dtype);
  const data = typedArrayOver(dtype, buffer, 0, Math.floor(buffer.byteLength / size));
  return load({ ...operand, data, offset: operand.pointer / size }).slice() as ReturnType<typeof load>;
}

/** A test case. `terms` is the number of products that a result sums; errors grow with it. */
export interface Case<P extends HostRoutine> {
  readonly name: P;
  readonly routine: CpuRoutine<P>;
  readonly inputs: readonly HostOperand[];
  readonly attrs: Attrs[P];
  readonly terms: number;
  /** The factor by which errors may exceed those of plain sums. */
  readonly slack?: number;
  readonly outputLayout?: StorageLayout;
}

const precision: Partial<Record<DType, number>> = {
  float32: 2 ** -23,
  float64: 2 ** -52,
  float16: 2 ** -10,
  bfloat16: 2 ** -7,
};

type Values = ReturnType<typeof load>;

/** What a run leaves behind. */
interface Ran {
  readonly values: Values[];
  /** The outputs before the run, and their storages after it. */
  readonly views: HostOperand[];
  readonly storages: HostOperand["data"][];
}

function run<P extends HostRoutine>(engine: Engine, c: Case<P>): Ran {
  const outputs = routineRules[c.name].outputs(c.inputs, c.attrs);
  const random = seeded(1);
  const views = outputs.map(({ dtype, shape }) => randomOperand(random, dtype, shape, c.outputLayout ?? "contiguous"));
  const place = () => [c.inputs.map((x) => onHeap(engine, x)), views.map((x) => onHeap(engine, x))] as const;
  // A first run elsewhere, so that the second one replays its plan with other addresses.
  const [others, othersOut] = place();
  c.routine(engine, others, othersOut, c.attrs);
  const [inputs, results] = place();
  for (const operand of [...others, ...othersOut]) operand.release();
  c.routine(engine, inputs, results, c.attrs);
  const values = results.map((x) => fromHeap(engine, x));
  const storages = views.map(({ dtype, offset, data }, o) => {
    const start = results[o]!.pointer - offset * itemSize(dtype);
    return typedArrayOver(dtype, engine.heap.memory.buffer, start, data.length).slice();
  });
  for (const operand of [...inputs, ...results]) operand.release();
  return { values, views, storages };
}

/** Throws if an engine's results are not, bit for bit, those that another engine returned. */
export function expectSame<P extends HostRoutine>(engine: Engine, c: Case<P>, wanted: readonly Values[]): void {
  run(engine, c).values.forEach((values, o) => {
    const different = values.findIndex((value, i) => !Object.is(value, wanted[o]![i]));
    if (different >= 0 || values.length !== wanted[o]!.length) {
      throw new Error(`${c.name}: output ${o} differs at ${different} from that of the other engine; ${describe(c)}`);
    }
  });
}

/** Runs a case on both backends and throws if the results differ. Returns the engine's results. */
export function compare<P extends HostRoutine>(engine: Engine, c: Case<P>): Values[] {
  const outputs = routineRules[c.name].outputs(c.inputs, c.attrs);
  const { values, views, storages } = run(engine, c);
  const expected = outputs.map(({ dtype, shape }): HostOperand => {
    const data = typedArrayOver(dtype, new ArrayBuffer(sizeOf(shape) * itemSize(dtype)), 0, sizeOf(shape));
    return { dtype, shape, strides: contiguousStrides(shape), data, offset: 0 };
  });
  reference[c.name]!(c.inputs, expected, c.attrs);
  expected.forEach((operand, o) => {
    const eps = precision[operand.dtype] ?? 0;
    const narrow = isHalfDType(operand.dtype) ? 1 : c.terms;
    const [want, got] = [load(operand), values[o]!];
    for (let i = 0; i < want.length; i++) {
      const [w, g] = [want[i]!, got[i]!];
      if (Object.is(w, g) || (w === g && !isFloat(operand.dtype))) continue;
      const near = eps > 0 &&
        Math.abs(w - g) <=
          (c.slack ?? 1) * eps * (Math.sqrt(narrow) + 2) * Math.max(Math.abs(w), Math.sqrt(c.terms), 1);
      if (!near) throw new Error(`${c.name}: output ${o} differs at ${i}: expected ${w}, got ${g}; ${describe(c)}`);
    }
    // Elements of the storage outside the output must not change.
    const [view, all] = [views[o]!, storages[o]!];
    const own = new Uint8Array(all.length);
    const visit = (d: number, at: number): void => {
      if (d === view.shape.length) own[at] = 1;
      else for (let i = 0; i < view.shape[d]!; i++) visit(d + 1, at + i * view.strides[d]!);
    };
    visit(0, view.offset);
    for (let i = 0; i < all.length; i++) {
      if (own[i] === 0 && !Object.is(all[i], view.data[i])) {
        throw new Error(`${c.name}: wrote beside output ${o}, at element ${i} of the storage; ${describe(c)}`);
      }
    }
  });
  return values;
}

function describe<P extends HostRoutine>(c: Case<P>): string {
  const operands = c.inputs.map(({ dtype, shape, strides }) => `${dtype} [${shape}] by [${strides}]`);
  return `${operands.join(", ")}, ${JSON.stringify(c.attrs)}, output ${c.outputLayout ?? "contiguous"}`;
}
