/** Computations over rows: softmax, normalisation, losses. */
import type { DType } from "@heddle/tensor";
import { sizeOf } from "@heddle/tensor/engine";
import type { Emitter } from "../emitter.ts";
import { float, int } from "../graph.ts";
import { sameSizes, type Size, Varying } from "../sizes.ts";
import type { TracedStepOf, TracedValue } from "../trace.ts";
import { reduced } from "./reductions.ts";

/** Which of so many columns are up to those in `last`, a tensor whose last dimension is 1. */
export function columnsUpTo(e: Emitter, columns: Size, last: string): string {
  const range = e.node("Range", [e.numbers([0], "int64"), e.scalar(columns, "int64"), e.numbers([1], "int64")]);
  return e.node("LessOrEqual", [e.cast(range, "int32"), last]);
}

/** A softmax of masked scores. Rows that the masks hide everywhere are zero. */
export function maskedSoftmax(
  e: Emitter,
  scores: string,
  dtype: DType,
  dim: number,
  bools: readonly string[],
  numbers: readonly string[],
  mayHideRows: boolean,
): string {
  const lowest = e.numbers([-Infinity], dtype);
  let masked = numbers.reduce((x, y) => e.node("Add", [x, y]), scores);
  if (bools.length > 0) masked = e.node("Where", [bools.reduce((a, b) => e.node("And", [a, b])), masked, lowest]);
  const weights = e.node("Softmax", [masked], { axis: int(dim) });
  if (!mayHideRows) return weights;
  // Of a mask of numbers alone it is known beforehand which rows it hides.
  const judged = bools.length === 0 && numbers.length === 1 ? numbers[0]! : masked;
  const hidden = e.node("Equal", [reduced(e, "ReduceMax", judged, [dim], true), lowest]);
  return e.node("Where", [hidden, e.numbers([0], dtype), weights]);
}

/** The rule of softmax. */
export function translateSoftmax(e: Emitter, step: TracedStepOf<"softmax">): readonly string[] {
  const { dim, scale, limited } = step.attrs;
  const [x, ...others] = step.inputs as readonly [TracedValue, ...TracedValue[]];
  const scores = scale === undefined || scale === 1 ? e.of(x) : e.node("Mul", [e.of(x), e.scalar(scale, x.dtype)]);
  const limit = limited ? others.slice(0, 1) : [];
  const masks = others.slice(limit.length);
  const bools = [
    ...limit.map((last) => columnsUpTo(e, x.shape[dim as number]!, e.of(last))),
    ...masks.filter(({ dtype }) => dtype === "bool").map((mask) => e.of(mask)),
  ];
  const numbers = masks.filter(({ dtype }) => dtype !== "bool").map((mask) => e.of(mask));
  if (x.shape.length === 0) return [e.node("Div", [scores, scores])];
  return [
    maskedSoftmax(
      e,
      scores,
      x.dtype,
      (dim as number) - x.shape.length,
      bools,
      numbers,
      masks.length + limit.length > 0,
    ),
  ];
}

/** The rule of the logarithm of softmax. */
export function translateLogSoftmax(e: Emitter, step: TracedStepOf<"logSoftmax">): readonly string[] {
  const [x] = step.inputs as readonly [TracedValue];
  if (x.shape.length === 0) return [e.node("Sub", [e.of(x), e.of(x)])];
  return [e.node("LogSoftmax", [e.of(step.inputs[0]!)], { axis: int(step.attrs.dim as number) })];
}

/** The rule of the negative log-likelihood of labels. */
export function translateLabelLoss(e: Emitter, step: TracedStepOf<"labelLoss">): readonly string[] {
  const [scores, labels] = step.inputs as readonly [TracedValue, TracedValue];
  const axis = int(step.attrs.dim as number);
  const wide = ["int32", "int64"].includes(labels.dtype) ? e.of(labels) : e.cast(e.of(labels), "int32");
  const dtype = labels.dtype === "int64" ? "int64" : "int32";
  const ignored = e.node("Equal", [wide, e.scalar(step.attrs.ignoreIndex, dtype)]);
  const index = e.node("Where", [ignored, e.numbers([0], dtype), wide]);
  const x = e.of(scores);
  const likely = e.node("GatherElements", [e.node("LogSoftmax", [x], { axis }), index], { axis });
  const loss = e.node("Where", [ignored, e.numbers([0], scores.dtype), e.node("Neg", [likely])]);
  const dims = [step.attrs.dim as number];
  const high = reduced(e, "ReduceMax", x, dims, true);
  const log = e.node("Sub", [reduced(e, "ReduceLogSumExp", x, dims, true), high]);
  return [loss, high, log];
}

