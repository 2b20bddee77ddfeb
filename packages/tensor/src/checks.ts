/** What must hold before something runs. */
import type { Device } from "./device.ts";
import { type DType, isFloat } from "./dtype.ts";
import type { Meta } from "./prims/table.ts";
import { type Geometry, showShape } from "./shape.ts";
import type { Operand } from "./tensor/core.ts";
import { Tensor } from "./tensor/tensor.ts";

/** @throws Error for a tensor that was freed, TypeError for what no operation takes. */
export function checkOperands(operation: string, inputs: readonly Operand[]): void {
  for (const input of inputs) {
    if (input instanceof Tensor) {
      if (input.isDisposed) throw input.freedError(operation);
    } else if (typeof input !== "number" && typeof input !== "boolean" && typeof input !== "bigint") {
      const shown = typeof input === "string" ? JSON.stringify(input) : String(input);
      throw new TypeError(`${operation}: expected a tensor, a number, a boolean or a bigint, got ${shown}`);
    }
  }
}

/** @throws Error when the tensor was freed, or several of its elements lie in one place. */
export function checkWritable(operation: string, target: Tensor): void {
  if (target.isDisposed) throw target.freedError(operation);
  if (target.shape.some((size, d) => size > 1 && target.strides[d] === 0)) {
    throw new Error(
      `${operation}: several elements of this tensor of shape ${
        showShape(target.shape)
      } share one memory cell (it was expanded); ` +
        `write to a clone()`,
    );
  }
}

export function checkDestination(operation: string, target: Tensor, value: Meta): void {
  if (value.shape.length !== target.shape.length || value.shape.some((size, d) => size !== target.shape[d])) {
    throw new RangeError(
      `${operation}: the result has shape ${showShape(value.shape)}, which does not fit the tensor's ${
        showShape(target.shape)
      }; ` +
        `an in-place operation cannot grow its tensor`,
    );
  }
  const kind = (dtype: DType) => dtype === "bool" ? 0 : isFloat(dtype) ? 2 : 1;
  if (kind(value.dtype) > kind(target.dtype)) {
    throw new TypeError(
      `${operation}: the result is ${value.dtype}, which a ${target.dtype} tensor cannot hold; use the form without _, or cast first`,
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

export function deviceOf(operation: string, inputs: readonly Operand[], fallback: Device | null = null): Device {
  let device = fallback;
  for (const input of inputs) {
    if (!(input instanceof Tensor)) continue;
    if (device === null) device = input.device;
    else if (device !== input.device) {
      throw new Error(
        `${operation}: tensors live on "${device.name}" and "${input.device.name}"; move one with .to("${device.name}")`,
      );
    }
  }
  return device!;
}

/** An input may be read while the target is written when it is other memory, or the same element at every step. */
export function writesInStep(target: Tensor, input: Tensor): boolean {
  return input.storage !== target.storage ||
    (input.offset === target.offset && sameGeometry(input, target));
}

function sameGeometry(a: Geometry, b: Geometry): boolean {
  return a.shape.length === b.shape.length &&
    a.shape.every((size, d) => size === b.shape[d] && (size === 1 || a.strides[d] === b.strides[d]));
}
