/** Matrix products and convolutions. */
import type { Emitter } from "../emitter.ts";
import { type Attribute, type Attributes, int, ints } from "../graph.ts";
import { combine, sameSizes, type Size, Varying } from "../sizes.ts";
import type { TracedStepOf, TracedValue } from "../trace.ts";
import { transposed } from "./views.ts";

const isFloat = ({ dtype }: TracedValue): boolean => dtype.includes("float");

/** The matrix that a value is the transpose of; null if it is not taken by a permutation of the last two dimensions. */
export function transposeOf({ origin, shape }: TracedValue): TracedValue | null {
  if (origin?.prim !== "permute") return null;
  const dims = origin.attrs.dims as readonly number[];
  const last = shape.length - 1;
  return dims.every((d, i) => d === (i === last ? last - 1 : i === last - 1 ? last : i)) ? origin.inputs[0]! : null;
}

/** A matrix as an operand: a constant that is transposed keeps its name, and is transposed in the graph. */
function matrix(e: Emitter, value: TracedValue): string {
  const base = value.dynamic ? null : transposeOf(value);
  return base === null
    ? e.of(value)
    : transposed(e, e.of(base), (value.origin as TracedStepOf<"permute">).attrs.dims as number[]);
}

function finished(e: Emitter, y: string, activation: unknown): string {
  return activation === "relu" ? e.node("Relu", [y]) : y;
}

/** The product of rows with a matrix, and what follows it. */
function product(e: Emitter, x: string, { inputs, attrs }: TracedStepOf<"matmul">): string {
  const [a, b, bias] = inputs as readonly [TracedValue, TracedValue, TracedValue?];
  const wide = isFloat(a) || a.dtype === "int32" || a.dtype === "int64";
  const y = wide
    ? e.node("MatMul", [x, matrix(e, b)])
    : e.cast(e.node("MatMul", [e.cast(x, "int32"), e.cast(matrix(e, b), "int32")]), a.dtype);
  return finished(e, bias === undefined ? y : e.node("Add", [y, e.of(bias)]), attrs.activation);
}

/** The rule of matrix products. */
export function translateMatmul(e: Emitter, step: TracedStepOf<"matmul">): readonly string[] {
  const [a, b, bias] = step.inputs as readonly [TracedValue, TracedValue, TracedValue?];
  const [left, right] = [transposeOf(a), transposeOf(b)];
  const flat = a.shape.length === 2 && b.shape.length === 2 && isFloat(a);
  if (!flat || (bias === undefined && left === null && right === null)) return [product(e, e.of(a), step)];
  const operands = [e.of(left ?? a), e.of(right ?? b), ...(bias === undefined ? [] : [e.of(bias)])];
  const y = e.node("Gemm", operands, {
    ...(left === null ? {} : { transA: int(1) }),
    ...(right === null ? {} : { transB: int(1) }),
  });
  return [finished(e, y, step.attrs.activation)];
}

/**
 * A product over all rows of a tensor of more dimensions, `x.reshape([rows, k]) · w` back in x's dimensions, as one MatMul, whose
 * sizes need not be known; null for other steps.
 */
export function productOverRows(e: Emitter, step: TracedStepOf<"reshape">): string | null {
  const [y] = step.inputs as readonly [TracedValue];
  const matmul = y.origin;
  if (matmul?.prim !== "matmul") return null;
  const rows = matmul.inputs[0]!.origin;
  if (rows?.prim !== "reshape" || rows.inputs[0]!.shape.length < 3) return null;
  const [x] = rows.inputs as readonly [TracedValue];
  const wanted = [...x.shape.slice(0, -1), y.shape.at(-1)!];
  const flat = sameSizes([x.shape.at(-1)!], [matmul.inputs[0]!.shape[1]!]) && y.shape.length === 2;
  return flat && sameSizes(step.attrs.shape, wanted) ? product(e, e.of(x), matmul) : null;
}

interface Windows {
  readonly stride: readonly Size[];
  readonly padding: readonly Size[];
  readonly dilation: readonly Size[];
}

/** Attributes of windows. */
interface WindowAttributes extends Attributes {
  readonly kernel_shape: Attribute;
  readonly strides: Attribute;
  readonly pads: Attribute;
  readonly dilations: Attribute;
}

/** Attributes of windows. @returns null if one of them varies */
export function windowAttributes(
  { stride, padding, dilation }: Windows,
  kernel: readonly Size[],
): WindowAttributes | null {
  if ([...stride, ...padding, ...dilation, ...kernel].some((size) => size instanceof Varying)) return null;
  return {
    kernel_shape: ints(kernel as number[]),
    strides: ints(stride as number[]),
    pads: ints([...padding, ...padding] as number[]),
    dilations: ints(dilation as number[]),
  };
}

/** The refusal of windows whose size varies. */
export const varyingWindow =
  "the size of its window changes with the inputs' sizes; leave out the dynamic axis, or use a global or adaptive pooling";

const onlyFloats = 'ONNX convolves floating-point tensors only; cast with .to("float32")';

/** The rule of convolutions. */
export function translateConv(e: Emitter, step: TracedStepOf<"conv">): readonly string[] {
  const { attrs } = step;
  const [x, w, bias] = step.inputs as readonly [TracedValue, TracedValue, TracedValue?];
  if (!isFloat(x)) return [e.refuse(onlyFloats)];
  const windows = windowAttributes(attrs, w.shape.slice(2));
  if (windows === null) return [e.refuse(varyingWindow)];
  const operands = [e.of(x), e.of(w), ...(bias === undefined ? [] : [e.of(bias)])];
  return [finished(e, e.node("Conv", operands, { ...windows, group: int(attrs.groups as number) }), attrs.activation)];
}

/** The rule of transposed convolutions. */
export function translateConvTranspose(e: Emitter, step: TracedStepOf<"convInputGrad">): readonly string[] {
  const { attrs } = step;
  const [x, w] = step.inputs as readonly [TracedValue, TracedValue];
  if (!isFloat(x)) return [e.refuse(onlyFloats)];
  const kernel = w.shape.slice(2);
  const windows = windowAttributes(attrs, kernel);
  const extra = attrs.inputSize.map((size, i) =>
    combine(
      (out, n, stride, padding, dilation, k) => out - ((n - 1) * stride - 2 * padding + dilation * (k - 1) + 1),
      size,
      x.shape[i + 2]!,
      attrs.stride[i]!,
      attrs.padding[i]!,
      attrs.dilation[i]!,
      kernel[i]!,
    )
  );
  if (windows === null || extra.some((size) => size instanceof Varying)) return [e.refuse(varyingWindow)];
  const padded: Attributes = extra.some((size) => size !== 0) ? { output_padding: ints(extra as number[]) } : {};
  return [e.node("ConvTranspose", [e.of(x), e.of(w)], { ...windows, ...padded, group: int(attrs.groups as number) })];
}
