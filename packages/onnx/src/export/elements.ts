/** Elements of tensors on the host. */
import { type DType, itemSize, type Scalar, type TypedArray, typedArrayOver } from "@heddle/tensor";
import { type HalfFormat, halfFormats } from "@heddle/tensor/engine";

/** Numbers as a typed array; float16 and bfloat16 as bits. */
export function typedArrayOf(dtype: DType, values: ArrayLike<Scalar>): TypedArray<ArrayBuffer> {
  const { length } = values;
  const array = typedArrayOver(dtype, new ArrayBuffer(length * itemSize(dtype)), 0, length) as TypedArray<ArrayBuffer>;
  const half: HalfFormat | undefined = dtype === "float16" || dtype === "bfloat16" ? halfFormats[dtype] : undefined;
  for (let i = 0; i < length; i++) {
    const value = values[i]!;
    (array as { [i: number]: number | bigint })[i] = dtype === "int64"
      ? BigInt(value)
      : half !== undefined
      ? half.toBits(Number(value))
      : Number(value);
  }
  return array;
}
