/**
 * Values on the host: tensors on the device `reference`, which is read at once. Shapes, and all that is computed from them alone, are
 * such values, so that nothing is read back from another device.
 */
import { type Device, fromTypedArray, getDevice, keep, type Tensor } from "@heddle/tensor";
import type { TensorData } from "../tensor_proto.ts";

/** Results of more elements are moved to the device of the model. */
export const mostHostElements = 1024;

/** The device of such values. */
export function hostDevice(): Device {
  return getDevice("reference");
}

/** Whole numbers as a vector int64 on the host. */
export function hostInts(values: readonly number[]): Tensor {
  return fromTypedArray(BigInt64Array.from(values, BigInt), [values.length], { device: hostDevice() });
}

const constants: WeakSet<Tensor> = new WeakSet();

/** Makes a value a constant of the program: it never changes, so copies on devices and its numbers are made once. */
export function asConstant(value: Tensor): Tensor {
  constants.add(value);
  return keep(value);
}

/** Whether a value is a constant of the program. */
export function isConstant(value: Tensor): boolean {
  return constants.has(value);
}

/** A tensor of a file as a constant. */
export function hostTensor({ dtype, shape, data }: TensorData): Tensor {
  return asConstant(fromTypedArray(data, shape, { dtype, device: hostDevice() }));
}

const copies: WeakMap<Tensor, WeakMap<Device, Tensor>> = new WeakMap();
const numbers: WeakMap<Tensor, readonly number[]> = new WeakMap();

/**
 * A value on a device. int64 becomes int32 there, the dtype of indices on every device; what is beyond its range becomes the nearest
 * number within. Of constants there is one copy for each device.
 */
export function onDevice(value: Tensor, device: Device): Tensor {
  if (value.device === device) return value;
  if (!isConstant(value)) return narrowed(value).to(device);
  let known = copies.get(value);
  if (known === undefined) copies.set(value, known = new WeakMap());
  let copy = known.get(device);
  if (copy === undefined) known.set(device, copy = keep(narrowed(value).to(device)));
  return copy;
}

/** int64 as int32. */
export function narrowed(value: Tensor): Tensor {
  if (value.dtype !== "int64") return value;
  return value.clamp({ min: -(2 ** 31), max: 2 ** 31 - 1 }).to("int32");
}

/** The elements of a value as numbers. */
export function numbersOf(value: Tensor): readonly number[] {
  const known = numbers.get(value);
  if (known !== undefined) return known;
  const found = Array.from(value.toTypedArray() as ArrayLike<number | bigint | boolean>, Number);
  if (isConstant(value)) numbers.set(value, found);
  return found;
}
