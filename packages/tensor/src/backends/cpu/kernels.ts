/** Compiles kernels and runs them. Kernels of the same structure share compiled code; sizes and addresses are parameters. */
import type { Scalar } from "../../dtype.ts";
import { type Kernel, structuralKey } from "../../ir/kernel.ts";
import type { RenderedKernel } from "../reference/render.ts";
import type { Engine } from "./engine.ts";
import type { CompiledModule } from "./compiled_module.ts";
import { ParamBlock, writeScalars } from "./params.ts";
import { compileJavaScript, runJavaScript } from "./javascript_kernels.ts";
import { renderModule } from "./render/kernel.ts";
import { elementBytes, type Layout, layoutOf, type Plan, planOf } from "./render/plan.ts";

/** The work of a chunk in additions, so that handing it to another thread pays. */
const chunkWork = 32768;
/** The longest piece of a row that is one item of work. */
const segmentLength = 8192;
/** A total over more elements than this is computed from partial totals, which threads share. */
const partLength = 16384;

/** A compiled kernel: its code, and how its work is cut into items. */
export interface CompiledKernel {
  readonly kernel: Kernel;
  readonly plan: Plan | null;
  readonly entry: CompiledModule | null;
  readonly plain: RenderedKernel | null;
  readonly layout: Layout;
  readonly items: number;
  readonly grain: number;
  readonly segments: number;
  readonly segment: number;
}

/** The cache of compiled kernels. */
export class Kernels {
  private readonly engine: Engine;
  private readonly entries: Map<string, CompiledModule> = new Map();
  private readonly plains: Map<string, RenderedKernel> = new Map();
  private readonly block: ParamBlock;

  constructor(engine: Engine) {
    this.engine = engine;
    this.block = new ParamBlock(engine.heap);
  }

  /** Compiles a kernel, or returns the code of one that differs only in sizes. */
  prepare(kernel: Kernel): CompiledKernel {
    const plan = planOf(kernel);
    const layout = layoutOf(kernel.shape.length, kernel.inputs.length + 1);
    if (plan === null) {
      const key = structuralKey(kernel);
      let plain = this.plains.get(key);
      if (plain === undefined) this.plains.set(key, plain = compileJavaScript(kernel));
      return { kernel, plan, entry: null, plain, layout, items: 1, grain: 1, segments: 1, segment: 1 };
    }
    let entry = this.entries.get(plan.key);
    if (entry === undefined) {
      this.entries.set(
        plan.key,
        entry = this.engine.compile(plan.key, (vectorBytes) => renderModule(plan, vectorBytes)),
      );
    }
    return { kernel, plan, entry, plain: null, layout, ...cut(plan) };
  }

  /** Runs a kernel on operands at byte addresses. */
  run(compiled: CompiledKernel, inputs: readonly number[], output: number, scalars: readonly Scalar[]): void {
    const { kernel, plan, entry } = compiled;
    const { heap } = this.engine;
    if (plan === null) return runJavaScript(compiled.plain!, kernel, heap, inputs, output, scalars);
    if (plan.form === "along" && plan.kept === 0 && this.runInParts(compiled, inputs, output, scalars)) return;
    const { layout } = compiled;
    const params = this.block.of(layout.words(scalars.length));
    const words = heap.words;
    const base = params / 4;
    words[base + layout.segments] = compiled.segments;
    words[base + layout.segment] = compiled.segment;
    for (let d = 0; d < kernel.shape.length; d++) words[base + layout.size(d)] = kernel.shape[d]!;
    const operands = kernel.inputs.length;
    for (let i = 0; i <= operands; i++) {
      const access = i === operands ? kernel.output : kernel.inputs[i]!;
      const size = elementBytes(access.dtype);
      words[base + layout.address(i)] = i === operands ? output : inputs[i]!;
      for (let d = 0; d < access.strides.length; d++) words[base + layout.stride(i, d)] = access.strides[d]! * size;
    }
    if (scalars.length > 0) writeScalars(heap, params, layout, plan.scalars, scalars);
    this.engine.parallel(entry!, params, compiled.items, compiled.grain);
  }

  /** Computes a total over one long dimension from partial totals. */
  private runInParts(
    compiled: CompiledKernel,
    inputs: readonly number[],
    output: number,
    scalars: readonly Scalar[],
  ): boolean {
    const { kernel } = compiled;
    const [length] = kernel.shape as [number];
    if (kernel.shape.length !== 1 || length < 2 * partLength) return false;
    const parts = Math.floor(length / partLength);
    const rest = length - parts * partLength;
    const { dtype } = kernel.expr;
    const size = elementBytes(dtype);
    const bytes = (parts + 1) * size;
    const { heap } = this.engine;
    const scratch = heap.borrow(bytes);
    const long: Kernel = {
      ...kernel,
      shape: [parts, partLength],
      inputs: kernel.inputs.map((input) => ({
        ...input,
        strides: [input.strides[0]! * partLength, input.strides[0]!],
      })),
      output: { dtype, strides: [1] },
    };
    this.run(this.prepare(long), inputs, scratch, scalars);
    const count = parts + (rest > 0 ? 1 : 0);
    if (rest > 0) {
      const tail = kernel.inputs.map((input, i) =>
        inputs[i]! + parts * partLength * input.strides[0]! * elementBytes(input.dtype)
      );
      this.run(
        this.prepare({ ...kernel, shape: [rest], output: { dtype, strides: [] } }),
        tail,
        scratch + parts * size,
        scalars,
      );
    }
    const total: Kernel = {
      kind: "kernel",
      shape: [count],
      inputs: [{ dtype, strides: [1] }],
      expr: { op: "input", index: 0, dtype },
      reduce: kernel.reduce,
      output: kernel.output,
    };
    this.run(this.prepare(total), [scratch], output, []);
    heap.giveBack(scratch);
    return true;
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
