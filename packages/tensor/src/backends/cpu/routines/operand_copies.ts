/** Copies of operands with dtypes or strides that routines do not accept. They are plain JavaScript loops, since such operands are rare. */
import { type DType, isHalfDType, itemSize, typedArrayOver } from "../../../dtype.ts";
import { halfFormats } from "../../../half.ts";
import { contiguousStrides, isContiguous, sizeOf } from "../../../shape.ts";
import type { Engine } from "../engine.ts";
import type { Operand } from "../../../ir/kernel.ts";
import type { CpuOperand } from "./operand.ts";

/** Where copies are made: at once, in the heap, or by a plan. */
export interface Workspace<O extends Addressed> {
  borrow(bytes: number): number;
  giveBack(pointer: number): void;
  copy(from: O | Addressed, to: O | Addressed): void;
}

interface Addressed extends Operand {
  readonly pointer: number;
}

/** Copies in the heap, at once. */
export function atOnce(engine: Engine): Workspace<CpuOperand> {
  return {
    borrow: (bytes) => engine.heap.borrow(bytes),
    giveBack: (pointer) => engine.heap.giveBack(pointer),
    copy: (from, to) => copyElements(engine, from, to),
  };
}

/** Allocates a contiguous temporary. */
export function temporary(
  space: Pick<Workspace<Addressed>, "borrow">,
  dtype: DType,
  shape: readonly number[],
): Addressed {
  const pointer = space.borrow(sizeOf(shape) * itemSize(dtype));
  return { dtype, shape, strides: contiguousStrides(shape), pointer };
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
export function inDType<O extends Addressed>(
  space: Workspace<O>,
  dtype: DType,
  inputs: readonly O[],
  outputs: readonly O[],
  run: (inputs: readonly O[], outputs: readonly O[]) => void,
): void {
  const temporaries: O[] = [];
  const stand = (operand: O): O => {
    if (operand.dtype === dtype) return operand;
    const copy = temporary(space, dtype, operand.shape) as O;
    temporaries.push(copy);
    return copy;
  };
  try {
    const [from, to] = [inputs.map(stand), outputs.map(stand)];
    from.forEach((copy, i) => copy !== inputs[i] && space.copy(inputs[i]!, copy));
    run(from, to);
    to.forEach((copy, i) => copy !== outputs[i] && space.copy(copy, outputs[i]!));
  } finally {
    for (const copy of temporaries) space.giveBack(copy.pointer);
  }
}

/** Calls `run` with contiguous operands. Others are copied before. */
export function contiguousInputs<O extends Addressed>(
  space: Workspace<O>,
  inputs: readonly O[],
  run: (inputs: readonly O[]) => void,
): void {
  const copies: O[] = [];
  try {
    run(inputs.map((input) => {
      if (isContiguous(input.shape, input.strides)) return input;
      const copy = temporary(space, input.dtype, input.shape) as O;
      copies.push(copy);
      space.copy(input, copy);
      return copy;
    }));
  } finally {
    for (const copy of copies) space.giveBack(copy.pointer);
  }
}

/** Calls `run` with a contiguous output, and copies that to an output that is not contiguous. */
export function contiguousOutput<O extends Addressed>(
  space: Workspace<O>,
  output: O,
  run: (output: O) => void,
): void {
  if (isContiguous(output.shape, output.strides)) return run(output);
  const copy = temporary(space, output.dtype, output.shape) as O;
  try {
    run(copy);
    space.copy(copy, output);
  } finally {
    space.giveBack(copy.pointer);
  }
}
