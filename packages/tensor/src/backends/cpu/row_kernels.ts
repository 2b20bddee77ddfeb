/** Compiles row kernels and runs them. Row kernels of the same structure share compiled code; sizes and addresses are parameters. */
import type { Scalar } from "../../dtype.ts";
import { type RowKernel, type RowStep, showRows, stepExpressions } from "../../ir/rows.ts";
import { sizeOf } from "../../shape.ts";
import type { Engine } from "./engine.ts";
import type { CompiledModule } from "./compiled_module.ts";
import { ParamBlock, writeScalars } from "./params.ts";
import { analyze, type ScalarExpr } from "./render/expression_analysis.ts";
import { elementBytes, layoutOf } from "./render/plan.ts";
import { renderRows, rowSteps } from "./render/rows.ts";

/** The work of a chunk in additions, so that handing it to another thread pays. */
const chunkWork = 32768;

/** A compiled row kernel. */
export interface CompiledRows {
  readonly kernel: RowKernel;
  readonly entry: CompiledModule;
  /** The scalars that its steps read. */
  readonly reads: readonly ScalarExpr[];
  readonly items: number;
  readonly grain: number;
}

/** Cached properties of a kernel's steps. */
interface RowAnalysis {
  readonly text: string;
  /** The rough cost of an element of a row, in additions. */
  readonly weight: number;
  readonly reads: readonly ScalarExpr[];
  /** Compiled code by geometry. A lookup by the whole text would take longer than a short row. */
  readonly entries: Map<string, CompiledModule>;
}

/** The cache of compiled row kernels. */
export class RowKernels {
  private readonly engine: Engine;
  private readonly entries: Map<string, CompiledModule> = new Map();
  private readonly block: ParamBlock;
  private readonly analysis: WeakMap<readonly RowStep[], RowAnalysis> = new WeakMap();

  constructor(engine: Engine) {
    this.engine = engine;
    this.block = new ParamBlock(engine.heap);
  }

  /** Compiles a kernel, or returns the code of one that differs only in sizes. */
  prepare(kernel: RowKernel): CompiledRows {
    let analysis = this.analysis.get(kernel.steps);
    if (analysis === undefined) {
      const parts = kernel.steps.flatMap(stepExpressions).map(analyze);
      const weight = parts.reduce((sum, part) => sum + part.weight, 0);
      const reads = parts.flatMap(({ scalars }) => scalars);
      this.analysis.set(kernel.steps, analysis = { text: showRows(kernel), weight, reads, entries: new Map() });
    }
    const form = `${kernel.shape.length}/${kernel.inner}|${rowSteps(kernel)}`;
    let entry = analysis.entries.get(form);
    if (entry === undefined) analysis.entries.set(form, entry = this.compiled(kernel, `${form}|${analysis.text}`));
    const kept = kernel.shape.length - kernel.inner;
    const grain = Math.max(1, Math.ceil(chunkWork / (sizeOf(kernel.shape.slice(kept)) * analysis.weight)));
    return { kernel, entry, reads: analysis.reads, items: sizeOf(kernel.shape.slice(0, kept)), grain };
  }

  private compiled(kernel: RowKernel, key: string): CompiledModule {
    let entry = this.entries.get(key);
    if (entry === undefined) {
      this.entries.set(key, entry = this.engine.compile(key, (vectorBytes) => renderRows(kernel, vectorBytes)));
    }
    return entry;
  }

  /** Runs a kernel. `addresses` are the byte addresses of the inputs, then the outputs. */
  run(
    { kernel, entry, reads, items, grain }: CompiledRows,
    addresses: readonly number[],
    scalars: readonly Scalar[],
  ): void {
    const layout = layoutOf(kernel.shape.length, addresses.length);
    const params = this.block.of(layout.words(scalars.length));
    const { words } = this.engine.heap;
    const base = params / 4;
    for (let d = 0; d < kernel.shape.length; d++) words[base + layout.size(d)] = kernel.shape[d]!;
    for (let i = 0; i < addresses.length; i++) {
      const { dtype, strides } = i < kernel.inputs.length
        ? kernel.inputs[i]!
        : kernel.outputs[i - kernel.inputs.length]!;
      words[base + layout.address(i)] = addresses[i]!;
      // Outputs with one element per row have no strides along it, and do not move.
      for (let d = 0; d < kernel.shape.length; d++) {
        words[base + layout.stride(i, d)] = (strides[d] ?? 0) * elementBytes(dtype);
      }
    }
    writeScalars(this.engine.heap, params, layout, reads, scalars);
    this.engine.parallel(entry, params, items, grain);
  }
}
