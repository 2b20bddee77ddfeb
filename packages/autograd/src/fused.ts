/** Gradients of fused expressions: derived symbolically from the rules of their primitives, as one kernel for each input. */
import { broadcastShapes, isFloat, isHalfDType, type Scalar, type Symbolic, type Tensor } from "@heddle/tensor";
import { activeTape, type Expr, internals, runExpression, sumExpression, symbolsOf } from "@heddle/tensor/engine";
import { isGradEnabled } from "./grad_mode.ts";
import { attach, clearedError, type Edge, edgeOf, metaOf, Node, Saved, type ValueMeta } from "./node.ts";
import { elementwiseRules } from "./rules/elementwise.ts";
import { broadcastSum, toMeta } from "./undo_broadcast.ts";

type Operation = Exclude<Expr, { readonly index: number }>;

/** The operations of an expression, each after its operands and each only once. */
function ordered(root: Expr): Operation[] {
  const seen: Set<Expr> = new Set();
  const result: Operation[] = [];
  const visit = (expr: Expr): void => {
    if (expr.op === "input" || expr.op === "scalar" || seen.has(expr)) return;
    seen.add(expr);
    expr.args.forEach(visit);
    result.push(expr);
  };
  visit(root);
  return result;
}

/** The nodes that depend on the given input. */
function dependents(order: readonly Operation[], input: number): Set<Expr> {
  const found: Set<Expr> = new Set();
  const is = (expr: Expr): boolean => expr.op === "input" ? expr.index === input : found.has(expr);
  for (const node of order) if (node.args.some(is)) found.add(node);
  return found;
}

/**
 * The derivative of an expression with respect to an input, times `g`: reverse mode on symbols.
 *
 * @param scalars the expression's constants; those of the derivative are appended.
 * @returns null where the result does not depend on the input, or only in steps.
 */
export function derivative(root: Expr, input: number, g: Expr, scalars: Scalar[]): Expr | null {
  const symbol = symbolsOf(scalars);
  const order = ordered(root);
  const within = dependents(order, input);
  const wanted = (expr: Expr): boolean =>
    isFloat(expr.dtype) && (expr.op === "input" ? expr.index === input : within.has(expr));
  // Each occurrence of a leaf is a different object.
  const key = (expr: Expr): Expr | number => expr.op === "input" ? expr.index : expr;
  const adjoints: Map<Expr | number, Symbolic> = new Map([[key(root), symbol(g)]]);
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]!;
    const adjoint = adjoints.get(node);
    if (adjoint === undefined) continue;
    const rule = elementwiseRules[node.op];
    if (rule === null) continue;
    const [a, b, c] = node.args.map(symbol) as [Symbolic, Symbolic, Symbolic];
    const values = { a, b, c, out: symbol(node) };
    node.args.forEach((arg, position) => {
      const of = rule[Math.min(position, rule.length - 1)];
      if (!of || "flat" in of || !wanted(arg)) return;
      let part = of.gradient(adjoint, values);
      if (part.dtype !== arg.dtype) part = symbol({ op: "cast", args: [part.expr], dtype: arg.dtype });
      const there = adjoints.get(key(arg));
      adjoints.set(key(arg), there === undefined ? part : there.add(part));
    });
  }
  return adjoints.get(input)?.expr ?? null;
}

/** A derivative, and its constants beyond those of the expression. */
interface Derived {
  readonly expr: Expr;
  /** Before it is rounded to float16 or bfloat16, if it is. */
  readonly wide: Expr;
  readonly added: readonly Scalar[];
}

/** By expression, input, and whether the result was divided. */
const known: WeakMap<Expr, (Derived | null)[]> = new WeakMap();

function beforeRounding(expr: Expr): Expr {
  return expr.op === "cast" && isHalfDType(expr.dtype) ? expr.args[0]! : expr;
}

