/**
 * Runs element-wise kernels and reductions. A program, which the engine keeps by geometry, is rendered and compiled once; a
 * launch fills in offsets and scalars.
 */
import type { Scalar } from "@heddle/tensor";
import type { Binding, Kernel, Program } from "@heddle/tensor/backend";
import { estimateMilliseconds } from "../commands/work_estimate.ts";
import type { Engine } from "../device/engine.ts";
import type { GpuBuffer } from "../memory/gpu_buffer.ts";
import { renderElementwise } from "../render/elementwise.ts";
import { type Parts, renderParts, renderReduction } from "../render/reduce.ts";
import { sameStrides } from "../strides.ts";
import { type PreparedKernel, prepareKernel, setScalars } from "./prepared_kernel.ts";

/** The launch of a reduction, and the one that reduces its partial results. */
interface Reduction {
  readonly whole: PreparedKernel;
  readonly rest: PreparedKernel | null;
  readonly parts: Parts | null;
}

/** A kernel ready to run. */
export interface KernelProgram extends Program {
  readonly work: Kernel;
  /** Estimated milliseconds. */
  readonly cost: number;
  /** Element-wise kernels, by the alignment of the offsets and by which inputs are overwritten. */
  readonly maps: Map<number, PreparedKernel>;
  /** Reductions, by whether all inputs are aligned. */
  readonly reductions: Map<boolean, Reduction>;
}

/** Prepares and runs kernels of the IR. */
export class KernelPrograms {
  private readonly engine: Engine;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** The program of a kernel, which compiles when it runs. */
  prepare(kernel: Kernel): KernelProgram {
    return { work: kernel, cost: estimateMilliseconds(kernel), maps: new Map(), reductions: new Map() };
  }

  /** Records the launches of a kernel. */
  run(program: KernelProgram, inputs: readonly Binding[], output: Binding, scalars: readonly Scalar[]): void {
    this.engine.recorder.announce(program.cost);
    if (program.work.reduce === null) this.runMap(program, inputs, output, scalars);
    else this.runReduction(program, inputs, output, scalars);
  }

  private runMap(
    program: KernelProgram,
    inputs: readonly Binding[],
    output: Binding,
    scalars: readonly Scalar[],
  ): void {
    const { work } = program;
    const target = (output.buffer as GpuBuffer).handle;
    const buffers: GPUBuffer[] = [];
    // Two bits for each operand: whether it is not aligned to four elements, and whether it is the output.
    let variant = output.offset & 3 ? 1 : 0;
    let copies: GPUBuffer[] | null = null;
    for (let i = 0; i < inputs.length; i++) {
      const { buffer, offset } = inputs[i]!;
      const handle = (buffer as GpuBuffer).handle;
      let bits = offset & 3 ? 1 : 0;
      if (handle !== target) buffers.push(handle);
      else if (offset === output.offset && sameStrides(work.inputs[i]!.strides, work.output.strides)) bits += 2;
      else {
        // Other elements of the output's buffer are read, and no shader may bind a buffer twice.
        const copy = this.engine.copyOf(handle);
        buffers.push(copy);
        (copies ??= []).push(copy);
      }
      variant = variant * 4 + bits;
    }
    let prepared = program.maps.get(variant);
    if (prepared === undefined) {
      const inPlace = inputs.map((input, i) =>
        (input.buffer as GpuBuffer).handle === target && input.offset === output.offset &&
        sameStrides(work.inputs[i]!.strides, work.output.strides)
      );
      const offsets = [output.offset, ...inputs.map(({ offset }) => offset)];
      const rendered = renderElementwise(work, { offsets, inPlace });
      prepared = prepareKernel(this.engine, rendered, buffers.length, 1);
      program.maps.set(variant, prepared);
    }
    buffers.push(target);
    this.launch(prepared, inputs, output, scalars, buffers);
    if (copies !== null) { for (const copy of copies) this.engine.release(copy); }
  }

  private runReduction(
    program: KernelProgram,
    inputs: readonly Binding[],
    output: Binding,
    scalars: readonly Scalar[],
  ): void {
    const { engine } = this;
    const target = (output.buffer as GpuBuffer).handle;
    const handles = inputs.map(({ buffer }) => (buffer as GpuBuffer).handle);
    const aligned = inputs.every(({ offset }) => offset % 4 === 0);
    let reduction = program.reductions.get(aligned);
    if (reduction === undefined) {
      const rendered = renderReduction(program.work, aligned, engine);
      const { parts } = rendered;
      const extra = parts?.indexed ? 1 : 0;
      reduction = {
        whole: prepareKernel(engine, rendered, inputs.length, 1 + extra),
        rest: parts === null ? null : prepareKernel(engine, renderParts(program.work, parts, engine), 1 + extra, 1),
        parts,
      };
      program.reductions.set(aligned, reduction);
    }
    const { whole, rest, parts } = reduction;
    if (parts === null) {
      this.launch(whole, inputs, output, scalars, [...handles, target]);
      return;
    }
    const bytes = 4 * parts.outputs * parts.count;
    const scratch = parts.indexed ? [engine.scratch(bytes), engine.scratch(bytes)] : [engine.scratch(bytes)];
    this.launch(whole, inputs, { buffer: output.buffer, offset: 0 }, scalars, [...handles, ...scratch]);
    this.launch(rest!, [{ buffer: output.buffer, offset: 0 }], output, [], [...scratch, target]);
    for (const buffer of scratch) engine.release(buffer);
  }

  private launch(
    prepared: PreparedKernel,
    inputs: readonly Binding[],
    output: Binding,
    given: readonly Scalar[],
    buffers: readonly GPUBuffer[],
  ): void {
    const { compiled, words, offsetsAt, x, y } = prepared;
    if (x === 0) return;
    words[offsetsAt] = output.offset;
    for (let i = 0; i < inputs.length; i++) words[offsetsAt + 1 + i] = inputs[i]!.offset;
    setScalars(prepared, given);
    this.engine.recorder.dispatch(compiled, buffers, words, x, y, 1);
  }
}
