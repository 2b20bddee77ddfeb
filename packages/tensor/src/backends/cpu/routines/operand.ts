/** Operands of the CPU backend's routines. */
import type { Operand } from "../../../ir/kernel.ts";
import type { Source } from "./prepared.ts";

/** An operand with its address in the heap. Strides count elements. */
export interface CpuOperand extends Operand {
  /** The byte address of the first element, including the tensor's offset. */
  readonly pointer: number;
  /** The tensor's memory, if its contents last and what is prepared from them is to be kept. */
  readonly source?: Source | undefined;
}
