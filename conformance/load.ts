/**
 * Reads the recordings under `fixtures/` (see `tools/oracle/README.md`). It does not use Heddle, so that a bug in
 * Heddle cannot hide a difference.
 */
import { Buffer } from "node:buffer";
import { readdirSync, readFileSync } from "node:fs";

export type FixtureDType =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "bool";

/** float16 and bfloat16 are held as their bits, bool as 0 and 1. */
export type FixtureStorage =
  | Float32Array
  | Float64Array
  | Uint16Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array;

/** A tensor as recorded: base64 of its elements, or of its whole storage where strides are given. */
export interface FixtureTensor {
  dtype: FixtureDType;
  shape: number[];
  data: string;
  strides?: number[];
  offset?: number;
}

export interface FixtureList {
  list: FixtureTensor[];
}

/** One line of a recording of operations; other families (layers, optimisers, …) have fields of their own. */
export interface FixtureCase {
  name: string;
  call: string;
  inputs: (FixtureTensor | FixtureList)[];
  args: unknown[];
  outputs: FixtureTensor[];
  gradOutputs?: (FixtureTensor | null)[];
  grads?: (FixtureTensor | null)[];
  tol?: { rtol: number; atol: number };
  error?: boolean;
}

export interface FixtureFile<Case = FixtureCase> {
  torch: string;
  cases: Case[];
}

/** A recorded tensor with its storage as numbers. Strides and offset count elements. */
export interface DecodedTensor {
  dtype: FixtureDType;
  shape: number[];
  strides: number[];
  offset: number;
  storage: FixtureStorage;
}

const folder = new URL("./fixtures/", import.meta.url);

/** The names of the recorded families, in alphabetical order. */
export function fixtureFamilies(): string[] {
  return readdirSync(folder).filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -5)).sort();
}

/** All cases of one family: `loadFixtures("reductions").cases`. */
export function loadFixtures<Case = FixtureCase>(family: string): FixtureFile<Case> {
  return JSON.parse(readFileSync(new URL(`${family}.json`, folder), "utf8")) as FixtureFile<Case>;
}

const views: Record<FixtureDType, (bytes: ArrayBuffer) => FixtureStorage> = {
  float32: (bytes) => new Float32Array(bytes),
  float64: (bytes) => new Float64Array(bytes),
  float16: (bytes) => new Uint16Array(bytes),
  bfloat16: (bytes) => new Uint16Array(bytes),
  int8: (bytes) => new Int8Array(bytes),
  int16: (bytes) => new Int16Array(bytes),
  int32: (bytes) => new Int32Array(bytes),
  int64: (bytes) => new BigInt64Array(bytes),
  uint8: (bytes) => new Uint8Array(bytes),
  bool: (bytes) => new Uint8Array(bytes),
};

export function decodeTensor(tensor: FixtureTensor): DecodedTensor {
  // Buffers share a pool, and their offsets may not be aligned to the element size; a copy starts at zero.
  const bytes = Uint8Array.from(Buffer.from(tensor.data, "base64")).buffer;
  return {
    dtype: tensor.dtype,
    shape: tensor.shape,
    strides: tensor.strides ?? contiguousStrides(tensor.shape),
    offset: tensor.offset ?? 0,
    storage: views[tensor.dtype](bytes),
  };
}

/** The elements in row-major order: float16 and bfloat16 as numbers, bool as 0 and 1, int64 as bigints. */
export function elements(tensor: DecodedTensor): (number | bigint)[] {
  const { shape, strides, storage } = tensor;
  const count = shape.reduce((product, size) => product * size, 1);
  const index = shape.map(() => 0);
  const out: (number | bigint)[] = [];
  let position = tensor.offset;
  for (let done = 0; done < count; done++) {
    const value = storage[position]!;
    out.push(
      tensor.dtype === "float16"
        ? fromFloat16(Number(value))
        : tensor.dtype === "bfloat16"
        ? fromBfloat16(Number(value))
        : value,
    );
    for (let dim = shape.length - 1; dim >= 0; dim--) {
      position += strides[dim]!;
      if (++index[dim]! < shape[dim]!) break;
      position -= strides[dim]! * shape[dim]!;
      index[dim] = 0;
    }
  }
  return out;
}

/**
 * What a call receives: the inputs that no argument refers to, in order, and then the arguments, in which `{"input":
 * k}` stands for an input, `{"tensor": …}` for a constant, `{"f": "nan"}` for a number that JSON cannot represent and
 * `{"i": "5"}` for a bigint.
 *
 * A method's first value is its receiver: `const [self, ...rest] = callValues(…); self[call](...rest)`.
 */
export function callValues<T>(
  fixture: Pick<FixtureCase, "args">,
  inputs: readonly (T | T[])[],
  toTensor: (tensor: DecodedTensor) => T,
): unknown[] {
  const used = new Set<number>();
  const args = fixture.args.map((arg) => decodeArgument(arg, inputs, toTensor, used));
  return [...inputs.filter((_, index) => !used.has(index)), ...args];
}

function decodeArgument<T>(
  value: unknown,
  inputs: readonly (T | T[])[],
  toTensor: (tensor: DecodedTensor) => T,
  used: Set<number>,
): unknown {
  if (Array.isArray(value)) return value.map((item) => decodeArgument(item, inputs, toTensor, used));
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Record<string, unknown>;
  if (typeof fields.input === "number") {
    if (fields.input >= inputs.length) {
      throw new RangeError(`a fixture refers to input ${fields.input} of ${inputs.length}`);
    }
    used.add(fields.input);
    return inputs[fields.input];
  }
  if (typeof fields.f === "string") return fields.f === "nan" ? NaN : fields.f === "inf" ? Infinity : -Infinity;
  if (typeof fields.i === "string") return BigInt(fields.i);
  if (fields.tensor !== undefined) return toTensor(decodeTensor(fields.tensor as FixtureTensor));
  return Object.fromEntries(
    Object.entries(fields).map(([key, item]) => [key, decodeArgument(item, inputs, toTensor, used)]),
  );
}

function contiguousStrides(shape: number[]): number[] {
  const strides: number[] = [];
  let step = 1;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    strides[dim] = step;
    step *= Math.max(shape[dim]!, 1);
  }
  return strides;
}

/** IEEE 754 binary16: one sign bit, five of exponent, ten of fraction. */
function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The upper half of a float32. */
function fromBfloat16(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0]!;
}
