/** Cached properties of expressions that rendering depends on. */
import type { DType } from "../../../dtype.ts";
import { type Expr, showExpr } from "../../../ir/kernel.ts";
import { isFunction } from "../../../prims/elementwise.ts";
import { laneKind } from "./lanes.ts";
import { hasVectorForm, needsHost } from "./operations.ts";

/** The properties of an expression. */
export interface ExprAnalysis {
  /** A number that is equal for expressions with the same text. */
  readonly id: number;
  /** Whether every part has a vector form. */
  readonly vectorizable: boolean;
  /** Whether some part has 64-bit elements. */
  readonly wide: boolean;
  /** The rough cost of one element in additions, for cutting work into chunks. */
  readonly weight: number;
  /** The scalars that it reads, each once for each dtype. */
  readonly scalars: readonly ScalarExpr[];
}

export type ScalarExpr = Extract<Expr, { readonly op: "scalar" }>;

const byObject: WeakMap<Expr, ExprAnalysis> = new WeakMap();
const byText: Map<string, ExprAnalysis> = new Map();

/** Analyses an expression. The result is cached by object and by text. */
export function analyze(expr: Expr): ExprAnalysis {
  let analysis = byObject.get(expr);
  if (analysis !== undefined) return analysis;
  const text = showExpr(expr);
  analysis = byText.get(text);
  if (analysis === undefined) byText.set(text, analysis = examine(expr, byText.size));
  byObject.set(expr, analysis);
  return analysis;
}

/** The dtype that an operation computes in: that of its last operand, since a condition comes first. */
export function operandDType(expr: Extract<Expr, { args: readonly Expr[] }>): DType {
  return expr.args.at(-1)!.dtype;
}

function castable(from: DType, to: DType): boolean {
  const [a, b] = [laneKind(from), laneKind(to)];
  if (a === null || b === null) return false;
  if (to === "bool" || a === b) return true;
  // There are no vector conversions between int64 and floats. The cast of a float beyond int32 must not depend on the form of the loop.
  const pair = `${a}>${b}`;
  return ["i64>i32", "i32>f32", "f64>f32", "f32>f64", "i32>f64", "i32>i64"].includes(pair);
}

function examine(whole: Expr, id: number): ExprAnalysis {
  let [vectorizable, wide, weight] = [true, false, 1];
  const seen: Set<Expr> = new Set();
  const scalars: Map<string, ScalarExpr> = new Map();
  const visit = (expr: Expr): void => {
    if (seen.has(expr)) return;
    seen.add(expr);
    const kind = laneKind(expr.dtype);
    if (kind === null) vectorizable = false;
    if (kind === "f64" || kind === "i64") wide = true;
    if (expr.op === "scalar") scalars.set(`${expr.index} ${expr.dtype}`, expr);
    if (expr.op === "input" || expr.op === "scalar") return;
    const dtype = operandDType(expr);
    if (expr.op === "cast") vectorizable &&= castable(dtype, expr.dtype);
    else vectorizable &&= hasVectorForm(expr.op, dtype);
    weight += needsHost(expr.op, dtype) ? 60 : isFunction(expr.op) ? 8 : 0.5;
    expr.args.forEach(visit);
  };
  visit(whole);
  return { id, vectorizable, wide, weight, scalars: [...scalars.values()] };
}

/** The number of lanes of a function's vectors: of 32 bits, or of 64 if some part of the expressions has 64-bit elements. */
export function lanesOf(vectorBytes: number, exprs: readonly Expr[]): number {
  return vectorBytes / (exprs.some((expr) => analyze(expr).wide) ? 8 : 4);
}
