/** Runs element-wise primitives, and fused expressions of them, as kernels. */
import { checkDestination, checkSupported, checkWritable, deviceOf, isAliasSafe } from "../checks.ts";
import { type DType, dtypeIndex, isHalfDType, resultType, type Scalar } from "../../dtype.ts";
import { cast, type Expr } from "../../ir/kernel.ts";
import { launch, produceOne } from "../launch.ts";
import type { ElementwisePrim } from "../../prims/attrs.ts";
import { table } from "../../prims/table.ts";
import type { OpTypes } from "../../prims/type_rules.ts";
import { broadcastShapes } from "../../shape.ts";
import { type CoreOperand, TensorCore } from "../../tensor/core.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { withinRange } from "./scalar_range.ts";

export function elementwise(
  name: ElementwisePrim,
  given: readonly CoreOperand[],
  attrs: { dtype?: DType },
  out: Tensor | null,
  operation: string,
): Tensor {
  const row = table[name];
  const operands = row.condition ? given.slice(1) : given;
  const promoted = name === "cast" ? (given[0] as TensorCore).dtype : resultType(operands);
  const types: OpTypes = name === "cast" ? { compute: promoted, result: attrs.dtype! } : row.types(operation, promoted);
  const [prim, inputs] = withinRange(operation, name, given, types.compute);
  const device = deviceOf(operation, inputs, out?.device ?? null);
  checkSupported(operation, device, types.compute);

  const tensors: TensorCore[] = [];
  const scalars: Scalar[] = [];
  for (const input of inputs) {
    if (input instanceof TensorCore) tensors.push(input);
    else scalars.push(input);
  }
  const shape = tensors.length === 1 && out === null
    ? tensors[0]!.shape
    : broadcastShapes(operation, ...tensors.map((t) => t.shape), ...(out === null ? [] : [out.shape]));
  if (out !== null) checkDestination(operation, out, { dtype: types.result, shape });
  const write = (output: TensorCore): void =>
    launch(prim, device, shape, tensors, scalars, expressionOf(prim, inputs, types, output.dtype), null, output);
  if (out === null) return produceOne(prim, device, types.result, shape, write);
  write(out);
  return out;
}

/**
 * Expressions of one operation, by the operation and its dtypes. They are cached because backends look up compiled kernels by
 * object identity.
 */
const expressions: Map<ElementwisePrim, Map<number, Expr>> = new Map();

export function expressionOf(
  prim: ElementwisePrim,
  inputs: readonly CoreOperand[],
  types: OpTypes,
  result: DType,
): Expr {
  let key = dtypeIndex[types.compute] * 16 + dtypeIndex[result];
  for (const input of inputs) key = key * 16 + (input instanceof TensorCore ? dtypeIndex[input.dtype] : 15);
  let ofPrim = expressions.get(prim);
  if (ofPrim === undefined) expressions.set(prim, ofPrim = new Map());
  let expr = ofPrim.get(key);
  if (expr !== undefined) return expr;
  let [tensors, scalars] = [0, 0];
  // Numbers and single elements are not rounded to float16 or bfloat16; only the result is.
  const half = prim !== "cast" && isHalfDType(types.compute) && types.result === types.compute;
  const args = inputs.map((input, i): Expr => {
    const compute = table[prim].condition && i === 0 ? "bool" : half ? "float32" : types.compute;
    return input instanceof TensorCore
      ? cast({ op: "input", index: tensors++, dtype: input.dtype }, compute)
      : { op: "scalar", index: scalars++, dtype: compute };
  });
  const whole: Expr = prim === "cast"
    ? cast(args[0]!, types.result)
    : { op: prim, args, dtype: half ? "float32" : types.result };
  ofPrim.set(key, expr = cast(whole, result));
  return expr;
}

/** Runs an expression that {@link fuse} traced, without recording it. The result is written to `into` if that is given. */
export function runExpression(
  operation: string,
  tensors: readonly Tensor[],
  scalars: readonly Scalar[],
  expr: Expr,
  into: Tensor | null,
): Tensor {
  const device = deviceOf(operation, tensors, into?.device ?? null);
  checkSupported(operation, device, expr.dtype);
  const shape = broadcastShapes(operation, ...tensors.map((t) => t.shape), ...(into === null ? [] : [into.shape]));
  if (into === null) {
    return produceOne(operation, device, expr.dtype, shape, (output) => {
      launch(operation, device, shape, tensors, scalars, expr, null, output);
    });
  }
  checkWritable(operation, into);
  checkDestination(operation, into, { dtype: expr.dtype, shape });
  if (tensors.every((input) => isAliasSafe(into, input))) {
    launch(operation, device, shape, tensors, scalars, cast(expr, into.dtype), null, into);
  } else {
    const value = runExpression(operation, tensors, scalars, expr, null);
    try {
      elementwise("cast", [value], { dtype: into.dtype }, into, operation);
    } finally {
      value.dispose();
    }
  }
  into.storage.version++;
  return into;
}
