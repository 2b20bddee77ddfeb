/** Tensors with all elements equal to a value. */
import type { TensorCore } from "../tensor/core.ts";
import type { Device } from "../device.ts";
import type { DType, Scalar } from "../dtype.ts";
import type { Expr } from "../ir/kernel.ts";
import { checkWritten } from "../scalar.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkScalar } from "./checks.ts";
import { writeElements } from "./execute/elements.ts";
import { produceOne } from "./launch.ts";

/** @throws TypeError unless the value is a number, a boolean or a bigint; RangeError if the dtype cannot hold it. */
function checkFill(operation: string, value: Scalar, dtype: DType): void {
  checkScalar(operation, value);
  checkWritten(operation, value, dtype);
}

/**
 * A new tensor with all elements equal to a value. The tape does not record it.
 *
 * @throws as {@link fill}.
 */
export function constant(operation: string, value: Scalar, dtype: DType, device: Device, shape: Shape = []): Tensor {
  checkFill(operation, value, dtype);
  return produceOne(operation, device, dtype, shape, (made) => fill(operation, made, value));
}

/**
 * Sets all elements to a value. The tape does not record it.
 *
 * @throws TypeError unless the value is a number, a boolean or a bigint. RangeError if the dtype cannot hold it.
 */
export function fill(operation: string, output: TensorCore, value: Scalar): void {
  checkFill(operation, value, output.dtype);
  writeElements(operation, output.device, [], [value], filled(output.dtype), output);
}

const expressions: Partial<Record<DType, Expr>> = {};

/** The expression of one scalar. Backends look up what they know of an expression by its identity. */
function filled(dtype: DType): Expr {
  return expressions[dtype] ??= { op: "scalar", index: 0, dtype };
}
