/** Fusion of several element-wise operations into one kernel. */
import { checkSynchronous } from "../check_synchronous.ts";
import { activeCapture } from "./capture/hooks.ts";
import { checkScalar, wrongValue } from "./checks.ts";
import { elementwise, runExpression } from "./execute/elementwise.ts";
import { sumExpression } from "./execute/reduce.ts";
import type { Scalar } from "../dtype.ts";
import { isHalf } from "./upcast.ts";
import { cast, type Expr, widen } from "../ir/kernel.ts";
import { checkValue } from "../scalar.ts";
import { broadcastShapes, type Shape, sizeOf } from "../shape.ts";
import { type Draft, Symbolic } from "./symbolic.ts";
import { activeTape } from "./tape.ts";
import { freedError, isRecorded, isTensor, type Operand } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A function that {@link fused} returned. */
export type FusedFunction = (inputs: readonly Operand[], into?: Tensor | null) => Tensor;

/** A traced expression, for inputs of certain dtypes. */
interface Traced {
  /** In the dtype of the result. */
  readonly expr: Expr;
  /** The expression that is computed: in float32 if the result is float16 or bfloat16, which is then rounded once. */
  readonly wide: Expr;
  /** Numbers in the expression itself. They follow the numbers among the inputs. */
  readonly constants: readonly Scalar[];
}

/**
 * A function that computes an expression of element-wise operations on broadcast inputs in one kernel. The results are those of the
 * single operations, and so are the gradients. Each input's gradient is one kernel, which computes the expression again instead of
 * saving intermediate results. On float16 and bfloat16 the whole expression computes in float32 and rounds once. `write` runs once for each
 * combination of input dtypes: whatever changes from call to call must be an input.
 *
 * The function takes an array of inputs: tensors, and numbers, which take the first tensor's dtype. Its second argument is the
 * tensor to write, by default a new one; it may be one of the inputs. The tape does not record writes to it.
 *
 * @param name the name of the operation in errors, `memory()` and `HEDDLE_DEBUG`.
 *
 * @example
 * ```ts
 * import { fused, ones, tensor } from "@heddle/tensor";
 * const gelu = fused("gelu", (x) => x.mul(x.mul(Math.SQRT1_2).erf().add(1).mul(0.5)));
 * gelu([tensor([-1, 0, 1])]).toArray(); // about [-0.1587, 0, 0.8413]
 * const descend = fused("descend", (p, g, lr) => p.sub(g.mul(lr)));
 * const p = ones([3]);
 * descend([p, tensor([1, 2, 3]), 0.1], p);
 * p.toArray(); // about [0.9, 0.8, 0.7]
 * ```
 */
export function fused(name: string, write: (...inputs: Symbolic[]) => Symbolic): FusedFunction {
  const known: Map<string, Traced> = new Map();
  return (inputs, into = null) => {
    if (into !== null && activeCapture()?.fused(known, inputs) === true) return into;
    return compute(name, inputs, known, write, into);
  };
}

function compute(
  name: string,
  inputs: readonly Operand[],
  known: Map<string, Traced>,
  write: (...inputs: Symbolic[]) => Symbolic,
  into: Tensor | null,
): Tensor {
  const { tensors, scalars, traced } = prepared(name, inputs, known, write);
  const output = runExpression(name, tensors, scalars, traced.expr, into);
  const tape = into === null ? activeTape() : null;
  if (tape?.enabled && tensors.some(isRecorded)) {
    tape.recordExpression(name, tensors, scalars, traced.expr, output);
  }
  return output;
}

/**
 * Like {@link fused}, for one call: the expression is traced each time, and may contain any numbers.
 *
 * @example
 * ```ts
 * import { fuse, tensor } from "@heddle/tensor";
 * fuse("leaky", [tensor([-1, 1])], (x) => x.maximum(x.mul(0.01))).toArray(); // about [-0.01, 1]
 * ```
 */
export function fuse(
  name: string,
  inputs: readonly Operand[],
  write: (...inputs: Symbolic[]) => Symbolic,
  into: Tensor | null = null,
): Tensor {
  return compute(name, inputs, new Map(), write, into);
}

/** A function that {@link fusedSum} returned. */
export type FusedSumFunction = (inputs: readonly Operand[], dims: readonly number[], keepdim?: boolean) => Tensor;

/**
 * Like {@link fused}, summed over dimensions of the broadcast inputs. The function takes the inputs, the dimensions, which are
 * non-negative and distinct, and whether they are kept with size 1 (the default). The tape does not record it.
 *
 * @example
 * ```ts
 * import { ones } from "@heddle/tensor";
 * import { fusedSum } from "@heddle/tensor/engine";
 * const squares = fusedSum("squares", (x) => x.mul(2).square());
 * squares([ones([2, 3])], [0]).toArray(); // [[8, 8, 8]]
 * ```
 */
export function fusedSum(name: string, write: (...inputs: Symbolic[]) => Symbolic): FusedSumFunction {
  const known: Map<string, Traced> = new Map();
  return (inputs, dims, keepdim = true) => {
    const { tensors, scalars, traced } = prepared(name, inputs, known, write);
    return sumExpression(name, tensors, scalars, traced.wide, traced.expr.dtype, dims, keepdim);
  };
}

/** A function that {@link fusedTotal} returned. */
export type FusedTotalFunction = (inputs: readonly Operand[], reduction: "sum" | "mean") => Tensor;

