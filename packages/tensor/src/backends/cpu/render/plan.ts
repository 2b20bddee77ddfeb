/** Which form of loop a kernel gets, and the key under which the compiled form is kept. */
import { type DType, itemSize } from "../../../dtype.ts";
import { type Expr, type Kernel, structuralKey } from "../../../ir/kernel.ts";
import { type LaneKind, laneKind, type Step } from "./lanes.ts";
import { hasVectorForm, needsHost } from "./operations.ts";

/** The loops of a kernel: vectors along the output, along what is reduced, or across it. */
export type Form = "map" | "along" | "across";

/** Everything that generated code depends on; sizes, strides and addresses come with the dispatch. */
export interface Plan {
  readonly kernel: Kernel;
  readonly form: Form;
  readonly lanes: 2 | 4;
  /** Dimensions that are kept, and that are reduced. */
  readonly kept: number;
  readonly reduced: number;
  /** How each input, and last the output, steps along the dimension of the vectors. */
  readonly steps: readonly Step[];
  readonly key: string;
}

function visit(expr: Expr, see: (expr: Expr) => void): void {
  see(expr);
  if (expr.op !== "input" && expr.op !== "scalar") { for (const arg of expr.args) visit(arg, see); }
}

/** The dtype an operation computes in: that of its last operand (a condition comes first). */
export function operandDType(expr: Extract<Expr, { args: readonly Expr[] }>): DType {
  return expr.args.at(-1)!.dtype;
}

function castable(from: DType, to: DType): boolean {
  const [a, b] = [laneKind(from), laneKind(to)];
  if (a === null || b === null) return false;
  if (to === "bool" || a === b) return true;
  // Between int64 and floats lanes have no conversion, and what a float beyond int32 becomes must not depend on the loop.
  const pair = `${a}>${b}`;
  return ["i64>i32", "i32>f32", "f64>f32", "f32>f64", "i32>f64", "i32>i64"].includes(pair);
}

/** Whether every part of an expression has a vector form. */
export function vectorizable(whole: Expr): boolean {
  let fits = true;
  visit(whole, (expr) => {
    if (laneKind(expr.dtype) === null) fits = false;
    else if (expr.op === "cast") fits &&= castable(expr.args[0]!.dtype, expr.dtype);
    else if (expr.op !== "input" && expr.op !== "scalar") fits &&= hasVectorForm(expr.op, operandDType(expr));
  });
  return fits;
}

/** Whether the whole kernel has a vector form; what has none runs in plain loops. */
function renderable(kernel: Kernel): boolean {
  if (kernel.reduce && (kernel.reduce.op === "argmax" || kernel.reduce.op === "argmin")) return false;
  let fits = laneKind(kernel.output.dtype) !== null && vectorizable(kernel.expr);
  // Reductions of 64-bit integers, of which comparisons and products are slow in lanes, are rare.
  if (kernel.reduce && laneKind(kernel.expr.dtype) === "i64") fits = false;
  return fits;
}

/** Lanes of a vector: 4, or 2 where something in the expressions has 64 bits. */
export function lanesOf(exprs: readonly Expr[], output: DType): 2 | 4 {
  let wide = false;
  const see = (dtype: DType): void => {
    const kind: LaneKind | null = laneKind(dtype);
    if (kind === "f64" || kind === "i64") wide = true;
  };
  for (const expr of exprs) visit(expr, ({ dtype }) => see(dtype));
  see(output);
  return wide ? 2 : 4;
}

/** How an operand with this stride steps. */
export const stepOf: (stride: number) => Step = (stride) => stride === 0 ? "zero" : stride === 1 ? "unit" : "strided";

/** The plan of a kernel, or null when it is not for vectors. */
export function planOf(kernel: Kernel): Plan | null {
  if (!renderable(kernel)) return null;
  const rank = kernel.shape.length;
  const reduced = kernel.reduce?.dims ?? 0;
  const kept = rank - reduced;
  const at = (strides: readonly number[], dim: number): Step => dim < 0 ? "unit" : stepOf(strides[dim] ?? 0);
  let form: Form = "map";
  if (reduced > 0) {
    const neighbours = kernel.inputs.every(({ strides }) => strides[kept - 1] === 0 || strides[kept - 1] === 1) &&
      kernel.inputs.some(({ strides }) => strides[kept - 1] === 1) &&
      kernel.inputs.some(({ strides }) => (strides[rank - 1] ?? 0) > 1);
    // Sums of a few elements each (windows of a pooling) are not worth a vector of their own.
    const short = kernel.shape[rank - 1]! < 8;
    const across = kept > 0 && kernel.output.strides[kept - 1] === 1 && (neighbours || short);
    form = across ? "across" : "along";
  }
  const dim = form === "along" ? rank - 1 : kept - 1;
  const steps = [...kernel.inputs.map(({ strides }) => at(strides, dim)), at(kernel.output.strides, kept - 1)];
  const lanes = lanesOf([kernel.expr], kernel.output.dtype);
  return { kernel, form, lanes, kept, reduced, steps, key: `${form}|${kept}|${steps.join()}|${structuralKey(kernel)}` };
}

/** Rough cost of one element in additions, by which work is cut into chunks. */
export function weightOf(whole: Expr): number {
  let weight = 1;
  visit(whole, (expr) => {
    if (expr.op === "input" || expr.op === "scalar") return;
    const dtype = operandDType(expr);
    weight += needsHost(expr.op, dtype) ? 60 : expr.op === "cast" ? 0.5 : elementary.has(expr.op) ? 8 : 0.5;
  });
  return weight;
}

const elementary: ReadonlySet<string> = new Set(
  "exp expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc sigmoid pow atan2"
    .split(" "),
);

/** The sizes, strides (in bytes), addresses and scalars of a dispatch lie in memory in this order, as 32-bit words. */
export interface Layout {
  /** Word of the size of each dimension. */
  readonly size: (dim: number) => number;
  /** Word of the address of an operand: an input, or last the output. */
  readonly address: (operand: number) => number;
  /** Word of its stride along a dimension. */
  readonly stride: (operand: number, dim: number) => number;
  /** Word of a scalar (two words each). */
  readonly scalar: (index: number) => number;
  /** Word of the number of segments that a row is cut into, and of a segment's length. */
  readonly segments: number;
  readonly segment: number;
}

/** See {@link Layout}. */
export function layoutOf(rank: number, operands: number): Layout {
  const first = 2 + rank;
  const record = 1 + rank;
  const scalars = Math.ceil((first + operands * record) / 2) * 2;
  return {
    segments: 0,
    segment: 1,
    size: (dim) => 2 + dim,
    address: (operand) => first + operand * record,
    stride: (operand, dim) => first + operand * record + 1 + dim,
    scalar: (index) => scalars + 2 * index,
  };
}

/** Bytes of an element, which is the step of neighbours. */
export const elementBytes: (dtype: DType) => number = itemSize;
