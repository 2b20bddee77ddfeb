/** Prepares kernels and runs them. Kernels of the same structure share compiled code; sizes and addresses are parameters. */
import type { Scalar } from "../../dtype.ts";
import { type Kernel, structuralKey } from "../../ir/kernel.ts";
import type { RenderedKernel } from "../reference/render.ts";
import type { Engine } from "./engine.ts";
import type { CompiledModule } from "./compiled_module.ts";
import { type ParamBlocks, Params } from "./params.ts";
import { compileJavaScript, runJavaScript } from "./javascript_kernels.ts";
import { renderModule } from "./render/kernel.ts";
import { elementBytes, layoutOf, type Plan, planOf } from "./render/plan.ts";

/** The work of a chunk in additions, so that handing it to another thread pays. */
const chunkWork = 32768;
/** The longest piece of a row that is one item of work. */
const segmentLength = 8192;
/** A total over more elements than this is computed from partial totals, which threads share. */
const partLength = 16384;

/** A kernel that is ready to run. */
export type CompiledKernel = GeneratedKernel | JavaScriptKernel | KernelInParts;

/** Generated code, its parameters, and how its work is cut into items. */
interface GeneratedKernel {
  readonly form: "generated";
  readonly entry: CompiledModule;
  readonly params: Params;
  readonly items: number;
  readonly grain: number;
}

interface JavaScriptKernel {
  readonly form: "javascript";
  readonly kernel: Kernel;
  readonly rendered: RenderedKernel;
}

/** A total over one long dimension, computed from partial totals. */
interface KernelInParts {
  readonly form: "parts";
  readonly parts: CompiledKernel;
  /** The elements after the last whole part, and for each input the distance of the first in bytes; null if there are none. */
  readonly rest: { readonly kernel: CompiledKernel; readonly offsets: readonly number[]; readonly at: number } | null;
  readonly total: CompiledKernel;
  /** The bytes of the partial totals. */
  readonly bytes: number;
}

/** A run on fixed operands, which can be repeated. */
export interface FixedRun {
  readonly run: () => void;
  /** Sets the scalars of later runs. */
  readonly write: (scalars: readonly Scalar[]) => void;
}

/** Prepares kernels and runs them. Code is cached. */
export class Kernels {
  private readonly engine: Engine;
  private readonly blocks: ParamBlocks;
  private readonly entries: Map<string, CompiledModule> = new Map();
  private readonly rendered: Map<string, RenderedKernel> = new Map();

  constructor(engine: Engine, blocks: ParamBlocks) {
    this.engine = engine;
    this.blocks = blocks;
  }

  /** Prepares a kernel. {@link release} frees its parameters. */
  prepare(kernel: Kernel): CompiledKernel {
    const plan = planOf(kernel);
    if (plan === null) {
      const key = structuralKey(kernel);
      let rendered = this.rendered.get(key);
      if (rendered === undefined) this.rendered.set(key, rendered = compileJavaScript(kernel));
      return { form: "javascript", kernel, rendered };
    }
    if (plan.form === "along" && kernel.shape.length === 1 && kernel.shape[0]! >= 2 * partLength) {
      return this.prepareParts(kernel);
    }
    let entry = this.entries.get(plan.key);
    if (entry === undefined) {
      entry = this.engine.compile(plan.key, (vectorBytes) => renderModule(plan, vectorBytes));
      this.entries.set(plan.key, entry);
    }
    const { items, grain, segments, segment } = cut(plan);
    const operands = [...kernel.inputs, kernel.output].map(({ dtype, strides }) => ({
      bytes: elementBytes(dtype),
      strides,
    }));
    const layout = layoutOf(kernel.shape.length, operands.length);
    const { shape } = kernel;
    const params = new Params(this.blocks, this.engine.heap, layout, shape, operands, plan.scalars, segments, segment);
    return { form: "generated", entry, params, items, grain };
  }

  private prepareParts(kernel: Kernel): KernelInParts {
    const [length] = kernel.shape as [number];
    const parts = Math.floor(length / partLength);
    const rest = length - parts * partLength;
    const { dtype } = kernel.expr;
    const size = elementBytes(dtype);
    const count = parts + (rest > 0 ? 1 : 0);
    return {
      form: "parts",
      bytes: (parts + 1) * size,
      parts: this.prepare({
        ...kernel,
        shape: [parts, partLength],
        inputs: kernel.inputs.map((input) => ({
          ...input,
          strides: [input.strides[0]! * partLength, input.strides[0]!],
        })),
        output: { dtype, strides: [1] },
      }),
      rest: rest === 0 ? null : {
        kernel: this.prepare({ ...kernel, shape: [rest], output: { dtype, strides: [] } }),
        offsets: kernel.inputs.map((input) => parts * partLength * input.strides[0]! * elementBytes(input.dtype)),
        at: parts * size,
      },
      total: this.prepare({
        kind: "kernel",
        shape: [count],
        inputs: [{ dtype, strides: [1] }],
        expr: { op: "input", index: 0, dtype },
        reduce: kernel.reduce,
        output: kernel.output,
      }),
    };
  }