/**
 * Like {@link fused}, reduced to the sum or the mean of all elements, as losses are. The elements are not stored, and the gradient of
 * each input is one kernel.
 *
 * @example
 * ```ts
 * import { ones, zeros } from "@heddle/tensor";
 * import { fusedTotal } from "@heddle/tensor/engine";
 * const squaredError = fusedTotal("squaredError", (x, y) => x.sub(y).square());
 * squaredError([ones([4]), zeros([4])], "sum").item(); // 4
 * squaredError([ones([4]), zeros([4])], "mean").item(); // 1
 * ```
 */
export function fusedTotal(name: string, write: (...inputs: Symbolic[]) => Symbolic): FusedTotalFunction {
  const known: Map<string, Traced> = new Map();
  return (inputs, reduction) => {
    const { tensors, scalars, traced } = prepared(name, inputs, known, write);
    const { shape, numel } = extent(name, tensors);
    const dims = shape.map((_, d) => d);
    const wide = sumExpression(name, tensors, scalars, traced.wide, traced.wide.dtype, dims, false);
    if (reduction === "mean") elementwise("div", [wide, numel], {}, wide, name);
    const { dtype } = traced.expr;
    const output = dtype === wide.dtype ? wide : elementwise("cast", [wide], { dtype }, null, name);
    const tape = activeTape();
    if (tape?.enabled && tensors.some(isRecorded)) {
      tape.recordExpression(name, tensors, scalars, traced.expr, output, { divisor: reduction === "mean" ? numel : 1 });
    }
    return output;
  };
}

/** The shape to which tensors broadcast, and its number of elements. */
function extent(name: string, tensors: readonly Tensor[]): { readonly shape: Shape; readonly numel: number } {
  const [first] = tensors;
  if (tensors.length === 1) return first!;
  const shape = broadcastShapes(name, ...tensors.map((t) => t.shape));
  return { shape, numel: sizeOf(shape) };
}

/** The tensors, numbers and traced expression of a call. */
function prepared(
  name: string,
  inputs: readonly Operand[],
  known: Map<string, Traced>,
  write: (...inputs: Symbolic[]) => Symbolic,
): { readonly tensors: Tensor[]; readonly scalars: Scalar[]; readonly traced: Traced } {
  const { tensors, scalars, signature } = sorted(name, inputs);
  let traced = known.get(signature);
  if (traced === undefined) known.set(signature, traced = trace(name, inputs, tensors, write));
  scalars.push(...traced.constants);
  return { tensors, scalars, traced };
}

/** Splits the inputs into distinct tensors and numbers, and gives the key of the traced expression. */
function sorted(
  name: string,
  inputs: readonly Operand[],
): { tensors: Tensor[]; scalars: Scalar[]; signature: string } {
  if (!Array.isArray(inputs)) throw wrongValue(name, "an array of tensors and numbers", inputs);
  const tensors: Tensor[] = [];
  const scalars: Scalar[] = [];
  let signature = "";
  for (const input of inputs) {
    if (!isTensor(input)) {
      checkScalar(name, input);
      scalars.push(input);
      // In promotion a whole number may count otherwise than a fraction. Here both take the tensors' dtype.
      signature += "s";
      continue;
    }
    if (input.isDisposed) throw freedError(input, name);
    let at = tensors.indexOf(input);
    if (at < 0) at = tensors.push(input) - 1;
    signature += `${at}${input.dtype}${input.ndim === 0 ? "." : ","}`;
  }
  if (tensors.length === 0) throw new TypeError(`${name}: none of the inputs is a tensor; give at least one`);
  for (const scalar of scalars) checkValue(name, scalar, tensors[0]!.dtype);
  return { tensors, scalars, signature };
}

function trace(
  name: string,
  inputs: readonly Operand[],
  tensors: readonly Tensor[],
  write: (...inputs: Symbolic[]) => Symbolic,
): Traced {
  const leaves = tensors.map(({ dtype }, index): Expr => ({ op: "input", index, dtype }));
  const { expr, constants } = onLeaves(name, inputs, tensors, leaves, write);
  if (!isHalf(...tensors)) return { expr, wide: expr, constants };
  const { expr: wide, constants: numbers } = onLeaves(name, inputs, tensors, leaves.map(widen), write);
  return { expr: cast(wide, expr.dtype), wide, constants: numbers };
}

/** Traces the expression on symbolic inputs. Returns it with the numbers that it contains. */
function onLeaves(
  name: string,
  inputs: readonly Operand[],
  tensors: readonly Tensor[],
  leaves: readonly Expr[],
  write: (...inputs: Symbolic[]) => Symbolic,
): { readonly expr: Expr; readonly constants: readonly Scalar[] } {
  const draft: Draft = { scalars: [] };
  const symbols = inputs.map((input) => {
    if (isTensor(input)) return new Symbolic(leaves[tensors.indexOf(input)]!, input.ndim, draft);
    draft.scalars.push(input);
    return new Symbolic({ op: "scalar", index: draft.scalars.length - 1, dtype: leaves[0]!.dtype }, 0, draft);
  });
  const given = draft.scalars.length;
  const traced = write(...symbols);
  checkSynchronous(name, traced, "the function must return an expression");
  return { expr: traced.expr, constants: draft.scalars.slice(given) };
}
