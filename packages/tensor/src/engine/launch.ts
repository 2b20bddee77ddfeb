/** Allocates tensors and dispatches kernels and routines to a backend. */
import { makeTensor, type TensorCore } from "../tensor/core.ts";
import type { Binding } from "../backend.ts";
import { checkScalar } from "./checks.ts";
import { debug, logDispatch } from "./debug.ts";
import type { Device } from "../device.ts";
import { type DType, itemSize, type Scalar } from "../dtype.ts";
import { collapse } from "../ir/collapse.ts";
import type { Expr, Kernel, Operand, Routine } from "../ir/kernel.ts";
import type { Work } from "../ir/rows.ts";
import type { Attrs, RoutinePrim } from "../prims/attrs.ts";
import type { Meta } from "../prims/meta.ts";
import { checkWritten } from "../scalar.ts";
import { keepsPrepared } from "./tape.ts";
import { broadcastStrides, contiguousStrides, type Shape, showShape, sizeOf } from "../shape.ts";
import { Storage } from "../memory/storage.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * A new tensor whose elements are not set.
 *
 * @throws RangeError if its bytes exceed the safe integers, or the device is out of memory.
 */
export function allocate(operation: string, device: Device, dtype: DType, shape: Shape): Tensor {
  const bytes = sizeOf(shape) * itemSize(dtype);
  if (!(bytes >= 0 && bytes <= Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(
      `${operation}: a tensor of ${dtype} and shape ${showShape(shape)} has more bytes than can be counted`,
    );
  }
  const storage = Storage.allocate(device, bytes, operation);
  return makeTensor(storage, dtype, { shape, strides: contiguousStrides(shape), offset: 0 });
}

/** Allocates tensors and calls `run` to fill them. Frees all of them if either throws. */
export function produce(
  operation: string,
  device: Device,
  metas: readonly Meta[],
  fill: (outputs: readonly Tensor[]) => void,
): readonly Tensor[] {
  const outputs: Tensor[] = [];
  try {
    for (const { dtype, shape } of metas) outputs.push(allocate(operation, device, dtype, shape));
    fill(outputs);
  } catch (error) {
    for (const output of outputs) output.dispose();
    throw error;
  }
  return outputs;
}

/** {@link produce} for one tensor. */
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
  launch(
    operation,
    output.device,
    output.shape,
    [],
    [value],
    { op: "scalar", index: 0, dtype: output.dtype },
    null,
    output,
  );
}

/** Dispatches a routine that writes to existing tensors. */
export function runRoutine<P extends RoutinePrim>(
  prim: P,
  device: Device,
  inputs: readonly TensorCore[],
  outputs: readonly TensorCore[],
  attrs: Attrs[P],
): void {
  const operand = ({ dtype, shape, strides }: TensorCore) => ({ dtype, shape, strides });
  const work: Routine<P> = {
    kind: "routine",
    name: prim,
    inputs: inputs.map(operand),
    outputs: outputs.map(operand),
    attrs,
  };
  dispatch(prim, device, work as unknown as Routine, inputs, outputs, []);
}

export interface Strided {
  readonly tensor: TensorCore;
  readonly strides: readonly number[];
}

export function launch(
  operation: string,
  device: Device,
  shape: Shape,
  tensors: readonly TensorCore[],
  scalars: readonly Scalar[],
  expr: Expr,
  reduction: Kernel["reduce"],
  output: TensorCore,
): void {
  const inputs = tensors.map((tensor) => ({ tensor, strides: broadcastStrides(tensor.shape, tensor.strides, shape) }));
  launchOver(operation, device, shape, inputs, scalars, expr, reduction, { tensor: output, strides: output.strides });
}

export function launchOver(
  operation: string,
  device: Device,
  shape: Shape,
  inputs: readonly Strided[],
  scalars: readonly Scalar[],
  expr: Expr,
  reduction: Kernel["reduce"],
  output: Strided,
): void {
  if (output.tensor.numel === 0) return;
  const boundary = shape.length - (reduction?.dims ?? 0);
  const flat = collapse(shape, [...inputs.map((input) => input.strides), output.strides], boundary);
  const kernel: Kernel = {
    kind: "kernel",
    shape: flat.shape,
    inputs: inputs.map(({ tensor }, i) => ({ dtype: tensor.dtype, strides: flat.operands[i]! })),
    expr,
    reduce: reduction === null ? null : { op: reduction.op, dims: flat.shape.length - flat.boundary },
    output: { dtype: output.tensor.dtype, strides: flat.operands[inputs.length]! },
  };
  dispatch(operation, device, kernel, inputs.map(({ tensor }) => tensor), [output.tensor], scalars);
}

