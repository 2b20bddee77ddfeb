/** Runs reductions as kernels. */
import { checkSupported, deviceOf } from "../checks.ts";
import { type DType, isHalfDType, type Scalar } from "../../dtype.ts";
import type { Expr } from "../../ir/kernel.ts";
import { launchOver, produceOne } from "../launch.ts";
import type { Attrs, ReducePrim } from "../../prims/attrs.ts";
import type { TypeRule } from "../../prims/type_rules.ts";
import { broadcastShapes, broadcastStrides, contiguousStrides, type Shape } from "../../shape.ts";
import type { TensorCore } from "../../tensor/core.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { expressionOf } from "./elementwise.ts";

export function reduce(prim: ReducePrim, input: TensorCore, attrs: Attrs[ReducePrim], types: TypeRule): Tensor {
  const { compute, result } = types(prim, input.dtype);
  checkSupported(prim, input.device, compute);
  // Only the total is rounded to float16 or bfloat16.
  const wide = isHalfDType(compute) ? "float32" : compute;
  const expr = expressionOf("cast", [input], { compute: wide, result: wide }, wide);
  return reduceOver(prim, prim, [input], [], expr, result, input.shape, attrs);
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
  checkSupported(operation, deviceOf(operation, tensors), dtype);
  const shape = broadcastShapes(operation, ...tensors.map((t) => t.shape));
  return reduceOver("sum", operation, tensors, scalars, expr, dtype, shape, { dims, keepdim });
}

function reduceOver(
  prim: ReducePrim,
  operation: string,
  tensors: readonly TensorCore[],
  scalars: readonly Scalar[],
  expr: Expr,
  dtype: DType,
  shape: Shape,
  { dims, keepdim }: Attrs[ReducePrim],
): Tensor {
  const device = deviceOf(operation, tensors);
  const kept = shape.map((_, d) => d).filter((d) => !dims.includes(d));
  const order = [...kept, ...[...dims].sort((a, b) => a - b)];
  const left = kept.map((d) => shape[d]!);
  const inputs = tensors.map((tensor) => {
    const strides = broadcastStrides(tensor.shape, tensor.strides, shape);
    return { tensor, strides: order.map((d) => strides[d]!) };
  });
  const reduction = { op: prim, dims: dims.length };
  const result = keepdim ? shape.map((size, d) => dims.includes(d) ? 1 : size) : left;
  return produceOne(operation, device, dtype, result, (tensor) => {
    const target = { tensor, strides: contiguousStrides(left) };
    launchOver(operation, device, order.map((d) => shape[d]!), inputs, scalars, expr, reduction, target);
  });
}
