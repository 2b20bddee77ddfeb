/** The CPU backend: WebAssembly that is generated at run time, in one memory, on all cores. */
import type { Backend, Binding, DeviceBuffer, Program } from "../../backend.ts";
import { type DType, itemSize, type Scalar } from "../../dtype.ts";
import type { Operand } from "../../ir/kernel.ts";
import type { Work } from "../../ir/rows.ts";
import type { RoutinePrim } from "../../prims/attrs.ts";
import { hostFunctions } from "../reference/functions.ts";
import { defaultThreads, Engine } from "./engine.ts";
import { type CompiledKernel, Kernels } from "./kernels.ts";
import type { CpuOperand } from "./routines/operand.ts";
import { routines } from "./routines/mod.ts";
import type { CpuRoutine } from "./routines/cpu_routine.ts";
import { forget, type Source } from "./routines/prepared.ts";
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

interface CpuProgram extends Program {
  readonly compiled: CompiledKernel | CompiledRows | null;
}

/** The CPU backend. */
export class CpuBackend implements Backend {
  readonly name = "cpu";
  readonly readsSynchronously = true;
  /** The memory and the threads. */
  readonly engine: Engine;
  private readonly kernels: Kernels;
  private readonly rowKernels: RowKernels;

  /** @param threads the number of threads; by default `HEDDLE_THREADS`, or one per core. */
  constructor(threads: number = defaultThreads()) {
    this.engine = new Engine(hostFunctions, threads);
    this.kernels = new Kernels(this.engine);
    this.rowKernels = new RowKernels(this.engine);
  }

  supports(_dtype: DType): boolean {
    return true;
  }

  hasRoutine(_name: RoutinePrim): boolean {
    return true;
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
        return { work, compiled: null };
    }
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
      for (const { buffer } of outputs) forget(this.engine, buffer as HeapBuffer);
    }
  }

  private run(
    { work, compiled }: CpuProgram,
    inputs: readonly Binding[],
    outputs: readonly Binding[],
    scalars: readonly Scalar[],
  ): void {
    if (work.kind === "routine") {
      const bind = (operands: readonly Operand[], bindings: readonly Binding[]): CpuOperand[] =>
        operands.map((operand, i) => {
          const { dtype, shape, strides } = operand;
          const { buffer, lasting } = bindings[i]!;
          const pointer = address(bindings[i]!, dtype);
          return { dtype, shape, strides, pointer, source: lasting ? buffer as HeapBuffer : undefined };
        });
      const run = routines[work.name] as CpuRoutine<RoutinePrim>;
      run(this.engine, bind(work.inputs, inputs), bind(work.outputs, outputs), work.attrs as never);
      return;
    }
    const at = inputs.map((binding, i) => address(binding, work.inputs[i]!.dtype));
    if (work.kind === "kernel") {
      this.kernels.run(compiled as CompiledKernel, at, address(outputs[0]!, work.output.dtype), scalars);
    } else {
      outputs.forEach((binding, i) => at.push(address(binding, work.outputs[i]!.dtype)));
      this.rowKernels.run(compiled as CompiledRows, at, scalars);
    }
  }
}

function address({ buffer, offset }: Binding, dtype: DType): number {
  return (buffer as HeapBuffer).pointer + offset * itemSize(dtype);
}
