/** The way down to a backend: new memory, kernels over it, dispatches. */
import { makeTensor } from "../tensor/core.ts";
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
import { broadcastStrides, contiguousStrides, type Shape, showShape, sizeOf } from "../shape.ts";
import { Storage } from "../memory/storage.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * New memory for a tensor.
 *
 * @throws RangeError when it has more elements than can be counted, or the device has not that much memory.
 */
export function allocate(operation: string, device: Device, dtype: DType, shape: Shape): Tensor {
  const bytes = sizeOf(shape) * itemSize(dtype);
  if (!(bytes >= 0 && bytes <= Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(
      `${operation}: a ${dtype} tensor of shape ${showShape(shape)} has more bytes than can be counted`,
    );
  }
  const storage = Storage.allocate(device, bytes, operation);
  return makeTensor(storage, dtype, { shape, strides: contiguousStrides(shape), offset: 0 });
}

/** Makes tensors and runs what fills them; none is left behind when either throws. */
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

/** {@link produce} of one tensor. */
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

/** @throws TypeError for what is no number, boolean or bigint. RangeError for one that the dtype cannot hold. */
function checkFill(operation: string, value: Scalar, dtype: DType): void {
  checkScalar(operation, value);
  checkWritten(operation, value, dtype);
}

/**
 * A new tensor of one value everywhere, below the tape.
 *
 * @throws as {@link fill}.
 */
export function constant(operation: string, value: Scalar, dtype: DType, device: Device, shape: Shape = []): Tensor {
  checkFill(operation, value, dtype);
  return produceOne(operation, device, dtype, shape, (made) => fill(operation, made, value));
}

/**
 * Writes one value everywhere, below the tape.
 *
 * @throws TypeError for what is no number, boolean or bigint. RangeError for one that the dtype cannot hold.
 */
export function fill(operation: string, output: Tensor, value: Scalar): void {
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

/** Dispatches a routine onto outputs that exist. */
export function runRoutine<P extends RoutinePrim>(
  prim: P,
  device: Device,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  attrs: Attrs[P],
): void {
  const operand = ({ dtype, shape, strides }: Tensor) => ({ dtype, shape, strides });
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
  readonly tensor: Tensor;
  readonly strides: readonly number[];
}

export function launch(
  operation: string,
  device: Device,
  shape: Shape,
  tensors: readonly Tensor[],
  scalars: readonly Scalar[],
  expr: Expr,
  reduction: Kernel["reduce"],
  output: Tensor,
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

const binding = (tensor: Tensor): Binding => ({ buffer: tensor.storage.buffer, offset: tensor.offset });

/** Elements that one kernel may walk over: sizes and positions are numbers of 32 bits on every device. */
const mostElements = 2 ** 32 - 1;
/** The same where positions are int32: in routines, and in reductions to an index. */
const mostIndexed = 2 ** 31 - 1;

/**
 * What no kernel can be trusted with: more elements than its numbers count, or an operand that reaches beyond its memory. Nothing else
 * stands between a shape that a caller wrote to (arrays are not frozen: on Bun that would double the time of a small operation) and
 * the memory of other tensors.
 */
function check(operation: string, work: Work, inputs: readonly Tensor[], outputs: readonly Tensor[]): void {
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

function checkOperand(operation: string, tensor: Tensor, { shape, strides }: Operand): void {
  if (!(sizeOf(shape) <= mostIndexed)) throw tooMany(operation, shape, mostIndexed);
  checkReach(operation, tensor, shape, strides);
}

/** Dimensions for which there is no stride are not stepped along. */
function checkReach(operation: string, tensor: Tensor, shape: Shape, strides: readonly number[]): void {
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
      `${tensor.storage.buffer.bytes} bytes; the arrays that shape and strides give must not be written to`,
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
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  scalars: readonly Scalar[],
): void {
  check(operation, work, inputs, outputs);
  const { backend } = device;
  const run = () => backend.dispatch(backend.prepare(work), inputs.map(binding), outputs.map(binding), scalars);
  if (debug() === 0) run();
  else logDispatch(operation, device.name, work, run);
}
