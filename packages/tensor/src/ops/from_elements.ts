/** Shared by functions that create tensors: their options, and tensors from elements that the host computes. */
import { defaultDevice, type Device, getDevice } from "../device.ts";
import { type DType, isHalfDType, isInteger, itemSize, type Scalar, typedArrayOver } from "../dtype.ts";
import { halfFormats } from "../half.ts";
import { produceOne } from "../engine/launch.ts";
import { checkValue, elementValue } from "../scalar.ts";
import type { Shape } from "../shape.ts";
import type { TensorOptions } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The device that the options select. */
export function deviceOf(options: TensorOptions): Device {
  return options.device === undefined ? defaultDevice() : getDevice(options.device);
}

/** Applies the remaining options to a new tensor. */
export function withOptions(result: Tensor, options: TensorOptions): Tensor {
  if (options.requiresGrad) result.requiresGrad = true;
  return result;
}

/**
 * Creates a tensor from `value(i)` of each element i, called in order. The device's memory is allocated first, so that a size that
 * is too large throws before anything is computed.
 *
 * @throws RangeError for a value that the dtype cannot hold, unless values wrap as in casts.
 */
export function fromElements(
  operation: string,
  dtype: DType,
  shape: Shape,
  device: Device,
  value: (i: number) => Scalar,
  wraps = false,
): Tensor {
  const checks = !wraps && isInteger(dtype);
  return produceOne(operation, device, dtype, shape, ({ storage, numel }) => {
    const bytes = new Uint8Array(numel * itemSize(dtype));
    const toBits = isHalfDType(dtype) ? halfFormats[dtype].toBits : null;
    const values = typedArrayOver(dtype, bytes.buffer, 0, numel) as { [i: number]: number | bigint };
    for (let i = 0; i < numel; i++) {
      const given = value(i);
      if (checks) checkValue(operation, given, dtype);
      const element = elementValue(given, dtype);
      values[i] = toBits === null ? element : toBits(element as number);
    }
    storage.write(0, bytes);
  });
}
