/** Prepares row kernels and runs them. Row kernels of the same structure share compiled code; sizes and addresses are parameters. */
import type { Scalar } from "../../dtype.ts";
import { type RowKernel, type RowStep, showRows, stepExpressions } from "../../ir/rows.ts";
import { sizeOf } from "../../shape.ts";
import type { Engine } from "./engine.ts";
import type { CompiledModule } from "./compiled_module.ts";
import type { FixedRun } from "./kernels.ts";
import { type ParamBlocks, Params } from "./params.ts";
import { analyze, type ScalarExpr } from "./render/expression_analysis.ts";
import { elementBytes, layoutOf } from "./render/plan.ts";
import { renderRows, rowSteps } from "./render/rows.ts";

/** The work of a chunk in additions, so that handing it to another thread pays. */
const chunkWork = 32768;

/** A compiled row kernel. */
export interface CompiledRows {
  readonly entry: CompiledModule;
  readonly params: Params;
  readonly items: number;
  readonly grain: number;
}

/** Cached properties of a kernel's steps. */
interface RowAnalysis {
  readonly text: string;
  /** The rough cost of an element of a row, in additions. */
  readonly weight: number;
  readonly reads: readonly ScalarExpr[];
}

/** The cache of compiled row kernels. */
export class RowKernels {
  private readonly engine: Engine;
  private readonly entries: Map<string, CompiledModule> = new Map();
  private readonly blocks: ParamBlocks;
  private readonly analysis: WeakMap<readonly RowStep[], RowAnalysis> = new WeakMap();

  constructor(engine: Engine, blocks: ParamBlocks) {
    this.engine = engine;
    this.blocks = blocks;
  }

  /** Prepares a kernel. {@link release} frees its parameters. */
  prepare(kernel: RowKernel): CompiledRows {
    let analysis = this.analysis.get(kernel.steps);
    if (analysis === undefined) {
      const parts = kernel.steps.flatMap(stepExpressions).map(analyze);
      const weight = parts.reduce((sum, part) => sum + part.weight, 0);
      const reads = parts.flatMap(({ scalars }) => scalars);
      this.analysis.set(kernel.steps, analysis = { text: showRows(kernel), weight, reads });
    }
    const { text, weight, reads } = analysis;
    const key = `${kernel.shape.length}/${kernel.inner}|${rowSteps(kernel)}|${text}`;
    let entry = this.entries.get(key);
    if (entry === undefined) {
      entry = this.engine.compile(key, (vectorBytes) => renderRows(kernel, vectorBytes));
      this.entries.set(key, entry);
    }
    const kept = kernel.shape.length - kernel.inner;
    // A thread runs the rows of its chunk in order.
    const { inOrder = 1 } = kernel;
    const grain = inOrder * Math.max(1, Math.ceil(chunkWork / (sizeOf(kernel.shape.slice(kept)) * weight * inOrder)));
    const operands = [...kernel.inputs, ...kernel.outputs].map(({ dtype, strides }) => ({
      bytes: elementBytes(dtype),
      strides,
    }));
    const layout = layoutOf(kernel.shape.length, operands.length);
    const params = new Params(this.blocks, this.engine.heap, layout, kernel.shape, operands, reads);
    return { entry, params, items: sizeOf(kernel.shape.slice(0, kept)), grain };
  }

  /** Frees the parameters of a kernel. */
  release({ params }: CompiledRows): void {
    params.release(this.blocks);
  }

  /** A run on fixed operands; see `Kernels.fixed`. */
  fixed(compiled: CompiledRows, addresses: readonly number[], scalars: readonly Scalar[]): FixedRun {
    const { engine } = this;
    const { entry, params, items, grain } = compiled;
    params.write(addresses, scalars);
    const { address } = params;
    return {
      run: () => engine.parallel(entry, address, items, grain),
      write: (scalars) => params.write(addresses, scalars),
    };
  }

  /** Runs a kernel. `addresses` are the byte addresses of the inputs, then the outputs. */
  run({ entry, params, items, grain }: CompiledRows, addresses: readonly number[], scalars: readonly Scalar[]): void {
    params.write(addresses, scalars);
    this.engine.parallel(entry, params.address, items, grain);
  }
}
