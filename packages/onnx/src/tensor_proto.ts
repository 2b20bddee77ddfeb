/**
 * Tensors in ONNX files, from and to typed arrays.
 *
 * Heddle has no unsigned integers beyond 8 bits and no formats of 8 or 4 bits: uint16 is read as int32, uint32 and uint64 as int64,
 * 4-bit integers as 8-bit ones and 8-bit floats as float32. All others have the same name in both.
 */
import { create } from "@bufbuild/protobuf";
import { type DType, itemSize, type TypedArray, typedArrayOver } from "@heddle/tensor";
import { showShape, sizeOf } from "@heddle/tensor/engine";
import { TensorProto_DataLocation, TensorProto_DataType as Type, TensorProtoSchema } from "onnx-buf";
import type { TensorProto } from "onnx-buf";
import { packedReaders } from "./packed_types.ts";

/** A tensor on the host: float16 and bfloat16 as bits in a `Uint16Array`, bool as 0 and 1 in a `Uint8Array`. */
export interface TensorData {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TypedArray<ArrayBuffer>;
}

/** Returns the content of a file that the model names, relative to the folder of the model. */
export type ExternalFiles = (location: string) => Uint8Array;

/** A field of TensorProto that holds elements of some types as numbers of another. */
type ListField = "floatData" | "int32Data" | "int64Data" | "doubleData" | "uint64Data";

interface TypeRow {
  /** The name in ONNX's documentation. */
  readonly name: string;
  /** The dtype in Heddle; undefined for what it cannot represent. */
  readonly dtype?: DType;
  /** The typed array over `raw_data`, where it is not that of the dtype. */
  readonly raw?: { new (buffer: ArrayBuffer): ArrayLike<number | bigint>; readonly BYTES_PER_ELEMENT: number };
  readonly list?: ListField;
}

const types: Readonly<Partial<Record<Type, TypeRow>>> = {
  [Type.FLOAT]: { name: "float", dtype: "float32", list: "floatData" },
  [Type.DOUBLE]: { name: "double", dtype: "float64", list: "doubleData" },
  [Type.FLOAT16]: { name: "float16", dtype: "float16", list: "int32Data" },
  [Type.BFLOAT16]: { name: "bfloat16", dtype: "bfloat16", list: "int32Data" },
  [Type.BOOL]: { name: "bool", dtype: "bool", list: "int32Data" },
  [Type.UINT8]: { name: "uint8", dtype: "uint8", list: "int32Data" },
  [Type.INT8]: { name: "int8", dtype: "int8", list: "int32Data" },
  [Type.INT16]: { name: "int16", dtype: "int16", list: "int32Data" },
  [Type.INT32]: { name: "int32", dtype: "int32", list: "int32Data" },
  [Type.INT64]: { name: "int64", dtype: "int64", list: "int64Data" },
  [Type.UINT16]: { name: "uint16", dtype: "int32", raw: Uint16Array, list: "int32Data" },
  [Type.UINT32]: { name: "uint32", dtype: "int64", raw: Uint32Array, list: "uint64Data" },
  [Type.UINT64]: { name: "uint64", dtype: "int64", raw: BigUint64Array, list: "uint64Data" },
  [Type.UINT4]: { name: "uint4", dtype: "uint8" },
  [Type.INT4]: { name: "int4", dtype: "int8" },
  [Type.FLOAT8E4M3FN]: { name: "float8e4m3fn", dtype: "float32" },
  [Type.FLOAT8E4M3FNUZ]: { name: "float8e4m3fnuz", dtype: "float32" },
  [Type.FLOAT8E5M2]: { name: "float8e5m2", dtype: "float32" },
  [Type.FLOAT8E5M2FNUZ]: { name: "float8e5m2fnuz", dtype: "float32" },
  [Type.STRING]: { name: "string" },
  [Type.COMPLEX64]: { name: "complex64" },
  [Type.COMPLEX128]: { name: "complex128" },
};

/** The element type in Heddle of one in ONNX, or null for strings, complex numbers and unknown types. */
export function dtypeOf(type: number): DType | null {
  return types[type as Type]?.dtype ?? null;
}

/** ONNX's name of an element type. */
export function typeName(type: number): string {
  return types[type as Type]?.name ?? `type ${type}`;
}

/** The element type in ONNX of a dtype. */
export const onnxTypes: Readonly<Record<DType, Type>> = {
  float32: Type.FLOAT,
  float64: Type.DOUBLE,
  float16: Type.FLOAT16,
  bfloat16: Type.BFLOAT16,
  int8: Type.INT8,
  int16: Type.INT16,
  int32: Type.INT32,
  int64: Type.INT64,
  uint8: Type.UINT8,
  bool: Type.BOOL,
};

/**
 * Reads a tensor. The elements are a copy.
 *
 * @throws Error that names the tensor: for types that Heddle cannot represent, negative or huge sizes, a shape that does not fit
 * the number of elements, external data without `files`.
 */
