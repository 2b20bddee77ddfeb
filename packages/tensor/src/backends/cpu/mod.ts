/** The CPU backend: WebAssembly that is generated at run time, in one memory, on all cores. */
import type { Backend, Binding, DeviceBuffer, Program, Replay, ReplayStep } from "../../backend.ts";
import { type DType, itemSize, type Scalar } from "../../dtype.ts";
import type { Kernel, Operand, Routine } from "../../ir/kernel.ts";
import type { RowKernel, Work } from "../../ir/rows.ts";
import type { HostRoutine, RoutinePrim } from "../../prims/attrs.ts";
import { hostFunctions } from "../reference/functions.ts";
import { defaultThreads, Engine } from "./engine.ts";
import { type CompiledKernel, Kernels } from "./kernels.ts";
import { ParamBlocks } from "./params.ts";
import type { CpuOperand } from "./routines/operand.ts";
import { routines } from "./routines/mod.ts";
import type { CpuRoutine } from "./routines/cpu_routine.ts";
import { type Plan, sourcePattern, type Sources } from "./routines/plan.ts";
import { forget, type Source } from "./routines/prepared.ts";
import { CpuReplay, type ReplayPart } from "./replay.ts";
import { type CompiledRows, RowKernels } from "./row_kernels.ts";

class HeapBuffer implements DeviceBuffer, Source {
  readonly bytes: number;
  readonly pointer: number;
  prepared: Source["prepared"] = null;

  constructor(pointer: number, bytes: number) {
    this.pointer = pointer;
    this.bytes = bytes;
  }
}

type CpuProgram =
  | { readonly work: Kernel; readonly compiled: CompiledKernel }
  | { readonly work: RowKernel; readonly compiled: CompiledRows }
  | { readonly work: Routine; readonly compiled: LastPlan };

/** The plan that a routine ran last, with the pattern of its sources. */
interface LastPlan {
  plan: Plan | null;
  pattern: number;
}

const noSources: Sources = [];

/** The CPU backend. */
export class CpuBackend implements Backend {
  readonly name = "cpu";
  readonly readsSynchronously = true;
  readonly sumsRows = true;
  /** The memory and the threads. */
  readonly engine: Engine;
  private readonly kernels: Kernels;
  private readonly rowKernels: RowKernels;

  /** @param threads the number of threads; by default `HEDDLE_THREADS`, or one per core. */
  constructor(threads: number = defaultThreads()) {
    this.engine = new Engine(hostFunctions, threads);
    const blocks = new ParamBlocks(this.engine.heap);
    this.kernels = new Kernels(this.engine, blocks);
    this.rowKernels = new RowKernels(this.engine, blocks);
  }

  supports(_dtype: DType): boolean {
    return true;
  }

  hasRoutine(name: RoutinePrim): boolean {
    return name in routines;
  }

  rows(dtype: DType): boolean {
    return dtype === "float32" || dtype === "float64";
  }

  alloc(bytes: number): DeviceBuffer {
    return new HeapBuffer(this.engine.heap.alloc(bytes), bytes);
  }

  adopt(_data: ArrayBufferView): null {
    return null; // kernels can only access the heap
  }

  free(buffer: DeviceBuffer): void {
    forget(this.engine, buffer as HeapBuffer);
    this.engine.heap.release((buffer as HeapBuffer).pointer, buffer.bytes);
  }

  write(buffer: DeviceBuffer, byteOffset: number, data: Uint8Array): void {
    forget(this.engine, buffer as HeapBuffer);
    this.engine.heap.bytes.set(data, (buffer as HeapBuffer).pointer + byteOffset);
  }

  read(buffer: DeviceBuffer, byteOffset: number, bytes: number): Uint8Array<ArrayBuffer> {
    const start = (buffer as HeapBuffer).pointer + byteOffset;
    const copy = new Uint8Array(bytes);
    copy.set(this.engine.heap.bytes.subarray(start, start + bytes));
    return copy;
  }

  readAsync(buffer: DeviceBuffer, byteOffset: number, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    return Promise.resolve(this.read(buffer, byteOffset, bytes));
  }

  prepare(work: Work): CpuProgram {
    switch (work.kind) {
      case "kernel":
        return { work, compiled: this.kernels.prepare(work) };
      case "rows":
        return { work, compiled: this.rowKernels.prepare(work) };
      case "routine":
        return { work, compiled: { plan: null, pattern: 0 } };
    }
  }

  release(program: Program): void {
    const { work, compiled } = program as CpuProgram;
    if (work.kind === "kernel") this.kernels.release(compiled as CompiledKernel);
    else if (work.kind === "rows") this.rowKernels.release(compiled as CompiledRows);
  }

  dispatch(
    program: Program,
    inputs: readonly Binding[],
    outputs: readonly Binding[],
    scalars: readonly Scalar[],
  ): void {
    try {
      this.run(program as CpuProgram, inputs, outputs, scalars);
    } catch (error) {
      this.engine.heap.reclaim();
      throw error;
    } finally {
      for (let i = 0; i < outputs.length; i++) forget(this.engine, outputs[i]!.buffer as HeapBuffer);
    }
  }

  replay(steps: readonly ReplayStep[]): Replay {
    const partOf = (step: ReplayStep, scalars: readonly Scalar[], borrow: (bytes: number) => number): ReplayPart => {
      return this.replayPart(step, scalars, borrow);
    };
    return new CpuReplay(this.engine, steps, partOf, ({ buffer }) => buffer as HeapBuffer);
  }