/**
 * {@link derivative}, computed once; the incoming gradient is the input `incoming`. Where the result was divided, so is the gradient,
 * and the last of `scalars` is the divisor.
 */
function derivativeOf(
  expr: Expr,
  input: number,
  incoming: number,
  scalars: readonly Scalar[],
  divided: boolean,
): Derived | null {
  let derived = known.get(expr);
  if (derived === undefined) known.set(expr, derived = []);
  const key = 2 * input + Number(divided);
  if (derived[key] === undefined) {
    const all = [...scalars];
    const { dtype } = expr;
    const whole: Expr = { op: "input", index: incoming, dtype };
    const g: Expr = divided
      ? { op: "div", args: [whole, { op: "scalar", index: scalars.length - 1, dtype }], dtype }
      : whole;
    const result = derivative(expr, input, g, all);
    derived[key] = result && { expr: result, wide: beforeRounding(result), added: all.slice(scalars.length) };
  }
  return derived[key];
}

/** A fused expression that was recorded. */
class FusedNode extends Node {
  private readonly inputs: readonly ValueMeta[];
  private readonly scalars: readonly Scalar[];
  private readonly expr: Expr;
  private readonly divided: boolean;
  private saved: Saved[] | null;

  constructor(
    name: string,
    edges: (Edge | null)[],
    tensors: readonly Tensor[],
    scalars: readonly Scalar[],
    expr: Expr,
    divisor: number,
  ) {
    super(name, edges);
    this.inputs = tensors.map(metaOf);
    this.divided = divisor !== 1;
    this.scalars = this.divided ? [...scalars, divisor] : scalars;
    this.expr = expr;
    this.saved = tensors.map((tensor) => new Saved(tensor));
  }

  run([g]: readonly (Tensor | null)[]): readonly (Tensor | null)[] {
    if (this.saved === null) throw clearedError(this.name);
    if (!g) return this.edges.map(() => null);
    const tensors = [...this.saved.map((value) => value.unpack(this.name)), g];
    return this.edges.map((edge, input) => edge === null ? null : this.gradient(input, tensors));
  }

  /** The gradient of an input; `tensors` are the inputs and the incoming gradient. */
  private gradient(input: number, tensors: readonly Tensor[]): Tensor | null {
    const derived = derivativeOf(this.expr, input, tensors.length - 1, this.scalars, this.divided);
    if (derived === null) return null;
    const name = `${this.name} gradient`;
    const scalars = derived.added.length === 0 ? this.scalars : [...this.scalars, ...derived.added];
    const meta = this.inputs[input]!;
    const sum = broadcastSum(broadcastShapes(name, ...tensors.map(({ shape }) => shape)), meta);
    if (isGradEnabled()) {
      const expr = sum === null ? derived.expr : derived.wide;
      const gradient = runExpression(name, tensors, scalars, expr, null);
      recordExpression(name, tensors, scalars, expr, gradient);
      return toMeta(gradient, meta);
    }
    const gradient = sum === null
      ? runExpression(name, tensors, scalars, derived.expr, null)
      : sumExpression(name, tensors, scalars, derived.wide, derived.expr.dtype, sum.dims, sum.keepdim);
    return toMeta(gradient, meta);
  }

  clear(): void {
    this.saved?.forEach((value) => value.release());
    this.saved = null;
  }
}

/** Records a fused expression, or the sum of its elements over a divisor. */
export function recordExpression(
  name: string,
  tensors: readonly Tensor[],
  scalars: readonly Scalar[],
  expr: Expr,
  output: Tensor,
  { divisor }: { readonly divisor: number } = { divisor: 1 },
): void {
  for (const tensor of tensors) if (internals(tensor).source !== null) activeTape()!.refresh(tensor);
  if (!isFloat(output.dtype)) return;
  const edges = tensors.map(edgeOf);
  if (edges.every((edge) => edge === null)) return;
  attach(output, { node: new FusedNode(name, edges, tensors, scalars, expr, divisor), index: 0 });
}
