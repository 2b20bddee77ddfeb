/** Matrix products in cache-friendly order, accumulated in float64 (integers in integer arithmetic). */
import { type DType, isFloat } from "../../dtype.ts";
import type { Epilogue, MatmulAttrs } from "../../prims/attrs.ts";
import { halfFormats } from "../../half.ts";
import { broadcastStrides, contiguousStrides, sizeOf } from "../../shape.ts";
import { type HostOperand, load, store, type Values, valuesOf } from "./host_operand.ts";

/** An array for sums of products in a dtype: float64 for floats. Integers wrap, as they do when they are stored. */
export function sumsOf(dtype: DType, length: number): Values {
  return isFloat(dtype) ? new Float64Array(length) : valuesOf(dtype, length);
}

/**
 * `c[m, n] += a[m, k] · b[k, n]`, all contiguous, from the given positions on. {@link sumsOf} makes `c`. `transposed` says whether `b`
 * is `[n, k]` instead.
 */
type Multiply = (
  c: Values,
  cAt: number,
  a: Values,
  aAt: number,
  b: Values,
  bAt: number,
  m: number,
  k: number,
  n: number,
  transposed?: boolean,
) => void;

// One loop for all would be 50 times as slow for floats once it has met bigints and arrays of many kinds. Three closures of one function
// would be no better (7 times as slow): an engine compiles the function for what all of them have met.
const addFloats: Multiply = (c, cAt, a, aAt, b, bAt, m, k, n, transposed = false) => {
  const [perTerm, perColumn] = transposed ? [1, k] : [n, 1];
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      const factor = a[aAt + i * k + p]!;
      for (let j = 0, at = bAt + p * perTerm; j < n; j++, at += perColumn) c[cAt + i * n + j]! += factor * b[at]!;
    }
  }
};

const addBigints: Multiply = (c, cAt, a, aAt, b, bAt, m, k, n, transposed = false) => {
  const [perTerm, perColumn] = transposed ? [1, k] : [n, 1];
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      const factor = a[aAt + i * k + p]!;
      for (let j = 0, at = bAt + p * perTerm; j < n; j++, at += perColumn) c[cAt + i * n + j]! += factor * b[at]!;
    }
  }
};

/** Products are computed modulo 2^32. */
const addIntegers: Multiply = (c, cAt, a, aAt, b, bAt, m, k, n, transposed = false) => {
  const [perTerm, perColumn] = transposed ? [1, k] : [n, 1];
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      const factor = a[aAt + i * k + p]!;
      for (let j = 0, at = bAt + p * perTerm; j < n; j++, at += perColumn) {
        c[cAt + i * n + j]! += Math.imul(factor, b[at]!);
      }
    }
  }
};

/** The product into sums, of a dtype. */
export function multiplyInto(dtype: DType, ...operands: Parameters<Multiply>): void {
  const add = isFloat(dtype) ? addFloats : dtype === "int64" ? addBigints : addIntegers;
  add(...operands);
}

/** Adds a bias, each element to `run` adjacent values and repeated over the array, and applies the activation. */
export function finish(values: Values, bias: HostOperand | undefined, run: number, { activation }: Epilogue): void {
  if (bias) {
    const b = load(bias);
    for (let i = 0; i < values.length; i++) values[i]! += b[Math.floor(i / run) % b.length]!;
  }
  if (activation === "relu") { for (let i = 0; i < values.length; i++) if (values[i]! < 0) values[i] = 0; }
}

/** The values rounded to bfloat16. */
function roundedValues(values: Values): Values {
  const { values: table, toBits } = halfFormats.bfloat16;
  return values.map((x) => table()[toBits(x)]!) as Values;
}

/** `[…, M, K] · […, K, N]` with broadcast batches. */
export function matmul(
  [left, right, bias]: readonly HostOperand[],
  [out]: readonly HostOperand[],
  attrs: MatmulAttrs,
): void {
  const [a, b] = [left!, right!].map((operand) => attrs.rounded ? roundedValues(load(operand)) : load(operand)) as [
    Values,
    Values,
  ];
  const [m, k, n] = [left!.shape.at(-2)!, left!.shape.at(-1)!, right!.shape.at(-1)!];
  const batch = out!.shape.slice(0, -2);
  const steps = [left!, right!].map(({ shape }) => {
    const own = shape.slice(0, -2);
    return broadcastStrides(own, contiguousStrides(own), batch);
  });
  const count = sizeOf(batch);
  const { dtype } = out!;
  const c = sumsOf(dtype, count * m * n);
  for (let i = 0; i < count; i++) {
    let rest = i;
    let [at, bt] = [0, 0];
    for (let d = batch.length - 1; d >= 0; d--) {
      const index = rest % batch[d]!;
      rest = (rest - index) / batch[d]!;
      at += index * steps[0]![d]!;
      bt += index * steps[1]![d]!;
    }
    multiplyInto(dtype, c, i * m * n, a, at * m * k, b, bt * k * n, m, k, n);
  }
  finish(c, bias, 1, attrs);
  store(out!, c);
}