function bindings(tensors: readonly TensorCore[], keeps: boolean): Binding[] {
  return tensors.map(({ storage, offset }) => ({ buffer: storage.buffer, offset, lasting: keeps && storage.lasting }));
}

/** The most elements of one kernel: sizes and positions have 32 bits on every device. */
const mostElements = 2 ** 32 - 1;
/** The same for work whose positions are int32: routines, and reductions to an index. */
const mostIndexed = 2 ** 31 - 1;

/**
 * Rejects work that would access memory out of bounds: more elements than 32 bits can count, or an operand that reaches beyond its
 * buffer. This protects the memory of other tensors from callers that write to a tensor's shape or strides. Those arrays are not
 * frozen, since freezing doubles the time of a small operation on Bun.
 */
function check(operation: string, work: Work, inputs: readonly TensorCore[], outputs: readonly TensorCore[]): void {
  if (work.kind === "routine") {
    for (let i = 0; i < inputs.length; i++) checkOperand(operation, inputs[i]!, work.inputs[i]!);
    for (let i = 0; i < outputs.length; i++) checkOperand(operation, outputs[i]!, work.outputs[i]!);
    return;
  }
  const { shape } = work;
  const indexes = work.kind === "kernel" && (work.reduce?.op === "argmax" || work.reduce?.op === "argmin");
  const most = indexes ? mostIndexed : mostElements;
  if (!(sizeOf(shape) <= most)) throw tooMany(operation, shape, most);
  for (let i = 0; i < inputs.length; i++) checkReach(operation, inputs[i]!, shape, work.inputs[i]!.strides);
  if (work.kind === "kernel") checkReach(operation, outputs[0]!, shape, work.output.strides);
  else for (let i = 0; i < outputs.length; i++) checkReach(operation, outputs[i]!, shape, work.outputs[i]!.strides);
}

function checkOperand(operation: string, tensor: TensorCore, { shape, strides }: Operand): void {
  if (!(sizeOf(shape) <= mostIndexed)) throw tooMany(operation, shape, mostIndexed);
  checkReach(operation, tensor, shape, strides);
}

/** Checks that an operand stays within its buffer. Dimensions without a stride are not stepped along. */
function checkReach(operation: string, tensor: TensorCore, shape: Shape, strides: readonly number[]): void {
  let first = tensor.offset;
  let last = first;
  for (let d = 0; d < strides.length; d++) {
    if (shape[d] === 0) return;
    const way = (shape[d]! - 1) * strides[d]!;
    if (way < 0) first += way;
    else last += way;
  }
  if (first >= 0 && (last + 1) * itemSize(tensor.dtype) <= tensor.storage.buffer.bytes) return;
  throw new RangeError(
    `${operation}: elements ${first} to ${last} of a tensor of shape ${
      showShape(tensor.shape)
    } are not within its memory of ` +
      `${tensor.storage.buffer.bytes} bytes; do not write to the arrays that shape and strides return`,
  );
}

function tooMany(operation: string, shape: Shape, most: number): RangeError {
  return new RangeError(
    `${operation}: ${sizeOf(shape)} elements (shape ${
      showShape(shape)
    }) are more than the ${most} that one operation ` +
      `takes; work on parts of the tensor, and reduce before you expand`,
  );
}

export function dispatch(
  operation: string,
  device: Device,
  work: Work,
  inputs: readonly TensorCore[],
  outputs: readonly TensorCore[],
  scalars: readonly Scalar[],
): void {
  check(operation, work, inputs, outputs);
  const { backend } = device;
  const keeps = work.kind === "routine" && keepsPrepared();
  const run = () => backend.dispatch(backend.prepare(work), bindings(inputs, keeps), bindings(outputs, false), scalars);
  if (debug() === 0) run();
  else logDispatch(operation, device.name, work, run);
}
