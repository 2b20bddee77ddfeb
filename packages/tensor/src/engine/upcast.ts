/** Computes composite operations on float16 and bfloat16 in float32, and rounds once. */
import { type DType, isHalfDType, resultType } from "../dtype.ts";
import { isTensor, type Operand } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Operands of {@link inFloat32}. Optional ones may be null or undefined. */
export type Float32Operands = readonly (Tensor | null | undefined)[];

/**
 * Computes an operation of several steps in float32, so that float16 and bfloat16 neither overflow nor round between them.
 * Operands of these are cast to float32, and the result is cast back unless another operand promotes it. Gradients flow through the casts, so that
 * they are computed in float32 too.
 *
 * @param operands tensors, or null or undefined for a missing one.
 * @param compute receives the operands after the casts.
 *
 * @example
 * ```ts
 * import { tensor } from "@heddle/tensor";
 * import { inFloat32 } from "@heddle/tensor/engine";
 * const x = tensor([300, 400], { dtype: "float16" });
 * x.square().sum().sqrt().item(); // Infinity: 160000 is more than float16 holds
 * inFloat32([x], (x) => x.square().sum().sqrt()).item(); // 500
 * ```
 */
export function inFloat32<const T extends Float32Operands>(
  operands: T,
  compute: (...wide: Float32Arguments<T>) => Tensor,
): Tensor {
  if (!isHalf(...operands)) return compute(...operands as Float32Arguments<T>);
  const result = compute(...operands.map(widened) as unknown as Float32Arguments<T>);
  const dtype = resultType(operands.filter((x) => x !== null && x !== undefined));
  return isHalfDType(dtype) && result.dtype === "float32" ? result.to(dtype) : result;
}

/** The operands of {@link inFloat32} as the arguments of its function. */
export type Float32Arguments<T extends Float32Operands> = { -readonly [K in keyof T]: T[K] };

/**
 * A tensor operand in the dtype of the result, before the first of several steps, so that none of them computes in an operand's own
 * narrower dtype. Numbers stay as they are, and so do operands of a float16 or bfloat16 result, which {@link inFloat32} widens.
 */
export function inDType<T extends Operand>(x: T, dtype: DType): T {
  return isTensor(x) && !isHalfDType(dtype) ? x.to(dtype) as unknown as T : x;
}

/** A float16 or bfloat16 tensor cast to float32; anything else unchanged. */
export function widened<T extends Tensor | null | undefined>(x: T): T {
  return x && isHalfDType(x.dtype) ? x.to("float32") as T : x;
}

/** Whether any operand is float16 or bfloat16, so that {@link inFloat32} has casts to make. */
export function isHalf(...operands: Float32Operands): boolean {
  return operands.some((x) => x && isHalfDType(x.dtype));
}

/**
 * Whether the tensor is float16 or bfloat16 and needs a gradient. Then a gradient of several steps must be computed in float32, even if the
 * forward pass rounds only once.
 */
export function hasHalfGradient(x: Tensor): boolean {
  return x.requiresGrad && isHalfDType(x.dtype);
}
