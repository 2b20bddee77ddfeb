/** Checks of operands before an operation runs. */
import { otherCopy } from "../brand.ts";
import type { Device } from "../device.ts";
import { type DType, isFloat, type Scalar } from "../dtype.ts";
import type { Meta } from "../prims/meta.ts";
import { type Geometry, sameShape, showShape } from "../shape.ts";
import { type CoreOperand, freedError, isTensor, TensorCore } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** @throws Error for a freed tensor, TypeError for a value that is neither a tensor nor a scalar. */
export function checkOperands(operation: string, inputs: readonly CoreOperand[]): void {
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i]!;
    if (input instanceof TensorCore) {
      if (input.isDisposed) throw freedError(input, operation);
    } else checkScalar(operation, input);
  }
}

/** @throws TypeError unless the value is a number, a boolean or a bigint. */
export function checkScalar(operation: string, value: unknown): asserts value is Scalar {
  if (typeof value !== "number" && typeof value !== "boolean" && typeof value !== "bigint") {
    throw wrongValue(operation, "a tensor, a number, a boolean or a bigint", value);
  }
}

/** @throws Error for a freed tensor, TypeError for a value that is not a tensor. */
export function checkTensor(operation: string, value: unknown, name?: string): asserts value is Tensor {
  if (!isTensor(value)) {
    throw wrongValue(operation, `${name === undefined ? "" : `${name} to be `}a tensor`, value);
  }
  if (value.isDisposed) throw freedError(value, operation);
}

/** @throws TypeError unless the value is a number. */
export function checkNumber(operation: string, name: string, value: unknown): asserts value is number {
  if (typeof value !== "number") throw wrongValue(operation, `${name} to be a number`, value);
}

/** @throws TypeError unless the value is a number or an array of numbers. */
export function checkNumbers(operation: string, name: string, value: unknown): void {
  const fits = typeof value === "number" || (Array.isArray(value) && value.every((n) => typeof n === "number"));
  if (!fits) throw wrongValue(operation, `${name} to be a number or an array of numbers`, value);
}

/** @throws TypeError unless the value is an array of numbers. */
export function checkNumberArray(operation: string, name: string, value: unknown): void {
  if (typeof value === "number") {
    throw new TypeError(`${operation}: expected ${name} to be an array of numbers, got ${value}; write [${value}]`);
  }
  if (!Array.isArray(value)) throw wrongValue(operation, `${name} to be an array of numbers`, value);
  checkNumbers(operation, name, value);
}

/** @throws TypeError unless the value is an array of tensors, RangeError if it is empty. */
export function checkTensors(operation: string, tensors: unknown): asserts tensors is readonly Tensor[] {
  if (!Array.isArray(tensors)) throw wrongValue(operation, "an array of tensors", tensors);
  if (tensors.length === 0) throw new RangeError(`${operation}: expected at least one tensor`);
  for (const x of tensors) checkTensor(operation, x);
}

/** The error for an argument of the wrong type, with a remedy. */
export function wrongValue(operation: string, expected: string, value: unknown): TypeError {
  if (isTensor(value)) {
    const remedy = expected.startsWith("an array of tensors")
      ? "write an array, such as [a, b]"
      : "item() gives the number of a tensor with one element";
    return new TypeError(
      `${operation}: expected ${expected}, got a tensor of shape ${showShape(value.shape)}; ${remedy}`,
    );
  }
  const other = otherCopy(value, "Tensor");
  if (other !== null) return new TypeError(`${operation}: ${other}`);
  const text = typeof value === "string" && value.length > 40 ? `${value.slice(0, 40)}…` : value;
  const [shown, remedy] = typeof text === "string"
    ? [`the string ${JSON.stringify(text)}`, "Number(…) reads a number from a string"]
    : value === undefined || value === null
    ? [String(value), "is a variable not set, or a property misspelt?"]
    : Array.isArray(value) || ArrayBuffer.isView(value)
    ? [`an array of ${(value as ArrayLike<unknown>).length}`, "make it a tensor with tensor(…)"]
    : typeof value === "object"
    ? [`an object of class ${value.constructor?.name ?? "null"}`, "tensor(…) makes tensors of nested arrays"]
    : [`a ${typeof value}`, "tensor(…) makes tensors of nested arrays"];
  return new TypeError(`${operation}: expected ${expected}, got ${shown}; ${remedy}`);
}

/** @throws Error if the tensor was freed, or several of its elements share a memory location. */
export function checkWritable(operation: string, target: TensorCore): void {
  if (target.isDisposed) throw freedError(target, operation);
  const { shape, strides } = target;
  for (let d = 0; d < shape.length; d++) {
    if (strides[d] !== 0 || shape[d]! <= 1) continue;
    throw new Error(
      `${operation}: several elements of this tensor of shape ${
        showShape(shape)
      } share one memory cell (it was expanded); ` +
        `write to a clone()`,
    );
  }
}

/** Whether an in-place operation may write a result of this dtype to a tensor of dtype `target`. */
export function canHold(target: DType, result: DType): boolean {
  const kind = (dtype: DType): number => dtype === "bool" ? 0 : isFloat(dtype) ? 2 : 1;
  return target === result || kind(result) <= kind(target);
}

export function checkDestination(operation: string, target: TensorCore, value: Meta): void {
  if (!sameShape(value.shape, target.shape)) {
    throw new RangeError(
      `${operation}: the result has shape ${showShape(value.shape)}, which does not fit the tensor's ${
        showShape(target.shape)
      }; ` +
        `an in-place operation cannot grow its tensor`,
    );
  }
  if (!canHold(target.dtype, value.dtype)) {
    throw new TypeError(
      `${operation}: the result is ${value.dtype}, which a tensor of ${target.dtype} cannot hold; use the form without _, or cast first`,
    );
  }
}

export function checkSupported(operation: string, device: Device, dtype: DType): void {
  if (!device.backend.supports(dtype)) {
    throw new TypeError(
      `${operation}: the device "${device.name}" does not compute in ${dtype}; cast before the tensor goes there, with ` +
        `.to("${isFloat(dtype) ? "float32" : "int32"}").to("${device.name}"), or stay on the CPU`,
    );
  }
}

export function deviceOf(operation: string, inputs: readonly CoreOperand[], fallback: Device | null = null): Device {
  let device = fallback;
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i]!;
    if (!(input instanceof TensorCore)) continue;
    if (device === null) device = input.device;
    else if (device !== input.device) {
      throw new Error(
        `${operation}: tensors live on "${device.name}" and "${input.device.name}"; move one with .to("${device.name}")`,
      );
    }
  }
  return device!;
}

/** Whether an input can be read while the target is written: it is in other memory, or has the same element at every position. */
export function isAliasSafe(target: TensorCore, input: TensorCore): boolean {
  return input.storage !== target.storage ||
    (input.offset === target.offset && sameGeometry(input, target));
}

function sameGeometry(a: Geometry, b: Geometry): boolean {
  if (!sameShape(a.shape, b.shape)) return false;
  for (let d = 0; d < a.shape.length; d++) if (a.shape[d] !== 1 && a.strides[d] !== b.strides[d]) return false;
  return true;
}