  /** Frees the parameters of a kernel. */
  release(compiled: CompiledKernel): void {
    if (compiled.form === "generated") compiled.params.release(this.blocks);
    else if (compiled.form === "parts") {
      this.release(compiled.parts);
      if (compiled.rest !== null) this.release(compiled.rest.kernel);
      this.release(compiled.total);
    }
  }

  /** Runs a kernel. `addresses` are the byte addresses of the inputs, then of the output. */
  run(compiled: CompiledKernel, addresses: readonly number[], scalars: readonly Scalar[]): void {
    const { engine } = this;
    if (compiled.form === "generated") {
      compiled.params.write(addresses, scalars);
      engine.parallel(compiled.entry, compiled.params.address, compiled.items, compiled.grain);
    } else if (compiled.form === "parts") this.runParts(compiled, addresses, scalars);
    else {
      const inputs = addresses.slice(0, -1);
      runJavaScript(compiled.rendered, compiled.kernel, engine.heap, inputs, addresses.at(-1)!, scalars);
    }
  }

  /**
   * What a run does, as functions to call again and again: addresses and scalars are written now. The kernel must be prepared for this.
   *
   * @param borrow scratch memory that lasts.
   * @returns also a function that writes other scalars.
   */
  fixed(
    compiled: CompiledKernel,
    addresses: readonly number[],
    scalars: readonly Scalar[],
    borrow: (bytes: number) => number,
  ): FixedRun {
    const { engine } = this;
    if (compiled.form === "generated") {
      const { entry, params, items, grain } = compiled;
      params.write(addresses, scalars);
      const { address } = params;
      return {
        run: () => engine.parallel(entry, address, items, grain),
        write: (scalars) => params.write(addresses, scalars),
      };
    }
    if (compiled.form === "javascript") {
      const inputs = addresses.slice(0, -1);
      let present = scalars;
      const { rendered, kernel } = compiled;
      return {
        run: () => runJavaScript(rendered, kernel, engine.heap, inputs, addresses.at(-1)!, present),
        write: (scalars) => present = scalars,
      };
    }
    const { parts, rest, total, bytes } = compiled;
    const scratch = borrow(bytes);
    const inputs = addresses.slice(0, -1);
    const own: FixedRun[] = [this.fixed(parts, [...inputs, scratch], scalars, borrow)];
    if (rest !== null) {
      const tail = inputs.map((address, i) => address + rest.offsets[i]!);
      own.push(this.fixed(rest.kernel, [...tail, scratch + rest.at], scalars, borrow));
    }
    const last = this.fixed(total, [scratch, addresses.at(-1)!], [], borrow);
    return {
      run: () => {
        for (const { run } of own) run();
        last.run();
      },
      write: (scalars) => {
        for (const { write } of own) write(scalars);
      },
    };
  }

  private runParts(
    { parts, rest, total, bytes }: KernelInParts,
    addresses: readonly number[],
    scalars: readonly Scalar[],
  ): void {
    const { heap } = this.engine;
    const scratch = heap.borrow(bytes);
    const inputs = addresses.slice(0, -1);
    this.run(parts, [...inputs, scratch], scalars);
    if (rest !== null) {
      const tail = inputs.map((address, i) => address + rest.offsets[i]!);
      this.run(rest.kernel, [...tail, scratch + rest.at], scalars);
    }
    this.run(total, [scratch, addresses.at(-1)!], []);
    heap.giveBack(scratch);
  }
}

/**
 * The items of a plan's work, and how many form a chunk. They depend on sizes only, so that results do not depend on the number
 * of threads.
 */
function cut(plan: Plan): { items: number; grain: number; segments: number; segment: number } {
  const { kernel, form, kept, reduced } = plan;
  const product = (from: number, to: number): number => {
    let n = 1;
    for (let d = from; d < to; d++) n *= kernel.shape[d]!;
    return n;
  };
  const below = product(kept, kept + reduced);
  let [segments, segment, items] = [1, 1, product(0, kept)];
  if (form !== "along" && kept > 0) {
    const length = kernel.shape[kept - 1]!;
    // Form "across": so many columns that their cache lines fit in L1. Form "map": long segments.
    segment = form === "across" ? Math.min(length, 64) : length > 2 * segmentLength ? segmentLength : length;
    segments = segment === 0 ? 0 : Math.ceil(length / segment);
    items = product(0, kept - 1) * segments;
  }
  const grain = Math.max(1, Math.ceil(chunkWork / (segment * below * plan.weight)));
  return { items, grain, segments, segment };
}
