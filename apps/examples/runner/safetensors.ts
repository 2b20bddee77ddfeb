/**
 * Named tensors in a file of the safetensors format, which Python's `safetensors` also reads: eight bytes with the
 * length of the header (little-endian), the header as JSON (the dtype, shape and offsets of each name, padded with
 * spaces to a multiple of eight bytes), then the elements, little-endian, in row-major order, one tensor after another.
 */
import { type DType, fromTypedArray, isHalfDType, type Tensor } from "@heddle/tensor";
import { halfFormats } from "@heddle/tensor/engine";
import { duplicateKey } from "./duplicate_key.ts";

type Elements = ReturnType<Tensor["toTypedArray"]> | Uint16Array<ArrayBuffer>;

const METADATA = "__metadata__";
/** The format's name of a dtype, the bytes per element, and a function that copies elements to bytes. */
const FORMATS: Record<DType, { code: string; bytes: number; read: (bytes: ArrayBuffer) => Elements }> = {
  float32: { code: "F32", bytes: 4, read: (bytes) => new Float32Array(bytes) },
  float64: { code: "F64", bytes: 8, read: (bytes) => new Float64Array(bytes) },
  float16: { code: "F16", bytes: 2, read: (bytes) => new Uint16Array(bytes) },
  bfloat16: { code: "BF16", bytes: 2, read: (bytes) => new Uint16Array(bytes) },
  int8: { code: "I8", bytes: 1, read: (bytes) => new Int8Array(bytes) },
  int16: { code: "I16", bytes: 2, read: (bytes) => new Int16Array(bytes) },
  int32: { code: "I32", bytes: 4, read: (bytes) => new Int32Array(bytes) },
  int64: { code: "I64", bytes: 8, read: (bytes) => new BigInt64Array(bytes) },
  uint8: { code: "U8", bytes: 1, read: (bytes) => new Uint8Array(bytes) },
  bool: { code: "BOOL", bytes: 1, read: (bytes) => new Uint8Array(bytes) },
};

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/**
 * Encodes tensors and metadata (such as the model's name). It waits for devices whose values cannot be read at once.
 *
 * @throws TypeError for the name that the format reserves.
 */
export async function encodeSafetensors(
  tensors: Record<string, Tensor>,
  about: Record<string, string> = {},
): Promise<Uint8Array> {
  // Without a prototype, so that a tensor may have any name.
  const header: Record<string, Entry | Record<string, string>> = Object.create(null);
  header[METADATA] = about;
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, tensor] of Object.entries(tensors)) {
    if (name === METADATA) throw new TypeError(`encodeSafetensors: the name "${METADATA}" is reserved`);
    const format = FORMATS[tensor.dtype];
    const elements = storedElements(tensor.dtype, await tensor.data());
    const bytes = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
    header[name] = { dtype: format.code, shape: [...tensor.shape], data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
    parts.push(bytes);
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + headerLength + offset).fill(0x20, 8, 8 + headerLength);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.set(json, 8);
  let at = 8 + headerLength;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/** Elements as they lie in the file: float16 and bfloat16 as bits. */
function storedElements(dtype: DType, values: ReturnType<Tensor["toTypedArray"]>): Elements {
  return isHalfDType(dtype) ? Uint16Array.from(values as Float32Array, halfFormats[dtype].toBits) : values;
}

/**
 * The metadata given to {@link encodeSafetensors}.
 *
 * @param name the file's name in errors
 * @throws RangeError if the file has no header of the format.
 */
export function safetensorsMetadata(file: Uint8Array, name: string = "the file"): Record<string, string> {
  return readHeader(file, name).about;
}

/**
 * The tensors of a file, on the CPU whatever the default device is: `loadStateDict` moves them.
 *
 * @param name the file's name in errors
 * @throws RangeError if the file is truncated, or its header does not match the data; nothing is loaded then.
 */
export function decodeSafetensors(file: Uint8Array, name: string = "the file"): Record<string, Tensor> {
  const { entries, data, fail } = readHeader(file, name);
  const read = entries.map(({ name, dtype: code, shape, from, to }) => {
    const found = Object.entries(FORMATS).find(([, format]) => format.code === code);
    if (!found) return fail(`"${name}" has dtype ${code}`);
    const [dtype, format] = found;
    const bytes = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, format.bytes);
    if (to - from !== bytes) fail(`"${name}" has ${to - from} bytes for ${code} of shape [${shape.join(", ")}]`);
    const part = data.subarray(from, to);
    if (dtype === "bool" && part.some((byte) => byte > 1)) {
      fail(`"${name}" is BOOL and has bytes that are neither 0 nor 1`);
    }
    return { name, dtype: dtype as DType, shape, elements: format.read(new Uint8Array(part).buffer) };
  });
  return Object.fromEntries(
    read.map(({ name, dtype, shape, elements }) => [name, fromTypedArray(elements, shape, { dtype, device: "cpu" })]),
  );
}

interface Place {
  name: string;
  dtype: string;
  shape: number[];
  from: number;
  to: number;
}

interface Header {
  about: Record<string, string>;
  /** In the order of the header. */
  entries: Place[];
  /** The bytes after the header. */
  data: Uint8Array;
  fail: (what: string) => never;
}

/** Parses the header and checks it against the format and the file's size. */
function readHeader(file: Uint8Array, fileName: string): Header {
  const fail = (what: string): never => {
    throw new RangeError(`decodeSafetensors: ${what}; ${fileName} is damaged or not in the safetensors format`);
  };
  if (file.length < 8) fail(`${file.length} bytes are too few for a header`);
  const headerLength = Number(new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true));
  if (headerLength > file.length - 8) fail(`a header of ${headerLength} bytes in a file of ${file.length}`);
  let text: string, header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(file.subarray(8, 8 + headerLength));
    header = JSON.parse(text);
  } catch (error) {
    return fail(`the header is not JSON (${(error as Error).message})`);
  }
  if (!isRecord(header)) return fail("the header is not a JSON object");
  const repeated = duplicateKey(text);
  if (repeated !== null) fail(`the header has "${repeated}" twice`);
  const data = file.subarray(8 + headerLength);
  const { [METADATA]: about = {}, ...tensors } = header;
  if (!isRecord(about) || !Object.values(about).every((word) => typeof word === "string")) {
    return fail(`"${METADATA}" is not a record of strings`);
  }
  const entries = Object.entries(tensors).map(([name, entry]) => readEntry(name, entry, fail));
  // The format requires that the tensors fill the rest of the file, without gaps.
  let end = 0;
  for (const { name, from, to } of [...entries].sort((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end) {
      fail(`"${name}" begins at byte ${from}, where ${from < end ? "another tensor lies" : `${end} would be next`}`);
    }
    end = to;
  }
  if (end !== data.length) fail(`${end} bytes of tensors in the header, ${data.length} in the file`);
  return { about: about as Record<string, string>, entries, data, fail };
}

function readEntry(name: string, entry: unknown, fail: (what: string) => never): Place {
  if (!isRecord(entry)) return fail(`"${name}" is not described`);
  const { dtype, shape, data_offsets } = entry;
  if (typeof dtype !== "string") return fail(`"${name}" has no dtype`);
  if (!isSizes(shape)) return fail(`"${name}" has no shape of whole numbers from 0`);
  if (!isSizes(data_offsets) || data_offsets.length !== 2) return fail(`"${name}" has no place in the file`);
  const [from, to] = data_offsets as [number, number];
  if (from > to) fail(`"${name}" begins at byte ${from} and ends at ${to}`);
  return { name, dtype, shape, from, to };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
