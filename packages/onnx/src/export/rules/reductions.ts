/** Reductions. */
import type { Expr, ReducePrim } from "@heddle/tensor/engine";
import type { DType, Scalar } from "@heddle/tensor";
import type { Emitter } from "../emitter.ts";
import { int, ints } from "../graph.ts";
import { combine, product, sameSize, type Size } from "../sizes.ts";
import type { TracedStep, TracedStepOf, TracedValue } from "../trace.ts";
import { broadcast, expanded, expression, readBy } from "./elementwise.ts";
import { reshaped, transposed } from "./views.ts";

/** A reduction by name; axes became an input with opset 13 for sums, with 18 for the others. */
export function reduced(e: Emitter, op: string, x: string, dims: readonly number[], keepdim: boolean): string {
  const keepdims = int(keepdim ? 1 : 0);
  if (op === "ReduceSum" || e.opset >= 18) return e.node(op, [x, e.ints(dims)], { keepdims });
  return e.node(op, [x], { axes: ints(dims), keepdims });
}

type ReductionStep = { readonly [P in ReducePrim]: TracedStepOf<P> }[ReducePrim];

/** What a reduction reduces: its expression of the inputs, and the shape of that. */
function operand(e: Emitter, step: ReductionStep): { name: string; dtype: DType; shape: readonly Size[] } {
  const inputs = step.inputs as readonly TracedValue[];
  const expr = step.attrs.expr as Expr;
  const name = expression(e, expr, inputs.map((x) => e.of(x)), step.attrs.scalars as readonly (Scalar | Size)[]);
  const shape = broadcast(...inputs.map((x) => x.shape));
  const own = broadcast(...[...readBy(expr)].map((i) => inputs[i]!.shape));
  return { name: expanded(e, name, own, shape), dtype: expr.dtype, shape };
}

const operators = { sum: "ReduceSum", prod: "ReduceProd", amax: "ReduceMax", amin: "ReduceMin" } as const;

/** The rule of sums, products and extremes. */
export function translateReduction(e: Emitter, step: TracedStepOf<keyof typeof operators>): readonly string[] {
  const { dims, keepdim, dtype } = step.attrs;
  const given = operand(e, step as ReductionStep);
  // ONNX Runtime reduces no bools and no small integers.
  const narrow = ["bool", "int8", "int16", "uint8"].includes(given.dtype);
  const x = narrow ? e.cast(given.name, "int32") : given.name;
  const total = (dims as readonly number[]).length === 0
    ? x
    : reduced(e, operators[step.prim], x, dims as readonly number[], keepdim);
  return [(narrow ? "int32" : given.dtype) === dtype ? total : e.cast(total, dtype as DType)];
}

/** The rule of the indices of extremes. Over several dimensions they are those of the flattened elements. */
export function translateIndex(e: Emitter, step: TracedStepOf<"argmax" | "argmin">): readonly string[] {
  const { keepdim } = step.attrs;
  const dims = step.attrs.dims as readonly number[];
  const { name, shape, dtype } = operand(e, step as ReductionStep);
  const op = step.prim === "argmax" ? "ArgMax" : "ArgMin";
  const x = ["bool", "int16"].includes(dtype) ? e.cast(name, "int32") : name;
  const [output] = step.outputs as readonly [TracedValue];
  if (shape.length === 0) return [e.numbers([0], "int32")];
  if (dims.length === 1) {
    return [e.cast(e.node(op, [x], { axis: int(dims[0]!), keepdims: int(keepdim ? 1 : 0) }), "int32")];
  }
  const kept = shape.map((_, d) => d).filter((d) => !dims.includes(d));
  const front = kept.map((d) => shape[d]!);
  const inner = [...dims].sort((a, b) => a - b);
  const turned = transposed(e, x, [...kept, ...inner]);
  const rows = reshaped(e, turned, [...front, ...inner.map((d) => shape[d]!)], [
    ...front,
    product(inner.map((d) => shape[d]!)),
  ]);
  const index = e.cast(e.node(op, [rows], { axis: int(front.length), keepdims: int(0) }), "int32");
  return [reshaped(e, index, front, output.shape)];
}

/** A sum divided by the number of its elements is a mean: its name, or null for other steps. */
export function meanOf(e: Emitter, step: TracedStep): string | null {
  if (step.prim !== "expression") return null;
  const expr = step.attrs.expr as Expr;
  const [x] = step.inputs as readonly (TracedValue | undefined)[];
  const sum = x?.origin;
  if (sum?.prim !== "sum" || expr.op !== "div" || !expr.dtype.includes("float")) return null;
  const [a, b] = expr.args as readonly [Expr, Expr];
  if (a.op !== "input" || b.op !== "scalar" || step.inputs.length !== 1) return null;
  const { dims, keepdim } = sum.attrs;
  const given = operand(e, sum);
  if (given.dtype !== x!.dtype || (dims as readonly number[]).length === 0) return null;
  const count = product((dims as readonly number[]).map((d) => given.shape[d]!));
  if (!sameSize(combine((n) => n, count), (step.attrs.scalars as readonly Size[])[b.index]!)) return null;
  const axes = dims as readonly number[];
  const images = given.shape.length >= 3 && keepdim && axes.length === given.shape.length - 2 &&
    axes.every((d, i) => d === i + 2);
  return images ? e.node("GlobalAveragePool", [given.name]) : reduced(e, "ReduceMean", given.name, axes, keepdim);
}
