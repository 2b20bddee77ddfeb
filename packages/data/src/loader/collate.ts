import { fromTypedArray, stack, Tensor, tensor } from "@heddle/tensor";
import { checkArguments } from "../arguments.ts";

/** The typed arrays that collate to tensors. */
export type SampleArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array;

/** What {@link defaultCollate} makes of samples of type `T`. */
export type Collated<T> = T extends Tensor | number | bigint | boolean | SampleArray ? Tensor
  : T extends string ? string[]
  : T extends readonly unknown[] ? { -readonly [K in keyof T]: Collated<T[K]> }
  : T extends object ? { -readonly [K in keyof T]: Collated<T[K]> }
  : unknown;

const INT32_LIMIT = 2 ** 31;

/**
 * Makes one batch of samples (PyTorch's `default_collate`). Every tensor gains a first dimension that counts samples:
 *
 * - tensors are stacked; typed arrays too, in their own dtype;
 * - numbers become a tensor: int32 if all of the batch are integers, as labels are, else float32;
 * - bigints become int64 and booleans bool; strings stay an array of strings;
 * - tuples and records are collated field by field.
 *
 * @throws when samples differ in kind, shape, length or fields, or have fields that cannot be collated; the error
 *   names the field
 *
 * @example
 * ```ts
 * import { defaultCollate } from "@heddle/data";
 *
 * const { x, word } = defaultCollate([{ x: 1.5, word: "one" }, { x: 2, word: "two" }]);
 * console.log(x.toArray(), word); // [ 1.5, 2 ] [ "one", "two" ]
 * ```
 */
export function defaultCollate<T>(samples: readonly T[]): Collated<T> {
  checkArguments("defaultCollate", arguments, 1, true);
  if (samples.length === 0) throw new Error("defaultCollate: there are no samples; a batch needs at least one.");
  return collate(samples, "sample") as Collated<T>;
}

function collate(samples: readonly unknown[], path: string): unknown {
  const first = samples[0];
  const kind = kindOf(first);
  const other = samples.findIndex((sample) => kindOf(sample) !== kind);
  if (other >= 0) {
    fail(path, `sample 0 of the batch is ${kind}, but sample ${other} is ${kindOf(samples[other])}.`);
  }
  if (first instanceof Tensor) return stackTensors(samples as Tensor[], path);
  if (ArrayBuffer.isView(first)) return stackArrays(samples as SampleArray[], path);
  switch (typeof first) {
    case "number":
      return stackNumbers(samples as number[], path);
    case "bigint":
      return fromTypedArray(BigInt64Array.from(samples as bigint[]), [samples.length]);
    case "boolean":
      return tensor(samples as boolean[]);
    case "string":
      return [...samples];
  }
  if (typeof first !== "object" || first === null) {
    fail(path, `${kind} cannot be collated. Leave the field out, or give the loader a collate function.`);
  }
  return Array.isArray(first) ? collateTuples(samples as unknown[][], path) : collateRecords(samples as object[], path);
}

function fail(path: string, what: string): never {
  throw new Error(`defaultCollate: ${path}: ${what}`);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (value instanceof Tensor) return "a tensor";
  if (Array.isArray(value)) return "an array";
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name}`;
  if (typeof value === "object") return `an object`;
  return value === undefined ? "undefined" : `a ${typeof value}`;
}

function stackTensors(tensors: Tensor[], path: string): Tensor {
  const shape = String(tensors[0]!.shape);
  const other = tensors.findIndex((t) => String(t.shape) !== shape);
  if (other >= 0) {
    fail(
      path,
      `tensors of shapes [${tensors[0]!.shape.join(", ")}] (sample 0 of the batch) and [${
        tensors[other]!.shape.join(", ")
      }] ` +
        `(sample ${other}) cannot be stacked. Pad or crop them to one shape, or give the loader a collate function.`,
    );
  }
  return stack(tensors, 0);
}

function stackArrays(arrays: SampleArray[], path: string): Tensor {
  const first = arrays[0]!;
  const other = arrays.findIndex((a) => a.length !== first.length);
  if (other >= 0) {
    fail(path, `sample 0 of the batch has ${first.length} elements, but sample ${other} has ${arrays[other]!.length}.`);
  }
  // Node's Buffer is a Uint8Array too, but must not be created with `new`.
  const make = (first instanceof Uint8Array ? Uint8Array : first.constructor) as new (length: number) => SampleArray;
  const joined = new make(arrays.length * first.length);
  arrays.forEach((array, i) => joined.set(array as never, i * first.length));
  return fromTypedArray(joined, [arrays.length, first.length]);
}

function stackNumbers(numbers: number[], path: string): Tensor {
  if (!numbers.every(Number.isInteger)) return fromTypedArray(Float32Array.from(numbers), [numbers.length]);
  const large = numbers.find((n) => n < -INT32_LIMIT || n >= INT32_LIMIT);
  if (large !== undefined) {
    fail(path, `${large} does not fit int32. Give a bigint for int64, or a tensor of the dtype you want.`);
  }
  return fromTypedArray(Int32Array.from(numbers), [numbers.length]);
}

function collateTuples(tuples: unknown[][], path: string): unknown[] {
  const first = tuples[0]!;
  const other = tuples.findIndex((tuple) => tuple.length !== first.length);
  if (other >= 0) {
    fail(
      path,
      `sample 0 of the batch has ${first.length} fields, but sample ${other} has ${
        tuples[other]!.length
      }. For sequences ` +
        `of different lengths give the loader a collate function that pads them.`,
    );
  }
  return first.map((_, field) => collate(tuples.map((tuple) => tuple[field]), `${path}[${field}]`));
}

function collateRecords(records: object[], path: string): Record<string, unknown> {
  const keys = Object.keys(records[0]!);
  // A Map, a Set or a Date would become an object without its content.
  if (keys.length === 0) {
    fail(
      path,
      `an object without fields (${
        records[0]!.constructor?.name ?? "no class"
      }) cannot be collated. Give the loader a collate function.`,
    );
  }
  const fields = fieldsOf(records[0]!);
  const other = records.findIndex((record) => fieldsOf(record) !== fields);
  if (other >= 0) {
    fail(
      path,
      `sample 0 of the batch has the fields {${keys.join(", ")}}, but sample ${other} has ` +
        `{${Object.keys(records[other]!).join(", ")}}.`,
    );
  }
  return Object.fromEntries(
    keys.map((
      key,
    ) => [key, collate(records.map((record) => (record as Record<string, unknown>)[key]), `${path}.${key}`)]),
  );
}

/** The names of an object's fields as one string, which is the same for two objects when their fields are. */
export function fieldsOf(record: object): string {
  return JSON.stringify(Object.keys(record).sort());
}
