/** Runs reductions as kernels. */
import { checkSupported, deviceOf } from "../checks.ts";
import type { Device } from "../../device.ts";
import { type DType, dtypeIndex, isHalfDType, type Scalar } from "../../dtype.ts";
import { collapse } from "../../ir/collapse.ts";
import { type Expr, showExpr } from "../../ir/kernel.ts";
import { computeOne, nothing, outputsOf, prepare } from "../launch.ts";
import { type Launch, programsOf } from "../program_cache.ts";
import type { Attrs, ReducePrim } from "../../prims/attrs.ts";
import { activeRecorder, recorded } from "../recorder.ts";
import type { TypeRule } from "../../prims/type_rules.ts";
import { broadcastShapes, broadcastStrides, contiguousStrides, sizeOf } from "../../shape.ts";
import type { TensorCore } from "../../tensor/core.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { expressionOf } from "./elementwise.ts";

/** Runs a primitive. */
export function reduce(
  prim: ReducePrim,
  input: TensorCore,
  attrs: Attrs[ReducePrim],
  types: TypeRule,
  operation: string,
): Tensor {
  const { compute, result } = types(operation, input.dtype);
  checkSupported(operation, input.device, compute);
  // Only the total is rounded to float16 or bfloat16.
  const wide = isHalfDType(compute) ? "float32" : compute;
  const expr = expressionOf("cast", [input], { compute: wide, result: wide }, wide);
  return reduceOver(prim, operation, [input], [], expr, result, attrs);
}

/** The sum over `dims` of an expression that {@link fusedSum} traced, in a given dtype, without recording it. */
export function sumExpression(
  operation: string,
  tensors: readonly TensorCore[],
  scalars: readonly Scalar[],
  expr: Expr,
  dtype: DType,
  dims: readonly number[],
  keepdim: boolean,
): Tensor {
  return reduceOver("sum", operation, tensors, scalars, expr, dtype, { dims, keepdim });
}

function reduceOver(
  prim: ReducePrim,
  operation: string,
  tensors: readonly TensorCore[],
  scalars: readonly Scalar[],
  expr: Expr,
  dtype: DType,
  attrs: Attrs[ReducePrim],
): Tensor {
  if (activeRecorder() !== null) {
    const given = { ...attrs, name: operation, expr, scalars, dtype };
    const compute = () => [reduceOver(prim, operation, tensors, scalars, expr, dtype, attrs)];
    return recorded(prim, tensors as readonly Tensor[], given, compute)[0]!;
  }
  const device = deviceOf(operation, tensors);
  const programs = programsOf(device.backend);
  programs.begin("reduction", tensors.length);
  programs.addText(prim);
  programs.addNumbers(attrs.dims);
  programs.addNumber(2 * dtypeIndex[dtype] + (attrs.keepdim ? 1 : 0));
  programs.addObject(expr, showExpr);
  for (let i = 0; i < tensors.length; i++) programs.addOperand(tensors[i]!);
  const launch = programs.find() ??
    programs.keep(programs.takeKey(), prepared(prim, operation, device, tensors, expr, dtype, attrs));
  return computeOne(operation, device, launch, tensors, scalars);
}

function prepared(
  prim: ReducePrim,
  operation: string,
  device: Device,
  tensors: readonly TensorCore[],
  expr: Expr,
  dtype: DType,
  { dims, keepdim }: Attrs[ReducePrim],
): Launch {
  checkSupported(operation, device, dtype);
  const shape = broadcastShapes(operation, ...tensors.map((tensor) => tensor.shape));
  const kept = shape.map((_, d) => d).filter((d) => !dims.includes(d));
  const order = [...kept, ...[...dims].sort((a, b) => a - b)];
  const left = kept.map((d) => shape[d]!);
  const outputs = outputsOf(operation, [{
    dtype,
    shape: keepdim ? shape.map((size, d) => dims.includes(d) ? 1 : size) : left,
  }]);
  if (sizeOf(left) === 0) return nothing(outputs);
  const inputs = tensors.map((tensor) => {
    const strides = broadcastStrides(tensor.shape, tensor.strides, shape);
    return order.map((d) => strides[d]!);
  });
  const flat = collapse(order.map((d) => shape[d]!), [...inputs, contiguousStrides(left)], kept.length);
  return prepare(
    operation,
    device,
    {
      kind: "kernel",
      shape: flat.shape,
      inputs: tensors.map((tensor, i) => ({ dtype: tensor.dtype, strides: flat.operands[i]! })),
      expr,
      reduce: { op: prim, dims: flat.shape.length - flat.boundary },
      output: { dtype, strides: flat.operands[tensors.length]! },
    },
    tensors,
    outputs,
  );
}
