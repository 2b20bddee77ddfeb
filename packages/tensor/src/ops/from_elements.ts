/** What functions that make tensors share: their options, and elements that are computed on the host. */
import { defaultDevice, type Device, getDevice } from "../device.ts";
import { type DType, isInteger, itemSize, type Scalar, typedArrayOver } from "../dtype.ts";
import { toHalfBits } from "../half.ts";
import { produceOne } from "../engine/launch.ts";
import { checkValue, elementValue } from "../scalar.ts";
import type { Shape } from "../shape.ts";
import type { TensorOptions } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Where a tensor with such options is made. */
export function deviceOf(options: TensorOptions): Device {
  return options.device === undefined ? defaultDevice() : getDevice(options.device);
}

/** The tensor with what else the options say. */
export function withOptions(result: Tensor, options: TensorOptions): Tensor {
  if (options.requiresGrad) result.requiresGrad = true;
  return result;
}

/**
 * A tensor of what `value` gives for each element, asked in their order. The device's memory comes first, so that what is too large is
 * refused before anything is computed.
 *
 * @throws RangeError for a value that the dtype cannot hold, unless it is to wrap as casts do.
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
    const values = typedArrayOver(dtype, bytes.buffer, 0, numel) as { [i: number]: number | bigint };
    for (let i = 0; i < numel; i++) {
      const given = value(i);
      if (checks) checkValue(operation, given, dtype);
      const element = elementValue(given, dtype);
      values[i] = dtype === "float16" ? toHalfBits(element as number) : element;
    }
    device.backend.write(storage.buffer, 0, bytes);
  });
}
