/** Transformations of row kernels before rendering: shape, dtypes and vector access. */
import { type DType, isHalfDType } from "@heddle/tensor";
import { isContiguous, type RowKernel, type RowStep, sizeOf } from "@heddle/tensor/backend";
import type { Expr } from "./expression.ts";

/**
 * Without reductions and with contiguous operands, rows may have any length. Chooses rows that give each thread four
 * elements.
 */
export function mergeContiguousRows(kernel: RowKernel): RowKernel {
  const { shape, inputs, outputs, sources, steps } = kernel;
  const plain = steps.every((step) => step.kind === "walk" && step.reduce.length === 0) &&
    sources.every(({ from }) => from !== "column") &&
    [...inputs, ...outputs].every(({ strides }) => isContiguous(shape, strides));
  if (!plain) return kernel;
  const count = sizeOf(shape);
  const length = count % 4 === 0 ? 4 : 1;
  const whole = ({ dtype }: RowKernel["inputs"][number]) => ({ dtype, strides: [length, 1] });
  return {
    ...kernel,
    shape: [count / length, length],
    inner: 1,
    inputs: inputs.map(whole),
    outputs: outputs.map(whole),
  };
}

/** A step in which float16 and bfloat16 values are float32: only memory has 16 bits. */
export function widenHalf(step: RowStep): RowStep {
  const wide = (expr: Expr): Expr => {
    const dtype: DType = isHalfDType(expr.dtype) ? "float32" : expr.dtype;
    return expr.op === "input" || expr.op === "scalar"
      ? { ...expr, dtype }
      : { ...expr, dtype, args: expr.args.map(wide) };
  };
  return step.kind === "walk"
    ? {
      kind: "walk",
      reduce: step.reduce.map(({ op, expr }) => ({ op, expr: wide(expr) })),
      write: step.write.map(({ output, expr }) => ({ output, expr: wide(expr) })),
    }
    : { ...step, expr: wide(step.expr) };
}

/**
 * Whether each operand is read in vectors of four (if not, it has one value for all four), or null if some operand
 * allows neither.
 */
export function vectorOperands({ shape, inputs, outputs }: RowKernel): boolean[] | null {
  const last = shape.length - 1;
  if (shape[last]! % 4 !== 0) return null;
  const quads: boolean[] = [];
  for (const { strides } of [...inputs, ...outputs]) {
    const step = strides[last] ?? 0;
    if (step !== 0 && (step !== 1 || strides.some((stride, d) => d !== last && stride % 4 !== 0))) return null;
    quads.push(step === 1);
  }
  return quads;
}
