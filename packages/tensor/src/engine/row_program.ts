/** Builds row kernels from symbolic operations. */
import type { DType, Scalar } from "../dtype.ts";
import type { RowReduction, RowSource, RowStep } from "../ir/rows.ts";
import { type Draft, Symbolic } from "./symbolic.ts";

/** Records the steps of a row kernel. */
export class RowProgram {
  readonly sources: RowSource[] = [];
  readonly steps: RowStep[] = [];
  readonly scalars: Scalar[];
  private readonly draft: Draft;
  private values = 0;

  constructor() {
    this.scalars = [];
    this.draft = { scalars: this.scalars };
  }

  private source(source: RowSource, dtype: DType): Symbolic {
    this.sources.push(source);
    return new Symbolic({ op: "input", index: this.sources.length - 1, dtype }, 1, this.draft);
  }

  /** An input. */
  input(operand: number, dtype: DType): Symbolic {
    return this.source({ from: "input", operand }, dtype);
  }

  /** The element's position in the row. */
  column(): Symbolic {
    return this.source({ from: "column" }, "int32");
  }

  /** A constant of a dtype. */
  number(value: number, dtype: DType): Symbolic {
    this.scalars.push(value);
    return new Symbolic({ op: "scalar", index: this.scalars.length - 1, dtype }, 0, this.draft);
  }

  private reductions(
    op: RowReduction,
    symbols: readonly Symbolic[],
    write: readonly (readonly [number, Symbolic])[],
  ): Symbolic[] {
    this.steps.push({
      kind: "walk",
      reduce: symbols.map(({ expr }) => ({ op, expr })),
      write: write.map(([output, { expr }]) => ({ output, expr })),
    });
    return symbols.map(({ dtype }) => this.source({ from: "row", value: this.values++ }, dtype));
  }

  /** The maximum over the row. */
  amax(x: Symbolic): Symbolic {
    return this.reductions("amax", [x], [])[0]!;
  }

  /** Sums over the row, in one pass. */
  sum(...terms: Symbolic[]): Symbolic[] {
    return this.reductions("sum", terms, []);
  }

  /** Writes each element of an output. */
  write(output: number, x: Symbolic): void {
    this.reductions("sum", [], [[output, x]]);
  }

  /** Writes each element of several outputs, in one pass. */
  writeAll(...outputs: readonly [output: number, x: Symbolic][]): void {
    this.reductions("sum", [], outputs);
  }

  /** An element of an output before it is written. */
  before(output: number, dtype: DType): Symbolic {
    return this.source({ from: "output", operand: output }, dtype);
  }

  /** Writes each element of an output and sums it, or other terms instead. Returns the written element, for later passes, and the sums. */
  writeAndSum(output: number, x: Symbolic, ...terms: Symbolic[]): [element: Symbolic, sum: Symbolic, ...Symbolic[]] {
    const [sum, ...others] = this.reductions("sum", terms.length > 0 ? terms : [x], [[output, x]]);
    return [this.source({ from: "output", operand: output }, x.dtype), sum!, ...others];
  }

  /** A value computed once per row. */
  value(x: Symbolic): Symbolic {
    this.steps.push({ kind: "value", expr: x.expr });
    return this.source({ from: "row", value: this.values++ }, x.dtype);
  }

  /** Writes a value of the row to an output with one element per row. */
  store(output: number, x: Symbolic): void {
    this.steps.push({ kind: "store", output, expr: x.expr });
  }
}
