/** Operands of routines as plain contiguous arrays of numbers. */
import { type DType, isHalfDType, type TypedArray } from "../../dtype.ts";
import type { Operand } from "../../ir/kernel.ts";
import { isContiguous, sizeOf } from "../../shape.ts";
import { halfFormats } from "../../half.ts";

/** An operand and its memory. */
export interface HostOperand extends Operand {
  readonly data: TypedArray;
  readonly offset: number;
}

/** Elements in row-major order: bigints for int64, else numbers. Float16 and bfloat16 are widened to float32. */
export type Values = Exclude<TypedArray, Uint16Array | BigInt64Array>;

/** The storage index of every element, in row-major order. */
function* positions({ shape, strides, offset }: HostOperand): Generator<number> {
  const rank = shape.length;
  const index = new Array<number>(rank).fill(0);
  let at = offset;
  for (let n = sizeOf(shape); n > 0; n--) {
    yield at;
    for (let d = rank - 1; d >= 0; d--) {
      at += strides[d]!;
      if (++index[d]! < shape[d]!) break;
      at -= strides[d]! * shape[d]!;
      index[d] = 0;
    }
  }
}

/** An array for values of a dtype, with float16 and bfloat16 widened. It is typed as numbers, although that of int64 holds bigints. */
export function valuesOf(dtype: DType, length: number): Values {
  switch (dtype) {
    case "float64":
      return new Float64Array(length);
    case "float32":
    case "float16":
    case "bfloat16":
      return new Float32Array(length);
    case "int64":
      return new BigInt64Array(length) as unknown as Values;
    case "int32":
      return new Int32Array(length);
    case "int16":
      return new Int16Array(length);
    case "int8":
      return new Int8Array(length);
    case "uint8":
    case "bool":
      return new Uint8Array(length);
  }
}

/** The elements of an operand. Do not write to them, since contiguous memory is not copied. */
export function load(operand: HostOperand): Values {
  const { data, dtype, shape, strides, offset } = operand;
  const length = sizeOf(shape);
  if (!isHalfDType(dtype) && isContiguous(shape, strides)) return data.subarray(offset, offset + length) as Values;
  const values = valuesOf(dtype, length);
  const table = isHalfDType(dtype) ? halfFormats[dtype].values() : null;
  let i = 0;
  for (const at of positions(operand)) {
    values[i++] = table ? table[data[at] as number]! : data[at] as number;
  }
  return values;
}

/** Writes elements to an operand. */
export function store(operand: HostOperand, values: Values | Float64Array): void {
  const { data, dtype, shape, strides, offset } = operand;
  if (!isHalfDType(dtype) && isContiguous(shape, strides)) {
    (data as Values).set(values, offset);
    return;
  }
  const toBits = isHalfDType(dtype) ? halfFormats[dtype].toBits : null;
  let i = 0;
  for (const at of positions(operand)) {
    const value = values[i++]!;
    data[at] = toBits === null ? value : toBits(value);
  }
}
