/** Runs row kernels. A program is rendered and compiled once; a launch fills in offsets and scalars. */
import type { Scalar } from "@heddle/tensor";
import type { Binding, Program, RowKernel } from "@heddle/tensor/backend";
import { estimateMilliseconds } from "../commands/work_estimate.ts";
import type { Engine } from "../device/engine.ts";
import type { GpuBuffer } from "../memory/gpu_buffer.ts";
import { renderRows } from "../render/row_kernel.ts";
import { type PreparedKernel, prepareKernel, setScalars } from "./prepared_kernel.ts";

/** A compiled row kernel, and what its launches need from its rendering. */
interface PreparedRows extends PreparedKernel {
  readonly offsetShifts: readonly number[];
  readonly bound: readonly number[];
}

/** A row kernel ready to run. */
export interface RowProgram extends Program {
  readonly work: RowKernel;
  /** Estimated milliseconds. */
  readonly cost: number;
  /** Compiled kernels, by whether all offsets are multiples of four and by which operands share buffers. */
  readonly prepared: Map<string, PreparedRows>;
}

/** Prepares and runs row kernels. */
export class RowPrograms {
  private readonly engine: Engine;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** The program of a kernel, which compiles when it runs. */
  prepare(work: RowKernel): RowProgram {
    return { work, cost: estimateMilliseconds(work), prepared: new Map() };
  }

  private prepareRows(work: RowKernel, aligned: boolean, memories: readonly number[]): PreparedRows {
    const rendered = renderRows(work, aligned, memories, this.engine);
    const { bound, reads, offsetShifts } = rendered;
    return { ...prepareKernel(this.engine, rendered, reads, bound.length - reads), offsetShifts, bound };
  }

  /** Records the launch of a kernel. */
  run(
    program: RowProgram,
    inputs: readonly Binding[],
    outputs: readonly Binding[],
    given: readonly Scalar[],
  ): void {
    const { recorder } = this.engine;
    recorder.announce(program.cost);
    const operands = [...inputs, ...outputs];
    const handles: GPUBuffer[] = [];
    let [aligned, shared] = [true, false];
    for (const { buffer, offset } of operands) {
      const { handle } = buffer as GpuBuffer;
      if (handles.includes(handle)) shared = true;
      if (offset & 3) aligned = false;
      handles.push(handle);
    }
    const memories = shared ? handles.map((handle) => handles.indexOf(handle)) : null;
    const key = `${aligned ? "aligned" : ""}${memories ?? ""}`;
    let prepared = program.prepared.get(key);
    if (prepared === undefined) {
      program.prepared.set(key, prepared = this.prepareRows(program.work, aligned, memories ?? [...handles.keys()]));
    }
    const { compiled, words, offsetsAt, offsetShifts, bound, x, y } = prepared;
    for (let i = 0; i < operands.length; i++) words[offsetsAt + i] = operands[i]!.offset >>> offsetShifts[i]!;
    setScalars(prepared, given);
    recorder.dispatch(compiled, bound.map((i) => handles[i]!), words, x, y, 1);
  }
}
