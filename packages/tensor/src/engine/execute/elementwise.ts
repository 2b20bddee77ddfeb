/** Runs element-wise primitives, and fused expressions of them, as kernels. */
import { canHold, checkDestination, checkSupported, checkWritable, deviceOf, isAliasSafe } from "../checks.ts";
import { type DType, dtypeIndex, isHalfDType, isInteger, resultType, type Scalar } from "../../dtype.ts";
import { cast, type Expr } from "../../ir/kernel.ts";
import { computeElements, writeElements } from "./elements.ts";
import type { ElementwisePrim } from "../../prims/attrs.ts";
import { table } from "../../prims/table.ts";
import type { OpTypes } from "../../prims/type_rules.ts";
import { broadcastShapes } from "../../shape.ts";
import { type CoreOperand, TensorCore } from "../../tensor/core.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { withinRange } from "./scalar_range.ts";

/** What the dtypes of its operands decide about an operation. */
interface Typing extends OpTypes {
  /** The expression, for a result in the dtype of the output. */
  readonly expr: Expr;
  /** Whether scalars must be within the range of an integer dtype. */
  readonly limited: boolean;
  /** Whether the output can hold the result. */
  readonly fits: boolean;
}

/** Runs a primitive. The result is written to `out` if that is given. */
export function elementwise(
  name: ElementwisePrim,
  given: readonly CoreOperand[],
  attrs: { dtype?: DType },
  out: Tensor | null,
  operation: string,
): Tensor {
  const typing = typingOf(name, given, attrs, out, operation);
  let [prim, inputs, { expr }] = [name, given, typing];
  if (typing.limited) {
    [prim, inputs] = withinRange(operation, name, given, typing.compute);
    if (inputs !== given) expr = expressionOf(prim, inputs, typing, out?.dtype ?? typing.result);
  }
  const device = deviceOf(operation, inputs, out?.device ?? null);
  checkSupported(operation, device, typing.compute);

  const tensors: TensorCore[] = [];
  const scalars: Scalar[] = [];
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i]!;
    if (input instanceof TensorCore) tensors.push(input);
    else scalars.push(input);
  }
  if (out === null) return computeElements(operation, device, tensors, scalars, expr);
  if (!typing.fits) {
    const shape = broadcastShapes(operation, ...tensors.map((t) => t.shape), out.shape);
    checkDestination(operation, out, { dtype: typing.result, shape });
  }
  writeElements(operation, device, tensors, scalars, expr, out);
  return out;
}

/** Typings by primitive, then by the dtypes. */
const typings: Map<ElementwisePrim, Map<number, Typing>> = new Map();

/** How an operand takes part in promotion, as a number of five bits. */
function promotionOf(operand: CoreOperand): number {
  if (operand instanceof TensorCore) return 2 * dtypeIndex[operand.dtype] + (operand.shape.length > 0 ? 1 : 0);
  if (typeof operand === "number") return Number.isInteger(operand) ? 28 : 29;
  return typeof operand === "boolean" ? 30 : 31;
}

function typingOf(
  name: ElementwisePrim,
  given: readonly CoreOperand[],
  attrs: { dtype?: DType },
  out: Tensor | null,
  operation: string,
): Typing {
  let key = 16 * (out === null ? 15 : dtypeIndex[out.dtype]) + (name === "cast" ? dtypeIndex[attrs.dtype!] : 15);
  for (let i = 0; i < given.length; i++) key = 32 * key + promotionOf(given[i]!);
  let ofPrim = typings.get(name);
  if (ofPrim === undefined) typings.set(name, ofPrim = new Map());
  let typing = ofPrim.get(key);
  if (typing === undefined) ofPrim.set(key, typing = newTyping(name, given, attrs, out?.dtype ?? null, operation));
  return typing;
}

function newTyping(
  name: ElementwisePrim,
  given: readonly CoreOperand[],
  attrs: { dtype?: DType },
  out: DType | null,
  operation: string,
): Typing {
  const row = table[name];
  const promoted = name === "cast"
    ? (given[0] as TensorCore).dtype
    : resultType(row.condition ? given.slice(1) : given);
  const types: OpTypes = name === "cast" ? { compute: promoted, result: attrs.dtype! } : row.types(operation, promoted);
  return {
    ...types,
    expr: expressionOf(name, given, types, out ?? types.result),
    limited: isInteger(types.compute) && given.some((operand) => !(operand instanceof TensorCore)),
    fits: out === null || canHold(out, types.result),
  };
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
  if (into === null) return computeElements(operation, device, tensors, scalars, expr);
  checkWritable(operation, into);
  if (!canHold(into.dtype, expr.dtype)) {
    const shape = broadcastShapes(operation, ...tensors.map((t) => t.shape), into.shape);
    checkDestination(operation, into, { dtype: expr.dtype, shape });
  }
  if (tensors.every((input) => isAliasSafe(into, input))) {
    writeElements(operation, device, tensors, scalars, cast(expr, into.dtype), into);
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
