/** Row kernels on the GPU: rendered once by geometry, then filled in with offsets and scalars and launched. */
import type { Scalar } from "@heddle/tensor";
import { type Binding, type Program, type RowKernel, showRows } from "@heddle/tensor/backend";
import type { Engine } from "../device/engine.ts";
import type { GpuBuffer } from "../memory/gpu_buffer.ts";
import type { CompiledKernel } from "../commands/pipeline_cache.ts";
import { scalarWord } from "../render/expression.ts";
import { type RenderedRows, renderRows } from "../render/row_kernel.ts";
import { SignatureCache } from "../signature_cache.ts";

/** A row kernel's shader, and how many workgroups it takes. */
interface Ready {
  readonly rendered: RenderedRows;
  readonly compiled: CompiledKernel;
  readonly x: number;
  readonly y: number;
}

/** A row kernel ready to run. */
export interface RowProgram extends Program {
  readonly work: RowKernel;
  /** By whether all offsets are multiples of four, and by which operands share buffers. */
  readonly ready: Map<string, Ready>;
}

/** See the module's comment. */
export class RowPrograms {
  private readonly engine: Engine;
  private readonly programs: SignatureCache<RowProgram> = new SignatureCache(1024);

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** The program of a kernel's steps and geometry. */
  prepare(work: RowKernel): RowProgram {
    const { programs } = this;
    programs.addObject(work.steps, () => showRows(work));
    programs.addNumber(work.inner);
    programs.addNumbers(work.shape);
    for (const { strides } of work.inputs) programs.addNumbers(strides);
    for (const { strides } of work.outputs) programs.addNumbers(strides);
    return programs.getOrCreate(() => ({ work, ready: new Map() }));
  }

  private ready(work: RowKernel, aligned: boolean, memories: readonly number[]): Ready {
    const rendered = renderRows(work, aligned, memories, this.engine);
    const { pipelines } = this.engine.recorder;
    const { bound, reads } = rendered;
    const compiled = pipelines.get(rendered.key, reads, bound.length - reads, rendered.source);
    const [x, y] = this.engine.dispatchSize(rendered.workgroups);
    return { rendered, compiled, x, y };
  }

  /** Records a kernel's launch. */
  run(
    program: RowProgram,
    inputs: readonly Binding[],
    outputs: readonly Binding[],
    given: readonly Scalar[],
  ): void {
    const operands = [...inputs, ...outputs];
    const handles = operands.map(({ buffer }) => (buffer as GpuBuffer).handle);
    const memories = handles.map((handle) => handles.indexOf(handle));
    const aligned = operands.every(({ offset }) => offset % 4 === 0);
    const shared = memories.some((memory, i) => memory !== i);
    const key = `${aligned ? "aligned" : ""}${shared ? memories : ""}`;
    let ready = program.ready.get(key);
    if (ready === undefined) program.ready.set(key, ready = this.ready(program.work, aligned, memories));
    const { rendered, compiled, x, y } = ready;
    const { words, offsetsAt, offsetShifts, scalarsAt, scalars, bound } = rendered;
    operands.forEach(({ offset }, i) => words[offsetsAt + i] = offset >>> offsetShifts[i]!);
    scalars.forEach(({ index, dtype }, i) => words[scalarsAt + i] = scalarWord(given[index]!, dtype));
    this.engine.recorder.dispatch(compiled, bound.map((i) => handles[i]!), words, x, y, 1);
  }
}
