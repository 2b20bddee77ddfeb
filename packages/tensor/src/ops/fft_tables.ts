/** Constants of Fourier transforms: computed in float64, cached as arrays of the host. */
import type { Device } from "../device.ts";
import type { DType } from "../dtype.ts";
import { sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fromTypedArray } from "./creation.ts";

/** Where a transform runs: its tables have this dtype and device. */
export interface TableSetting {
  readonly dtype: DType;
  readonly device: Device;
}

/** The sign of the exponent: −1 forward, 1 inverse. */
export type Direction = 1 | -1;

const kept: Map<string, Float32Array | Float64Array> = new Map();
let keptElements = 0;
/** The oldest tables are dropped when all have more elements than this: 32 MB of float64. */
const mostElements = 2 ** 22;

/** A constant tensor of `shape` ; `make` computes its elements unless they are cached. */
export function table(
  key: string,
  shape: readonly number[],
  { dtype, device }: TableSetting,
  make: (values: Float32Array | Float64Array) => void,
): Tensor {
  const name = `${key} ${dtype}`;
  let values = kept.get(name);
  if (values === undefined) {
    values = dtype === "float64" ? new Float64Array(sizeOf(shape)) : new Float32Array(sizeOf(shape));
    make(values);
    kept.set(name, values);
    keptElements += values.length;
    for (const [oldest, { length }] of kept) {
      if (keptElements <= mostElements) break;
      kept.delete(oldest);
      keptElements -= length;
    }
  }
  return fromTypedArray(values, shape, { device });
}

/** The unit roots exp(direction · 2πi · k / n), for k from 0 to n − 1: cosines, then sines. */
function roots(n: number, direction: Direction): Float64Array {
  const values = new Float64Array(2 * n);
  for (let k = 0; k < n; k++) {
    const angle = direction * 2 * Math.PI * (k / n);
    // Quarter turns are exact, so that transforms of integers over them are too.
    values[k] = (4 * k) % n === 0 ? [1, 0, -1, 0][4 * k / n]! : Math.cos(angle);
    values[n + k] = (4 * k) % n === 0 ? direction * [0, 1, 0, -1][4 * k / n]! : Math.sin(angle);
  }
  return values;
}

/**
 * The transform of length n as a real matrix of shape `[2n, planes · n]`, times `scale`: rows give the real parts of the result
 * and then the imaginary ones; columns take the real parts and, for two planes, the imaginary ones.
 */
export function transformMatrix(
  n: number,
  planes: number,
  direction: Direction,
  scale: number,
  setting: TableSetting,
): Tensor {
  const columns = planes * n;
  return table(`matrix ${n} ${planes} ${direction} ${scale}`, [2 * n, columns], setting, (values) => {
    const root = roots(n, direction);
    for (let k = 0; k < n; k++) {
      for (let j = 0; j < n; j++) {
        const turn = (j * k) % n;
        const [re, im] = [scale * root[turn]!, scale * root[n + turn]!];
        values[k * columns + j] = re;
        values[(n + k) * columns + j] = im;
        if (planes === 1) continue;
        values[k * columns + n + j] = -im;
        values[(n + k) * columns + n + j] = re;
      }
    }
  });
}

/** Complex factors as two tables for {@link timesComplex}: real parts `[1, …]`, and imaginary parts with both signs `[2, …]`. */
export interface Factors {
  readonly re: Tensor;
  readonly im: Tensor;
}

/** Cached factors of a shape; `parts` computes the real and imaginary parts. */
export function factors(
  key: string,
  shape: readonly number[],
  setting: TableSetting,
  parts: () => { readonly re: ArrayLike<number>; readonly im: ArrayLike<number> },
): Factors {
  let made: { readonly re: ArrayLike<number>; readonly im: ArrayLike<number> } | null = null;
  const re = table(`${key} re`, [1, ...shape], setting, (values) => values.set((made ??= parts()).re));
  const im = table(`${key} im`, [2, ...shape], setting, (values) => {
    const imaginary = (made ??= parts()).im;
    const n = imaginary.length;
    for (let i = 0; i < n; i++) {
      values[i] = -imaginary[i]!;
      values[n + i] = imaginary[i]!;
    }
  });
  return { re, im };
}

/** The factors between two passes of a transform of length n1 · n2: exp(direction · 2πi · k1 · j2 / n), of shape `[n1, n2]`. */
export function twiddles(n1: number, n2: number, direction: Direction, setting: TableSetting): Factors {
  return factors(`twiddles ${n1} ${n2} ${direction}`, [n1, n2], setting, () => {
    const n = n1 * n2;
    const root = roots(n, direction);
    const [re, im] = [new Float64Array(n), new Float64Array(n)];
    for (let k = 0; k < n1; k++) {
      for (let j = 0; j < n2; j++) {
        re[k * n2 + j] = root[k * j]!;
        im[k * n2 + j] = root[n + k * j]!;
      }
    }
    return { re, im };
  });
}

/** Bluestein's chirp exp(direction · πi · j² / n), times `scale`. */
export function chirp(n: number, direction: Direction, scale: number): { re: Float64Array; im: Float64Array } {
  const [re, im] = [new Float64Array(n), new Float64Array(n)];
  // j² modulo 2n step by step, exactly for every n.
  let square = 0;
  for (let j = 0; j < n; j++) {
    const angle = direction * Math.PI * (square / n);
    re[j] = scale * Math.cos(angle);
    im[j] = scale * Math.sin(angle);
    square = (square + 2 * j + 1) % (2 * n);
  }
  return { re, im };
}
