/** What routines read and write. */
import type { Operand } from "../../../ir/kernel.ts";

/** An operand with its place in the heap. Strides count elements. */
export interface CpuOperand extends Operand {
  /** Byte address of the first element, the tensor's offset included. */
  readonly pointer: number;
}