  private replayPart(
    { program, inputs, outputs }: ReplayStep,
    scalars: readonly Scalar[],
    borrow: (bytes: number) => number,
  ): ReplayPart {
    const { work } = program;
    const written = work.kind === "kernel" ? [work.output] : work.outputs;
    const at = [
      ...inputs.map((input, i) => address(input, work.inputs[i]!.dtype)),
      ...outputs.map((output, i) => address(output, written[i]!.dtype)),
    ];
    if (work.kind === "kernel") {
      const compiled = this.kernels.prepare(work);
      const fixed = this.kernels.fixed(compiled, at, scalars, borrow);
      return { kind: "kernel", ...fixed, release: () => this.kernels.release(compiled) };
    }
    if (work.kind === "rows") {
      const compiled = this.rowKernels.prepare(work);
      const fixed = this.rowKernels.fixed(compiled, at, scalars);
      return { kind: "kernel", ...fixed, release: () => this.rowKernels.release(compiled) };
    }
    const { ownPlan } = routines[work.name as HostRoutine] as CpuRoutine<RoutinePrim>;
    // What is prepared from lasting contents is kept by the buffer, and may be freed between runs.
    if (ownPlan === undefined || inputs.some(({ lasting }) => lasting)) {
      return { kind: "dispatch", run: (scalars) => this.run(program as CpuProgram, inputs, outputs, scalars) };
    }
    const operand = ({ dtype, shape, strides }: Operand, i: number): CpuOperand => {
      return { dtype, shape, strides, pointer: at[i]! };
    };
    const read = work.inputs.map(operand);
    const own = work.outputs.map((output, i) => operand(output, inputs.length + i));
    return { kind: "plan", plan: () => ownPlan(this.engine, read, own, work.attrs as never), pointers: at };
  }

  private run(
    { work, compiled }: CpuProgram,
    inputs: readonly Binding[],
    outputs: readonly Binding[],
    scalars: readonly Scalar[],
  ): void {
    if (work.kind === "routine") return this.runRoutine(work, compiled as LastPlan, inputs, outputs, scalars);
    const count = inputs.length;
    const at = new Array<number>(count + outputs.length);
    for (let i = 0; i < count; i++) at[i] = address(inputs[i]!, work.inputs[i]!.dtype);
    if (work.kind === "kernel") {
      at[count] = address(outputs[0]!, work.output.dtype);
      this.kernels.run(compiled as CompiledKernel, at, scalars);
    } else {
      for (let i = 0; i < outputs.length; i++) at[count + i] = address(outputs[i]!, work.outputs[i]!.dtype);
      this.rowKernels.run(compiled as CompiledRows, at, scalars);
    }
  }

  private runRoutine(
    work: Routine,
    last: LastPlan,
    inputs: readonly Binding[],
    outputs: readonly Binding[],
    scalars: readonly Scalar[],
  ): void {
    const count = inputs.length;
    const pointers = new Array<number>(count + outputs.length);
    let lasts = false;
    for (let i = 0; i < count; i++) {
      const binding = inputs[i]!;
      pointers[i] = address(binding, work.inputs[i]!.dtype);
      if (binding.lasting) lasts = true;
    }
    for (let i = 0; i < outputs.length; i++) pointers[count + i] = address(outputs[i]!, work.outputs[i]!.dtype);
    const sources = lasts ? sourcesOf(inputs) : noSources;
    const pattern = lasts ? sourcePattern(sources) : 0;
    if (last.plan === null || last.pattern !== pattern || !last.plan.holds()) {
      const plan = this.planOf(work, pointers, sources, scalars);
      if (plan === null) return;
      last.plan = plan;
      last.pattern = pattern;
    }
    last.plan.replay(pointers, sources);
  }

  /** Plans a routine, or runs one that does not plan and returns null. */
  private planOf(
    work: Routine,
    pointers: readonly number[],
    sources: Sources,
    scalars: readonly Scalar[],
  ): Plan | null {
    const operand = ({ dtype, shape, strides }: Operand, i: number): CpuOperand => ({
      dtype,
      shape,
      strides,
      pointer: pointers[i]!,
      source: sources[i],
    });
    const read = work.inputs.map(operand);
    const written = work.outputs.map((output, i) => operand(output, work.inputs.length + i));
    const routine = routines[work.name as HostRoutine] as CpuRoutine<RoutinePrim>;
    if (routine.plan !== undefined) return routine.plan(this.engine, read, written, work.attrs as never);
    routine(this.engine, read, written, attrsWith(work.attrs, scalars) as never);
    return null;
  }
}

/** The memory of the inputs whose contents last. */
function sourcesOf(inputs: readonly Binding[]): Sources {
  const sources = new Array<HeapBuffer | undefined>(inputs.length);
  for (let i = 0; i < inputs.length; i++) sources[i] = inputs[i]!.lasting ? inputs[i]!.buffer as HeapBuffer : undefined;
  return sources;
}

/** The attributes of a routine, with its scalar: the position in the stream of random numbers. */
export function attrsWith(attrs: object, [counter]: readonly Scalar[]): object {
  return counter === undefined ? attrs : { ...attrs, counter };
}

function address({ buffer, offset }: Binding, dtype: DType): number {
  return (buffer as HeapBuffer).pointer + offset * itemSize(dtype);
}
