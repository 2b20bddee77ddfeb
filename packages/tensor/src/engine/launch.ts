/** Allocates tensors and dispatches programs to a backend. */
import { makeTensor, type TensorCore } from "../tensor/core.ts";
import type { Binding, Program } from "../backend.ts";
import { activeCapture } from "./capture/hooks.ts";
import { dispatchWatch } from "./debug.ts";
import type { Device } from "../device.ts";
import { type DType, itemSize, type Scalar } from "../dtype.ts";
import type { Operand } from "../ir/kernel.ts";
import type { Work } from "../ir/rows.ts";
import type { Meta } from "../prims/meta.ts";
import { keepsPrepared } from "./tape.ts";
import { contiguousStrides, type Shape, showShape, sizeOf } from "../shape.ts";
import { Storage } from "../memory/storage.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Launch, LaunchOutput } from "./program_cache.ts";

/** The bytes of a tensor. @throws RangeError if they exceed the safe integers. */
function bytesOf(operation: string, dtype: DType, shape: Shape): number {
  const bytes = sizeOf(shape) * itemSize(dtype);
  if (bytes >= 0 && bytes <= Number.MAX_SAFE_INTEGER) return bytes;
  throw new RangeError(
    `${operation}: a tensor of ${dtype} and shape ${showShape(shape)} has more bytes than can be counted`,
  );
}

/**
 * A new tensor whose elements are not set.
 *
 * @throws RangeError if its bytes exceed the safe integers, or the device is out of memory.
 */
export function allocate(operation: string, device: Device, dtype: DType, shape: Shape): Tensor {
  const storage = Storage.allocate(device, bytesOf(operation, dtype, shape), operation);
  return makeTensor(storage, dtype, { shape, strides: contiguousStrides(shape), offset: 0 });
}

/** Allocates a tensor and calls `fill` to fill it. Frees it if that throws. */
export function produceOne(
  operation: string,
  device: Device,
  dtype: DType,
  shape: Shape,
  fill: (output: Tensor) => void,
): Tensor {
  const output = allocate(operation, device, dtype, shape);
  try {
    fill(output);
  } catch (error) {
    output.dispose();
    throw error;
  }
  return output;
}

/** Allocates the output of a launch and runs its program. Frees the output if that throws. */
export function computeOne(
  operation: string,
  device: Device,
  launch: Launch,
  inputs: readonly TensorCore[],
  scalars: readonly Scalar[],
): Tensor {
  const output = allocateOutput(operation, device, launch.outputs[0]!);
  try {
    run(operation, device, launch, inputs, [output], scalars);
  } catch (error) {
    output.dispose();
    throw error;
  }
  return output;
}

/** {@link computeOne} for any number of outputs. */
export function compute(
  operation: string,
  device: Device,
  launch: Launch,
  inputs: readonly TensorCore[],
  scalars: readonly Scalar[],
): readonly Tensor[] {
  if (launch.outputs.length === 1) return [computeOne(operation, device, launch, inputs, scalars)];
  const outputs: Tensor[] = [];
  try {
    for (const output of launch.outputs) outputs.push(allocateOutput(operation, device, output));
    run(operation, device, launch, inputs, outputs, scalars);
  } catch (error) {
    for (const output of outputs) output.dispose();
    throw error;
  }
  return outputs;
}

/** Arrays are copied, since users may write to those of a tensor. */
function allocateOutput(operation: string, device: Device, { dtype, shape, strides, bytes }: LaunchOutput): Tensor {
  const storage = Storage.allocate(device, bytes, operation);
  return makeTensor(storage, dtype, { shape: shape.slice(), strides: strides.slice(), offset: 0 });
}

/** Runs the program of a launch on operands of its geometry. */
export function run(
  operation: string,
  device: Device,
  launch: Launch,
  inputs: readonly TensorCore[],
  outputs: readonly TensorCore[],
  scalars: readonly Scalar[],
): void {
  const { backend } = device;
  const { program } = launch;
  if (program === null) return;
  const keeps = program.work.kind === "routine" && keepsPrepared();
  // Of their final length, since an array that grows reserves room for seventeen elements.
  const read = new Array<Binding>(inputs.length);
  const written = new Array<Binding>(outputs.length);
  for (let i = 0; i < inputs.length; i++) read[i] = bound(operation, inputs[i]!, launch, i, keeps);
  for (let i = 0; i < outputs.length; i++) {
    written[i] = bound(operation, outputs[i]!, launch, inputs.length + i, false);
  }
  const capture = activeCapture();
  if (capture !== null) {
    const operands = [...inputs, ...outputs];
    if (capture.dispatch({ operation, device, program, operands, inputs: read, outputs: written, scalars })) return;
  }
  if (dispatchWatch() === null) backend.dispatch(program, read, written, scalars);
  else runWatched(operation, device, program, read, written, scalars);
}

