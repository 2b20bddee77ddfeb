/** Recorded tensors as Heddle's, and Heddle's compared with them. */
import { makeTensor } from "@heddle/tensor/engine";
import { type Device, fromTypedArray, isFloat, Tensor } from "@heddle/tensor";
import { expect } from "vitest";
import { type DecodedTensor, decodeTensor, elements, type FixtureTensor } from "./load.ts";

/** How far apart two values may be: |a − b| ≤ atol + rtol · |b|. */
export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

/** Tolerances of the floating-point dtypes; everything else must be equal. */
export type Tolerances = { readonly [D in "float64" | "float32" | "float16" | "bfloat16"]: Tolerance };

/** The precision of the dtypes, with room for another order of summation. */
export const defaultTolerances: Tolerances = {
  float64: { rtol: 1e-10, atol: 1e-12 },
  float32: { rtol: 1e-5, atol: 1e-6 },
  float16: { rtol: 2e-3, atol: 1e-4 },
  bfloat16: { rtol: 8e-3, atol: 1e-4 },
};

/** The tensor that was recorded, with its strides, by default on the default device. */
export function toTensor({ dtype, shape, strides, offset, storage }: DecodedTensor, device?: Device): Tensor {
  const whole = fromTypedArray(storage, [storage.length], { dtype, device });
  return makeTensor(whole.storage, dtype, { shape, strides, offset });
}

/** {@link toTensor} from the file's form. */
export function fromFixture(fixture: FixtureTensor, device?: Device): Tensor {
  return toTensor(decodeTensor(fixture), device);
}

/** How elements are compared. */
export interface Comparison {
  readonly tolerance: Tolerance;
  /** Whether 0 and -0 differ. */
  readonly signedZeros?: boolean;
}

/** Two NaN are equal; infinities only equal themselves. */
function close(a: number, b: number, { tolerance, signedZeros = false }: Comparison): boolean {
  if (a === b) return !signedZeros || a !== 0 || Object.is(a, b);
  if (!Number.isFinite(a) || !Number.isFinite(b)) return Number.isNaN(a) && Number.isNaN(b);
  return Math.abs(a - b) <= tolerance.atol + tolerance.rtol * Math.abs(b);
}

const show = (value: number | bigint): string => Object.is(value, -0) ? "-0" : String(value);

/** The first difference between a tensor and a recorded one in shape, dtype or elements; null when they agree. */
export function difference(
  found: Tensor,
  recorded: FixtureTensor,
  comparison: Partial<Comparison> = {},
): string | null {
  if (found.dtype !== recorded.dtype) return `dtype is ${found.dtype}, expected ${recorded.dtype}`;
  if (found.shape.join() !== recorded.shape.join()) {
    return `shape is [${found.shape.join(", ")}], expected [${recorded.shape.join(", ")}]`;
  }
  const values = found.detach().toTypedArray();
  const wanted = elements(decodeTensor(recorded));
  const float = isFloat(recorded.dtype);
  const tolerance = comparison.tolerance ?? defaultTolerances[recorded.dtype as keyof Tolerances];
  const how = { ...comparison, tolerance };
  let first = -1;
  let count = 0;
  for (const [i, value] of wanted.entries()) {
    if (float ? close(Number(values[i]), Number(value), how) : values[i] === value) continue;
    if (count++ === 0) first = i;
  }
  if (count === 0) return null;
  const place = wanted.length === 1 ? "the value" : `element ${first}`;
  const rest = count > 1 ? ` (${count} of ${wanted.length} differ)` : "";
  return `${place} is ${show(values[first]!)}, expected ${show(wanted[first]!)}${rest}`;
}

/** Fails unless shape, dtype and values are those recorded; by default to the precision of the dtype. */
export function expectTensor(found: Tensor, recorded: FixtureTensor, where: string, tolerance?: Tolerance): void {
  const wrong = difference(found, recorded, { tolerance });
  if (wrong !== null) expect.fail(`${where}: ${wrong}`);
}
