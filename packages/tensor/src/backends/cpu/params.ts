/** The parameter block of a dispatch, in the memory that kernels read. */
import type { Scalar } from "../../dtype.ts";
import { elementValue } from "../../scalar.ts";
import type { Heap } from "./heap.ts";
import type { ScalarExpr } from "./render/expression_analysis.ts";
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

/** A number as its bits. */
const bits = new DataView(new ArrayBuffer(8));

/** Writes scalars, each in the width of its lane. */
export function writeScalars(
  heap: Heap,
  params: number,
  layout: Layout,
  read: readonly ScalarExpr[],
  scalars: readonly Scalar[],
): void {
  for (let i = 0; i < read.length; i++) {
    const { index, dtype } = read[i]!;
    const at = params / 4 + layout.scalar(index);
    const element = elementValue(scalars[index]!, dtype);
    const kind = laneKind(dtype);
    switch (kind) {
      case "f32":
        bits.setFloat32(0, element as number, true);
        break;
      case "f64":
        bits.setFloat64(0, element as number, true);
        break;
      case "i64":
        bits.setBigInt64(0, element as bigint, true);
        break;
      default:
        bits.setInt32(0, element as number, true);
    }
    heap.words[at] = bits.getInt32(0, true);
    if (kind === "f64" || kind === "i64") heap.words[at + 1] = bits.getInt32(4, true);
  }
}