/** Whether a vector is spread along dimension 1 of so many. */
function isAlongChannels({ shape }: TracedValue, ndim: number): boolean {
  return shape.length === ndim && shape.every((size, d) => d === 1 || size === 1);
}

/** The vector that is spread along dimension 1, with its name where it is a reshaped parameter. */
function channels(e: Emitter, value: TracedValue): string {
  const { origin } = value;
  const source = origin?.prim === "reshape" ? origin.inputs[0]! : null;
  return source?.shape.length === 1 ? e.of(source) : e.node("Reshape", [e.of(value), e.ints([-1])]);
}

/** A constant that has one value everywhere. */
export function repeated(e: Emitter, value: number, dtype: DType, shape: readonly number[]): string {
  return e.numbers(Array<number>(sizeOf(shape)).fill(value), dtype, shape);
}

/** The rule of normalisation by mean and variance. */
export function translateNormalize(e: Emitter, step: TracedStepOf<"normalize">): readonly string[] {
  const { eps, activation } = step.attrs;
  const dims = step.attrs.dims as readonly number[];
  const [x, weight, bias, residual] = step.inputs as readonly [TracedValue, TracedValue?, TracedValue?, TracedValue?];
  const { shape, dtype } = x;
  const epsilon = float(eps as number);
  const ndim = shape.length;
  const name = e.of(x);
  const mean = reduced(e, "ReduceMean", name, dims, true);
  const centred = e.node("Sub", [name, mean]);
  const variance = reduced(e, "ReduceMean", e.node("Mul", [centred, centred]), dims, true);

  const sorted = [...dims].sort((a, b) => a - b);
  const last = sorted.every((d, i) => d === ndim - sorted.length + i);
  const inner = sorted.map((d) => shape[d]!);
  const fits = last && !inner.some((size) => size instanceof Varying) &&
    (weight === undefined || sameSizes(weight.shape, inner));
  const images = last && sorted[0] === 2;
  const count = shape[1];
  let result: string;
  if (fits && e.opset >= 17) {
    const scale = weight === undefined ? repeated(e, 1, dtype, inner as number[]) : e.of(weight);
    result = e.node("LayerNormalization", [name, scale, ...(bias ? [e.of(bias)] : [])], {
      axis: int(sorted[0]!),
      epsilon,
    });
  } else if (images && !(count instanceof Varying)) {
    const along = weight !== undefined && isAlongChannels(weight, ndim);
    const [scale, shift] = along
      ? [channels(e, weight), channels(e, bias!)]
      : [repeated(e, 1, dtype, [count!]), repeated(e, 0, dtype, [count!])];
    result = e.node("InstanceNormalization", [name, scale, shift], { epsilon });
    if (weight !== undefined && !along) result = e.node("Add", [e.node("Mul", [result, e.of(weight)]), e.of(bias!)]);
  } else {
    const deviation = e.node("Sqrt", [e.node("Add", [variance, e.scalar(eps, dtype)])]);
    result = e.node("Div", [centred, deviation]);
    if (weight !== undefined) result = e.node("Add", [e.node("Mul", [result, e.of(weight)]), e.of(bias!)]);
  }
  if (residual !== undefined) result = e.node("Add", [result, e.of(residual)]);
  const statistics = step.outputs[1]!.dtype;
  const stored = (value: string) => statistics === dtype ? value : e.cast(value, statistics);
  return [activation === "relu" ? e.node("Relu", [result]) : result, stored(mean), stored(variance)];
}

/** The rule of normalisation by the root of the mean square. */
export function translateRmsNormalize(e: Emitter, step: TracedStepOf<"rmsNormalize">): readonly string[] {
  const [x, weight] = step.inputs as readonly [TracedValue, TracedValue?];
  const name = e.of(x);
  const mean = reduced(e, "ReduceMean", e.node("Mul", [name, name]), step.attrs.dims as readonly number[], true);
  const root = e.node("Sqrt", [e.node("Add", [mean, e.scalar(step.attrs.eps, x.dtype)])]);
  const unit = e.node("Div", [name, root]);
  return [weight === undefined ? unit : e.node("Mul", [unit, e.of(weight)]), e.node("Reciprocal", [root])];
}
