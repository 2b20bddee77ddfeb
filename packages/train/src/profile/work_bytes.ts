/** What a dispatch reads and writes. */
import { itemSize } from "@heddle/tensor";
import type { Access, RoutineOperand, Work } from "@heddle/tensor/backend";

/** Bytes of an operand; a dimension without a stride is the same memory again. */
function bytesOf(shape: readonly number[], { dtype, strides }: Access | RoutineOperand): number {
  return shape.reduce((size, length, dim) => strides[dim] === 0 ? size : size * length, itemSize(dtype));
}

/** Bytes of all operands of a dispatch, each counted once. Scratch memory of routines is not known. */
export function workBytes(work: Work): number {
  const total = (operands: readonly (Access | RoutineOperand)[], shape?: readonly number[]): number =>
    operands.reduce((sum, operand) => sum + bytesOf(shape ?? (operand as RoutineOperand).shape, operand), 0);
  if (work.kind === "routine") return total([...work.inputs, ...work.outputs]);
  return total(work.inputs, work.shape) + total(work.kind === "kernel" ? [work.output] : work.outputs, work.shape);
}

/** The shapes of a dispatch as text: that of an element-wise kernel, of all inputs of a routine. */
export function workShapes(work: Work): string {
  const show = (shape: readonly number[]): string => `[${shape.join(", ")}]`;
  return work.kind === "routine" ? work.inputs.map(({ shape }) => show(shape)).join(" ") : show(work.shape);
}
