/** The parameter block of a dispatch, in the memory that kernels read. */
import type { Scalar } from "../../dtype.ts";
import type { Expr } from "../../ir/kernel.ts";
import { elementValue } from "../../scalar.ts";
import type { Heap } from "./heap.ts";
import { laneKind } from "./render/lanes.ts";
import type { Layout } from "./render/plan.ts";

/** Memory for the parameters of the current call. It grows as needed: tensors of many dimensions need much. */
export class ParamBlock {
  private readonly heap: Heap;
  private pointer = 0;
  private bytes = 0;

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** The address of at least `words` words. This may allocate, and so move the memory. */
  of(words: number): number {
    if (4 * words <= this.bytes) return this.pointer;
    const bytes = Math.max(4 * words, 4096);
    const pointer = this.heap.alloc(bytes);
    if (this.bytes > 0) this.heap.release(this.pointer, this.bytes);
    this.bytes = bytes;
    return this.pointer = pointer;
  }
}

/** Writes the scalars that an expression reads, each in the width of its lane. */
export function writeScalars(heap: Heap, params: number, layout: Layout, expr: Expr, scalars: readonly Scalar[]): void {
  if (expr.op === "scalar") {
    const at = params + 4 * layout.scalar(expr.index);
    const element = elementValue(scalars[expr.index]!, expr.dtype);
    const view = new DataView(heap.memory.buffer);
    switch (laneKind(expr.dtype)) {
      case "f32":
        return view.setFloat32(at, element as number, true);
      case "f64":
        return view.setFloat64(at, element as number, true);
      case "i64":
        return view.setBigInt64(at, element as bigint, true);
      default:
        return view.setInt32(at, element as number, true);
    }
  } else if (expr.op !== "input") { for (const arg of expr.args) writeScalars(heap, params, layout, arg, scalars); }
}
