/** Operands of the CPU backend's routines. */
import type { Operand } from "../../../ir/kernel.ts";

/** An operand with its address in the heap. Strides count elements. */
export interface CpuOperand extends Operand {
  /** The byte address of the first element, including the tensor's offset. */
  readonly pointer: number;
}
