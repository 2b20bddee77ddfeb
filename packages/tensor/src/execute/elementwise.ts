/** Element-wise primitives, and expressions of several, as kernels. */
import { checkDestination, checkSupported, checkWritable, deviceOf, writesInStep } from "../checks.ts";
import { type DType, dtypeIndex, resultType, type Scalar } from "../dtype.ts";
import type { Expr } from "../ir/kernel.ts";
import { allocate, launch } from "../launch.ts";
import type { ElementwisePrim } from "../prims/attrs.ts";
import { type OpTypes, table } from "../prims/table.ts";
import { broadcastShapes } from "../shape.ts";
import type { Operand } from "../tensor/core.ts";
import { Tensor } from "../tensor/tensor.ts";
import { withinRange } from "./scalars.ts";

/** An expression in another dtype. */
export const cast = (expr: Expr, dtype: DType): Expr =>
  expr.dtype === dtype ? expr : { op: "cast", args: [expr], dtype };

export function elementwise(
  name: ElementwisePrim,
  given: readonly Operand[],
  attrs: { dtype?: DType },
  out: Tensor | null,
  operation: string,
): Tensor {
  const row = table[name];
  const operands = row.condition ? given.slice(1) : given;
  const promoted = name === "cast" ? (given[0] as Tensor).dtype : resultType(operands);
  const types: OpTypes = name === "cast" ? { compute: promoted, result: attrs.dtype! } : row.types(operation, promoted);
  const [prim, inputs] = withinRange(operation, name, given, types.compute);
  const device = deviceOf(operation, inputs, out?.device ?? null);
  checkSupported(operation, device, types.compute);

  const tensors: Tensor[] = [];
  const scalars: Scalar[] = [];
  for (const input of inputs) {
    if (input instanceof Tensor) tensors.push(input);
    else scalars.push(input);
  }
  const shape = tensors.length === 1 && out === null
    ? tensors[0]!.shape
    : broadcastShapes(operation, ...tensors.map((t) => t.shape), ...(out === null ? [] : [out.shape]));
  if (out !== null) checkDestination(operation, out, { dtype: types.result, shape });
  const output = out ?? allocate(prim, device, types.result, shape);
  launch(prim, device, shape, tensors, scalars, expressionOf(prim, inputs, types, output.dtype), null, output);
  return output;
}

/** Expressions of one operation, by the operation and its dtypes: backends know by the object what they have seen. */
const expressions: Map<ElementwisePrim, Map<number, Expr>> = new Map();

export function expressionOf(prim: ElementwisePrim, inputs: readonly Operand[], types: OpTypes, result: DType): Expr {
  let key = dtypeIndex[types.compute] * 16 + dtypeIndex[result];
  for (const input of inputs) key = key * 16 + (input instanceof Tensor ? dtypeIndex[input.dtype] : 15);
  let ofPrim = expressions.get(prim);
  if (ofPrim === undefined) expressions.set(prim, ofPrim = new Map());
  let expr = ofPrim.get(key);
  if (expr !== undefined) return expr;
  let [tensors, scalars] = [0, 0];
  const args = inputs.map((input, i): Expr => {
    const compute = table[prim].condition && i === 0 ? "bool" : types.compute;
    return input instanceof Tensor
      ? cast({ op: "input", index: tensors++, dtype: input.dtype }, compute)
      : { op: "scalar", index: scalars++, dtype: compute };
  });
  const whole: Expr = prim === "cast" ? cast(args[0]!, types.result) : { op: prim, args, dtype: types.result };
  ofPrim.set(key, expr = cast(whole, result));
  return expr;
}

/** Runs an expression that {@link fuse} wrote down, below the tape. `into` is written where it is given. */
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
    const output = allocate(operation, device, expr.dtype, shape);
    launch(operation, device, shape, tensors, scalars, expr, null, output);
    return output;
  }
  checkWritable(operation, into);
  checkDestination(operation, into, { dtype: expr.dtype, shape });
  if (tensors.every((input) => writesInStep(into, input))) {
    launch(operation, device, shape, tensors, scalars, cast(expr, into.dtype), null, into);
  } else {
    const value = runExpression(operation, tensors, scalars, expr, null);
    elementwise("cast", [value], { dtype: into.dtype }, into, operation);
    value.dispose();
  }
  into.storage.version++;
  return into;
}
