/** Recordings in other dtypes: most gradients were recorded in float64, which not every device has. */
import { Buffer } from "node:buffer";
import { decodeTensor, type FixtureDType, type FixtureStorage, type FixtureTensor } from "./load.ts";

/** For a dtype the one in which its recordings are replayed. */
export type ReplayDTypes = { readonly [D in FixtureDType]?: "float32" | "int32" };

function isTensor(value: object): value is FixtureTensor {
  return "dtype" in value && "shape" in value && "data" in value;
}

/** Whether a float64 keeps its meaning as a normal float32. */
function fitsFloat32(value: number): boolean {
  const a = Math.abs(value);
  return !Number.isFinite(a) || a === 0 || (a >= 2 ** -126 && a <= 3.4e38);
}

/** The storage in another dtype; null if a value does not fit. */
function convert(storage: FixtureStorage, to: "float32" | "int32"): FixtureStorage | null {
  if (to === "float32") {
    const values = storage as Float64Array;
    return values.every(fitsFloat32) ? Float32Array.from(values) : null;
  }
  const result = Int32Array.from(storage as BigInt64Array, Number);
  return result.every((value, i) => BigInt(value) === BigInt(storage[i]!)) ? result : null;
}

class DoesNotFit extends Error {}

function walk(value: unknown, dtypes: ReplayDTypes): unknown {
  if (typeof value === "string") return dtypes[value as FixtureDType] ?? value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => walk(item, dtypes));
  if (!isTensor(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, key === "name" ? item : walk(item, dtypes)]),
    );
  }
  const to = dtypes[value.dtype];
  if (to === undefined) return value;
  const storage = convert(decodeTensor(value).storage, to);
  if (storage === null) throw new DoesNotFit();
  const data = Buffer.from(storage.buffer, storage.byteOffset, storage.byteLength).toString("base64");
  return { ...value, dtype: to, data };
}

/** A recorded case with every tensor and dtype name converted; unchanged if a value does not fit. */
export function inDTypes<Case>(recorded: Case, dtypes: ReplayDTypes): Case {
  try {
    return walk(recorded, dtypes) as Case;
  } catch (error) {
    if (error instanceof DoesNotFit) return recorded;
    throw error;
  }
}
