/** Copies of operands with dtypes or strides that routines do not accept. They are plain JavaScript loops, since such operands are rare. */
import { type DType, isHalfDType, itemSize, typedArrayOver } from "../../../dtype.ts";
import { halfFormats } from "../../../half.ts";
import { contiguousStrides, isContiguous, sizeOf } from "../../../shape.ts";
import type { Engine } from "../engine.ts";
import type { CpuOperand } from "./operand.ts";

/** Allocates a contiguous temporary in the heap. */
export function temporary(engine: Engine, dtype: DType, shape: readonly number[]): CpuOperand {
  const pointer = engine.heap.borrow(sizeOf(shape) * itemSize(dtype));
  return { dtype, shape, strides: contiguousStrides(shape), pointer };
}

/** Frees a temporary. */
export function discard(engine: Engine, operand: CpuOperand): void {
  engine.heap.giveBack(operand.pointer);
}

/** Copies elements between operands of equal shape, with conversion: integers wrap, floats round to float16 and bfloat16. */
export function copyElements(engine: Engine, from: CpuOperand, to: CpuOperand): void {
  const { buffer } = engine.heap.memory;
  const view = ({ dtype }: CpuOperand): Float64Array =>
    typedArrayOver(dtype, buffer, 0, Math.floor(buffer.byteLength / itemSize(dtype))) as Float64Array;
  const [source, target] = [view(from), view(to)];
  const { shape } = from;
  const rank = shape.length;
  const same = from.dtype === to.dtype;
  const widen = !same && isHalfDType(from.dtype) ? halfFormats[from.dtype].values() : null;
  const round = !same && isHalfDType(to.dtype) ? halfFormats[to.dtype].toBits : null;
  const index = new Array<number>(rank).fill(0);
  let [at, put] = [from.pointer / itemSize(from.dtype), to.pointer / itemSize(to.dtype)];
  // All elements are equal, such as the zeros that gradients are scattered into.
  if (from.dtype === to.dtype && from.strides.every((stride) => stride === 0) && isContiguous(shape, to.strides)) {
    const length = sizeOf(shape);
    if (length > 0) target.fill(source[at]!, put, put + length);
    return;
  }
  for (let n = sizeOf(shape); n > 0; n--) {
    const value = widen === null ? source[at]! : widen[source[at]!]!;
    target[put] = round === null ? value : round(value);
    for (let d = rank - 1; d >= 0; d--) {
      at += from.strides[d]!;
      put += to.strides[d]!;
      if (++index[d]! < shape[d]!) break;
      at -= from.strides[d]! * shape[d]!;
      put -= to.strides[d]! * shape[d]!;
      index[d] = 0;
    }
  }
}

/** Calls `run` with operands of the given dtype. Others are copied before and after. */
export function inDType(
  engine: Engine,
  dtype: DType,
  inputs: readonly CpuOperand[],
  outputs: readonly CpuOperand[],
  run: (inputs: readonly CpuOperand[], outputs: readonly CpuOperand[]) => void,
): void {
  const temporaries: CpuOperand[] = [];
  const stand = (operand: CpuOperand): CpuOperand => {
    if (operand.dtype === dtype) return operand;
    const copy = temporary(engine, dtype, operand.shape);
    temporaries.push(copy);
    return copy;
  };
  try {
    const [from, to] = [inputs.map(stand), outputs.map(stand)];
    from.forEach((copy, i) => copy !== inputs[i] && copyElements(engine, inputs[i]!, copy));
    run(from, to);
    to.forEach((copy, i) => copy !== outputs[i] && copyElements(engine, copy, outputs[i]!));
  } finally {
    for (const copy of temporaries) discard(engine, copy);
  }
}

/** Calls `run` with contiguous operands. Others are copied before. */
export function contiguousInputs(
  engine: Engine,
  inputs: readonly CpuOperand[],
  run: (inputs: readonly CpuOperand[]) => void,
): void {
  const copies: CpuOperand[] = [];
  try {
    run(inputs.map((input) => {
      if (isContiguous(input.shape, input.strides)) return input;
      const copy = temporary(engine, input.dtype, input.shape);
      copies.push(copy);
      copyElements(engine, input, copy);
      return copy;
    }));
  } finally {
    for (const copy of copies) discard(engine, copy);
  }
}

/** Calls `run` with a contiguous output, and copies that to an output that is not contiguous. */
export function contiguousOutput(engine: Engine, output: CpuOperand, run: (output: CpuOperand) => void): void {
  if (isContiguous(output.shape, output.strides)) return run(output);
  const copy = temporary(engine, output.dtype, output.shape);
  try {
    run(copy);
    copyElements(engine, copy, output);
  } finally {
    discard(engine, copy);
  }
}
