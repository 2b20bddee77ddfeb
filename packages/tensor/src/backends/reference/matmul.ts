/** Matrix products in cache-friendly order, accumulated in float64 (integers: in their own arithmetic). */
import type { DType } from "../../dtype.ts";
import type { Epilogue } from "../../prims/attrs.ts";
import { broadcastStrides, contiguousStrides } from "../../shape.ts";
import { type HostOperand, load, store, type Values, valuesOf } from "./array.ts";

/** `c[m, n] += a[m, k] · b[k, n]`, all contiguous, from the given positions on. */
export function multiplyInto(
  c: Float64Array,
  cAt: number,
  a: Values,
  aAt: number,
  b: Values,
  bAt: number,
  m: number,
  k: number,
  n: number,
): void {
  for (let i = 0; i < m; i++) {
    const row = cAt + i * n;
    for (let p = 0; p < k; p++) {
      const factor = a[aAt + i * k + p]!;
      const from = bAt + p * n;
      for (let j = 0; j < n; j++) c[row + j]! += factor * b[from + j]!;
    }
  }
}

/** `c[m, n] += a[m, k] · b[n, k]ᵀ`. */
export function multiplyTransposedInto(
  c: Float64Array,
  cAt: number,
  a: Values,
  aAt: number,
  b: Values,
  bAt: number,
  m: number,
  k: number,
  n: number,
): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const left = aAt + i * k;
      const right = bAt + j * k;
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a[left + p]! * b[right + p]!;
      c[cAt + i * n + j]! += sum;
    }
  }
}

/** Exact products of integers, wrapped to the dtype when stored. */
function multiplyIntegers(
  a: Values,
  aAt: number,
  b: Values,
  bAt: number,
  c: Values,
  cAt: number,
  [m, k, n]: number[],
  dtype: DType,
): void {
  const large = dtype === "int64";
  for (let i = 0; i < m!; i++) {
    for (let j = 0; j < n!; j++) {
      let sum: number | bigint = large ? 0n : 0;
      for (let p = 0; p < k!; p++) {
        const x = a[aAt + i * k! + p] as number;
        const y = b[bAt + p * n! + j] as number;
        sum = large
          ? BigInt.asIntN(64, (sum as unknown as bigint) + BigInt(x) * BigInt(y))
          : ((sum as number) + Math.imul(x, y)) | 0;
      }
      c[cAt + i * n! + j] = sum as number;
    }
  }
}

/** Adds a bias, each element to `run` neighbours and then again from the first, and applies the activation. */
export function finish(values: Values, bias: HostOperand | undefined, run: number, { activation }: Epilogue): void {
  if (bias) {
    const b = load(bias);
    for (let i = 0; i < values.length; i++) values[i]! += b[Math.floor(i / run) % b.length]!;
  }
  if (activation === "relu") { for (let i = 0; i < values.length; i++) if (values[i]! < 0) values[i] = 0; }
}

/** `[…, M, K] · […, K, N]` with broadcast batches. */
export function matmul(
  [left, right, bias]: readonly HostOperand[],
  [out]: readonly HostOperand[],
  attrs: Epilogue,
): void {
  const a = load(left!);
  const b = load(right!);
  const [m, k, n] = [left!.shape.at(-2)!, left!.shape.at(-1)!, right!.shape.at(-1)!];
  const batch = out!.shape.slice(0, -2);
  const steps = [left!, right!].map(({ shape }) => {
    const own = shape.slice(0, -2);
    return broadcastStrides(own, contiguousStrides(own), batch);
  });
  const count = batch.reduce((x, y) => x * y, 1);
  const float = out!.dtype.startsWith("float");
  const c = float ? new Float64Array(count * m * n) : valuesOf(out!.dtype, count * m * n);
  for (let i = 0; i < count; i++) {
    let rest = i;
    let [at, bt] = [0, 0];
    for (let d = batch.length - 1; d >= 0; d--) {
      const index = rest % batch[d]!;
      rest = (rest - index) / batch[d]!;
      at += index * steps[0]![d]!;
      bt += index * steps[1]![d]!;
    }
    if (float) multiplyInto(c as Float64Array, i * m * n, a, at * m * k, b, bt * k * n, m, k, n);
    else multiplyIntegers(a, at * m * k, b, bt * k * n, c as Values, i * m * n, [m, k, n], out!.dtype);
  }
  finish(c as Values, bias, 1, attrs);
  store(out!, c);
}
