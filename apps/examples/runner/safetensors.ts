/**
 * Named tensors in a file of the safetensors format, which Python's `safetensors` reads too: eight bytes with the length of
 * the header (little-endian), the header as JSON (each name with its dtype, shape and place, padded with blanks to a
 * multiple of eight bytes), then the elements, little-endian, rows first, one tensor after the other.
 */
import { type DType, fromTypedArray, type Tensor } from "@heddle/tensor";

type Elements = Exclude<ReturnType<Tensor["toTypedArray"]>, never>;

/** The format's name of a dtype, the bytes of an element, and its elements in bytes of their own. */
const FORMATS: Partial<Record<DType, { code: string; bytes: number; read: (bytes: ArrayBuffer) => Elements }>> = {
  float32: { code: "F32", bytes: 4, read: (bytes) => new Float32Array(bytes) },
  float64: { code: "F64", bytes: 8, read: (bytes) => new Float64Array(bytes) },
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
 * The bytes of a file with these tensors, and words about it (such as the model's name). It waits for devices whose values
 * cannot be read at once.
 *
 * @throws TypeError for a dtype that it cannot write (float16: convert to float32 first).
 */
export async function encodeSafetensors(
  tensors: Record<string, Tensor>,
  about: Record<string, string> = {},
): Promise<Uint8Array> {
  const header: Record<string, Entry | Record<string, string>> = { __metadata__: about };
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, tensor] of Object.entries(tensors)) {
    const format = FORMATS[tensor.dtype];
    if (!format) {
      throw new TypeError(
        `encodeSafetensors: "${name}" is ${tensor.dtype}; there are ${Object.keys(FORMATS).join(", ")}`,
      );
    }
    const elements = await tensor.data();
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

/**
 * The words about a file that were given to {@link encodeSafetensors}.
 *
 * @throws RangeError when the file has no header of the format.
 */
export function safetensorsMetadata(file: Uint8Array): Record<string, string> {
  return readHeader(file).about;
}

/**
 * The tensors of a file, on the CPU whatever the default device is: `loadStateDict` moves them to where they belong.
 *
 * @throws RangeError when the file is cut short, or its header does not describe what follows; nothing is read then.
 */
export function decodeSafetensors(file: Uint8Array): Record<string, Tensor> {
  const { entries, data } = readHeader(file);
  // The format wants the tensors to fill the rest of the file, without gaps.
  const end = entries.reduce((most, [, entry]) => Math.max(most, entry.data_offsets?.[1] ?? NaN), 0);
  if (end !== data.length) fail(`${end} bytes of tensors in the header, ${data.length} in the file`);
  const read = entries.map(([name, { dtype: code, shape, data_offsets: [from, to] }]) => {
    const found = Object.entries(FORMATS).find(([, format]) => format.code === code);
    if (!found) return fail(`"${name}" has dtype ${code}`);
    const [dtype, format] = found;
    const bytes = shape.reduce((product, size) => product * size, format.bytes);
    if (!(from >= 0) || to - from !== bytes) {
      fail(`"${name}" has ${to - from} bytes for ${code} of shape [${shape.join(", ")}]`);
    }
    return {
      name,
      dtype: dtype as DType,
      shape,
      elements: format.read(new Uint8Array(data.subarray(from, to)).buffer),
    };
  });
  return Object.fromEntries(
    read.map(({ name, dtype, shape, elements }) => [name, fromTypedArray(elements, shape, { dtype, device: "cpu" })]),
  );
}

/** What the header says, and the bytes after it. */
function readHeader(
  file: Uint8Array,
): { about: Record<string, string>; entries: [name: string, entry: Entry][]; data: Uint8Array } {
  if (file.length < 8) fail(`${file.length} bytes hold no header`);
  const headerLength = Number(new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true));
  if (headerLength > file.length - 8) fail(`a header of ${headerLength} bytes in a file of ${file.length}`);
  let header: Record<string, Entry>;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(file.subarray(8, 8 + headerLength)));
  } catch (error) {
    return fail(`the header is no JSON (${(error as Error).message})`);
  }
  const { __metadata__: about = {}, ...tensors } = header as Record<string, Entry> & {
    __metadata__?: Record<string, string>;
  };
  return { about, entries: Object.entries(tensors), data: file.subarray(8 + headerLength) };
}

function fail(what: string): never {
  throw new RangeError(`decodeSafetensors: ${what}; the file is damaged or not in the safetensors format`);
}
