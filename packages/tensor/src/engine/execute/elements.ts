/** Runs element-wise expressions as kernels. */
import { checkDestination } from "../checks.ts";
import type { Device } from "../../device.ts";
import type { Scalar } from "../../dtype.ts";
import { collapse } from "../../ir/collapse.ts";
import { type Expr, showExpr } from "../../ir/kernel.ts";
import { computeOne, nothing, outputsOf, prepare, run } from "../launch.ts";
import { type Launch, type LaunchOutput, type ProgramCache, programsOf } from "../program_cache.ts";
import { activeRecorder, recorded, recordedWrite } from "../recorder.ts";
import { broadcastShapes, broadcastStrides, contiguousStrides, sizeOf } from "../../shape.ts";
import type { TensorCore } from "../../tensor/core.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * A new tensor of the expression's dtype.
 *
 * @param operation the name of the operation, in errors, `memory()` and `HEDDLE_DEBUG`
 * @throws RangeError if the shapes do not broadcast.
 */
export function computeElements(
  operation: string,
  device: Device,
  tensors: readonly TensorCore[],
  scalars: readonly Scalar[],
  expr: Expr,
): Tensor {
  if (activeRecorder() !== null) {
    const attrs = { name: operation, expr, scalars };
    const compute = () => [computeElements(operation, device, tensors, scalars, expr)];
    return recorded("expression", tensors as readonly Tensor[], attrs, compute)[0]!;
  }
  const programs = programsOf(device.backend);
  programs.begin("computed", tensors.length);
  addKey(programs, tensors, expr);
  const launch = programs.find() ??
    programs.keep(programs.takeKey(), prepared(operation, device, tensors, expr, null));
  return computeOne(operation, device, launch, tensors, scalars);
}

/**
 * Writes an expression of a tensor's dtype to it.
 *
 * @throws RangeError if the shapes do not broadcast to that of the output.
 */
export function writeElements(
  operation: string,
  device: Device,
  tensors: readonly TensorCore[],
  scalars: readonly Scalar[],
  expr: Expr,
  output: TensorCore,
): void {
  if (activeRecorder() !== null) {
    const attrs = { name: operation, expr, scalars };
    const compute = () => writeElements(operation, device, tensors, scalars, expr, output);
    return recordedWrite("expression", tensors as readonly Tensor[], attrs, [output as Tensor], compute);
  }
  const programs = programsOf(device.backend);
  programs.begin("written", tensors.length);
  addKey(programs, tensors, expr);
  programs.addOperand(output);
  const launch = programs.find() ??
    programs.keep(programs.takeKey(), prepared(operation, device, tensors, expr, output));
  run(operation, device, launch, tensors, [output], scalars);
}

function addKey(programs: ProgramCache, tensors: readonly TensorCore[], expr: Expr): void {
  programs.addObject(expr, showExpr);
  for (let i = 0; i < tensors.length; i++) programs.addOperand(tensors[i]!);
}

function prepared(
  operation: string,
  device: Device,
  tensors: readonly TensorCore[],
  expr: Expr,
  output: TensorCore | null,
): Launch {
  const shapes = tensors.map(({ shape }) => shape);
  if (output !== null) shapes.push(output.shape);
  const shape = broadcastShapes(operation, ...shapes);
  if (output !== null) checkDestination(operation, output, { dtype: output.dtype, shape });
  const outputs: LaunchOutput[] = output === null ? outputsOf(operation, [{ dtype: expr.dtype, shape }]) : [];
  if (sizeOf(shape) === 0) return nothing(outputs);
  const flat = collapse(shape, [
    ...tensors.map((tensor) => broadcastStrides(tensor.shape, tensor.strides, shape)),
    output?.strides ?? contiguousStrides(shape),
  ], shape.length);
  return prepare(
    operation,
    device,
    {
      kind: "kernel",
      shape: flat.shape,
      inputs: tensors.map(({ dtype }, i) => ({ dtype, strides: flat.operands[i]! })),
      expr,
      reduce: null,
      output: { dtype: expr.dtype, strides: flat.operands[tensors.length]! },
    },
    output === null ? tensors : [...tensors, output],
    outputs,
  );
}