/** A function of its own, since variables that a closure captures cost every run. */
function runWatched(
  operation: string,
  device: Device,
  program: Program,
  read: readonly Binding[],
  written: readonly Binding[],
  scalars: readonly Scalar[],
): void {
  dispatchWatch()!(
    operation,
    device,
    program.work,
    () => device.backend.dispatch(program, read, written, scalars),
  );
}

/**
 * Binds an operand, unless the program would access memory beyond its buffer. This protects the memory of other tensors from callers
 * that write to a tensor's shape or strides. Those arrays are not frozen, since freezing doubles the time of a small operation on Bun.
 */
function bound(operation: string, tensor: TensorCore, { reach }: Launch, operand: number, keeps: boolean): Binding {
  const { storage, offset } = tensor;
  const { buffer } = storage;
  const first = offset + reach[3 * operand]!;
  const last = offset + reach[3 * operand + 1]!;
  if (first >= 0 && (last + 1) * reach[3 * operand + 2]! <= buffer.bytes) {
    return { buffer, offset, lasting: keeps && storage.lasting };
  }
  throw beyond(operation, tensor, first, last);
}

function beyond(operation: string, { shape, storage }: TensorCore, first: number, last: number): RangeError {
  return new RangeError(
    `${operation}: elements ${first} to ${last} of a tensor of shape ${
      showShape(shape)
    } are not within its memory of ` +
      `${storage.buffer.bytes} bytes; do not write to the arrays that shape and strides return`,
  );
}

/** The most elements of one kernel: sizes and positions have 32 bits on every device. */
const mostElements = 2 ** 32 - 1;
/** The same for work whose positions are int32: routines, and reductions to an index. */
const mostIndexed = 2 ** 31 - 1;

/** The outputs of a launch that allocates them. @throws RangeError if their bytes exceed the safe integers. */
export function outputsOf(operation: string, metas: readonly Meta[]): LaunchOutput[] {
  return metas.map(({ dtype, shape }) => ({
    dtype,
    shape: shape.slice(),
    strides: contiguousStrides(shape),
    bytes: bytesOf(operation, dtype, shape),
  }));
}

/**
 * Prepares work.
 *
 * @param tensors the tensors among its operands that exist already, inputs before outputs.
 * @param outputs the outputs to allocate.
 * @throws RangeError for more elements than 32 bits can count, or an operand that reaches beyond its buffer.
 */
export function prepare(
  operation: string,
  { backend }: Device,
  work: Work,
  tensors: readonly TensorCore[],
  outputs: readonly LaunchOutput[],
  scalars: readonly Scalar[] = [],
): Launch {
  checkCount(operation, work);
  const reach: number[] = [];
  const add = ({ dtype, strides }: Pick<Operand, "dtype" | "strides">, shape: Shape): void => {
    const operand = reach.length / 3;
    const [first, last] = reachOf(shape, strides);
    const size = itemSize(dtype);
    reach.push(first, last, size);
    const tensor = tensors[operand];
    if (tensor === undefined) return;
    const { offset, storage } = tensor;
    if (offset + first >= 0 && (offset + last + 1) * size <= storage.buffer.bytes) return;
    throw beyond(operation, tensor, offset + first, offset + last);
  };
  if (work.kind === "routine") { for (const operand of [...work.inputs, ...work.outputs]) add(operand, operand.shape); }
  else {
    for (const access of work.inputs) add(access, work.shape);
    for (const access of work.kind === "kernel" ? [work.output] : work.outputs) add(access, work.shape);
  }
  return { program: backend.prepare(work), reach, outputs, scalars };
}

/** The launch of an operation without elements. */
export function nothing(outputs: readonly LaunchOutput[]): Launch {
  return { program: null, reach: [], outputs, scalars: [] };
}

/** The first and the last element that are accessed, relative to the offset. Dimensions without a stride are not stepped along. */
function reachOf(shape: Shape, strides: readonly number[]): [first: number, last: number] {
  let [first, last] = [0, 0];
  for (let d = 0; d < strides.length; d++) {
    if (shape[d] === 0) return [0, -Infinity];
    const way = (shape[d]! - 1) * strides[d]!;
    if (way < 0) first += way;
    else last += way;
  }
  return [first, last];
}

function checkCount(operation: string, work: Work): void {
  const refuse = (shape: Shape, most: number): void => {
    if (sizeOf(shape) <= most) return;
    throw new RangeError(
      `${operation}: ${sizeOf(shape)} elements (shape ${
        showShape(shape)
      }) are more than the ${most} that one operation ` +
        `takes; work on parts of the tensor, and reduce before you expand`,
    );
  };
  if (work.kind === "routine") {
    for (const { shape } of [...work.inputs, ...work.outputs]) refuse(shape, mostIndexed);
    return;
  }
  const indexes = work.kind === "kernel" && (work.reduce?.op === "argmax" || work.reduce?.op === "argmin");
  refuse(work.shape, indexes ? mostIndexed : mostElements);
}
