/**
 * The format safetensors: eight bytes with the length of the header (little-endian), the header as JSON (the dtype, shape and offsets of
 * each name, and metadata), then the elements, little-endian, in row-major order, one tensor after another.
 * https://github.com/huggingface/safetensors#format
 */
import { crc32 } from "@heddle/tensor/engine";
import { type DType, dtypes, itemSize } from "@heddle/tensor";
import { type Elements, plainElements, widened, type WiderType } from "../tensors/elements.ts";

/** The key of the metadata in the header. */
export const METADATA = "__metadata__";
/** The key of a nested state, as JSON, in the metadata. */
export const STATE = "heddle.state";
/** The key of the checksums in the metadata: of the header, and of each tensor in the order of the header. */
export const CHECKSUMS = "heddle.crc32";
/** The longest header that the format allows. */
export const MOST_HEADER_BYTES = 100_000_000;

/** The format's name of each dtype. */
export const codes: Readonly<Record<DType, string>> = {
  float32: "F32",
  float64: "F64",
  float16: "F16",
  bfloat16: "BF16",
  int8: "I8",
  int16: "I16",
  int32: "I32",
  int64: "I64",
  uint8: "U8",
  bool: "BOOL",
};

const others: Readonly<Record<WiderType, string>> = {
  uint16: "U16",
  uint32: "U32",
  uint64: "U64",
  float8_e4m3: "F8_E4M3",
  float8_e5m2: "F8_E5M2",
};

/** How elements of each name are stored. */
export const elementsByCode: ReadonlyMap<string, Elements> = new Map([
  ...dtypes.map((dtype) => [codes[dtype], plainElements(codes[dtype], dtype, itemSize(dtype))] as const),
  ...Object.entries(others).map(([type, code]) => [code, { code, ...widened[type as WiderType] }] as const),
]);

/** A tensor in the header. */
export interface HeaderEntry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** A checksum in the header: eight digits. */
export function hex(sum: number): string {
  return sum.toString(16).padStart(8, "0");
}

/** The place of the header's own checksum in its bytes; null if it has none. */
export function placeOfChecksum(header: Uint8Array): number | null {
  // Quotes within other strings are escaped, and a tensor of this name has an object for its value.
  const field = new TextEncoder().encode(`"${CHECKSUMS}":"`);
  for (let at = header.indexOf(field[0]!); at >= 0; at = header.indexOf(field[0]!, at + 1)) {
    if (field.every((byte, i) => header[at + i] === byte)) return at + field.length;
  }
  return null;
}

/** The checksum of a header, with zeros in the place of itself. */
export function headerChecksum(header: Uint8Array, place: number): number {
  const zeros = new TextEncoder().encode("0".repeat(8));
  return crc32(header.subarray(place + zeros.length), crc32(zeros, crc32(header.subarray(0, place))));
}
