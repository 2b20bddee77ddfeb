/** The way down to a backend: new memory, kernels over it, dispatches. */
import type { Binding } from "./backend.ts";
import { checkScalar } from "./checks.ts";
import { debug, logDispatch } from "./debug.ts";
import type { Device } from "./device.ts";
import { type DType, itemSize, type Scalar } from "./dtype.ts";
import { collapse } from "./ir/collapse.ts";
import type { Expr, Kernel, Routine } from "./ir/kernel.ts";
import type { Work } from "./ir/rows.ts";
import type { Attrs, RoutinePrim } from "./prims/attrs.ts";
import { checkWritten } from "./scalar.ts";
import { broadcastStrides, contiguousStrides, type Shape, sizeOf } from "./shape.ts";
import { Storage } from "./storage.ts";
import { Tensor } from "./tensor/tensor.ts";

/** New memory for a tensor. */
export function allocate(operation: string, device: Device, dtype: DType, shape: Shape): Tensor {
  const bytes = sizeOf(shape) * itemSize(dtype);
  const storage = new Storage(device, device.backend.alloc(bytes), operation);
  return new Tensor(storage, dtype, { shape, strides: contiguousStrides(shape), offset: 0 });
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
  const result = allocate(operation, device, dtype, shape);
  fill(operation, result, value);
  return result;
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
  transient = false,
): void {
  const inputs = tensors.map((tensor) => ({ tensor, strides: broadcastStrides(tensor.shape, tensor.strides, shape) }));
  launchOver(operation, device, shape, inputs, scalars, expr, reduction, { tensor: output, strides: output.strides });
  if (transient) output.dispose();
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

export function dispatch(
  operation: string,
  device: Device,
  work: Work,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  scalars: readonly Scalar[],
): void {
  const { backend } = device;
  const run = () => backend.dispatch(backend.prepare(work), inputs.map(binding), outputs.map(binding), scalars);
  if (debug() === 0) run();
  else logDispatch(operation, device.name, work, run);
}