export function readTensor(proto: TensorProto, files?: ExternalFiles): TensorData {
  const what = `importOnnx: the tensor "${proto.name}"`;
  const row = types[proto.dataType as Type];
  if (row?.dtype === undefined) {
    throw new Error(`${what} holds ${typeName(proto.dataType)}, for which there is no dtype`);
  }
  const { dtype } = row;
  if (proto.segment !== undefined) throw new Error(`${what} is stored in segments, which no exporter writes`);
  const shape = proto.dims.map(Number);
  const count = sizeOf(shape);
  if (!shape.every((size) => size >= 0 && Number.isSafeInteger(size)) || !Number.isSafeInteger(count)) {
    throw new Error(`${what} has the impossible shape ${showShape(shape)}`);
  }
  const misfit = (got: number, unit: string, wanted: number): Error =>
    new Error(`${what} of shape ${showShape(shape)} has ${got} ${unit} instead of ${wanted}; the file is damaged`);

  const external = proto.dataLocation === TensorProto_DataLocation.EXTERNAL;
  const raw = external ? externalBytes(what, proto, files) : proto.rawData;
  const list = row.list === undefined ? [] : proto[row.list];
  const packed = packedReaders[proto.dataType];
  if (packed !== undefined) {
    const bytes = raw.length > 0 ? raw : Uint8Array.from(proto.int32Data);
    if (bytes.length !== packed.bytes(count)) throw misfit(bytes.length, "bytes", packed.bytes(count));
    return { dtype, shape, data: packed.read(bytes, count) };
  }
  if (external || raw.length > 0 || list.length === 0) {
    const bytes = count * (row.raw?.BYTES_PER_ELEMENT ?? itemSize(dtype));
    if (raw.length !== bytes) throw misfit(raw.length, "bytes", bytes);
    const { buffer } = Uint8Array.from(raw); // aligned
    const data = row.raw === undefined
      ? typedArrayOver(dtype, buffer, 0, count)
      : converted(what, dtype, new row.raw(buffer));
    return { dtype, shape, data };
  }
  if (list.length !== count) throw misfit(list.length, "elements", count);
  return { dtype, shape, data: converted(what, dtype, list) };
}

/** Elements as a typed array of the dtype; those of narrow types are cut to their bits. */
function converted(what: string, dtype: DType, values: ArrayLike<number | bigint>): TypedArray<ArrayBuffer> {
  const data = typedArrayOver(dtype, new ArrayBuffer(values.length * itemSize(dtype)), 0, values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (typeof value === "bigint" && value >= 1n << 63n) {
      throw new Error(`${what} holds ${value}, beyond the range of int64, as which it is read`);
    }
    (data as { [i: number]: number | bigint })[i] = dtype === "int64" ? BigInt(value) : Number(value);
  }
  return data;
}

/** The part of another file that holds a tensor. */
function externalBytes(what: string, proto: TensorProto, files: ExternalFiles | undefined): Uint8Array {
  const given = new Map(proto.externalData.map(({ key, value }) => [key, value]));
  const location = given.get("location") ?? "";
  if (files === undefined) {
    throw new Error(
      `${what} is stored in the file ${JSON.stringify(location)} beside the model; pass ` +
        `{ externalData: (location) => readFile(join(folder, location)) }`,
    );
  }
  const file = files(location);
  const offset = Number(given.get("offset") ?? 0);
  const length = Number(given.get("length") ?? file.length - offset);
  const sound = [offset, length].every((value) => Number.isSafeInteger(value) && value >= 0);
  if (!sound || offset + length > file.length) {
    throw new Error(
      `${what} is said to be bytes ${offset} to ${offset + length} of ${
        JSON.stringify(location)
      }, which has ${file.length}`,
    );
  }
  return file.subarray(offset, offset + length);
}

/**
 * The location of a tensor's elements outside the model, or null if they are inside.
 *
 * @throws Error for an absolute path or one that leaves the model's folder.
 */
export function externalLocation(proto: TensorProto): string | null {
  if (proto.dataLocation !== TensorProto_DataLocation.EXTERNAL) return null;
  const location = proto.externalData.find(({ key }) => key === "location")?.value ?? "";
  if (location === "" || /^([/\\]|[a-zA-Z]:)|^\.\.$|(^|[/\\])\.\.([/\\]|$)|\0/.test(location)) {
    throw new Error(
      `importOnnx: the tensor "${proto.name}" is stored in ${
        JSON.stringify(location)
      }, which is no path within the model's folder`,
    );
  }
  return location;
}

/** A tensor for a file, with its elements in `raw_data`. */
export function writeTensor(name: string, { dtype, shape, data }: TensorData): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dataType: onnxTypes[dtype],
    dims: shape.map(BigInt),
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  });
}
