/** How elements lie in files, and what they become in tensors. */
import { type DType, type TypedArray, typedArrayOver } from "@heddle/tensor";
import { halfFormats } from "@heddle/tensor/engine";
import { shortened } from "../errors.ts";

/** A dtype of a file that no tensor has, and that converts without loss. */
export type WiderType = "uint16" | "uint32" | "uint64" | "float8_e4m3" | "float8_e5m2";

/** How the elements of a file are stored: as a dtype of tensors, or as one that converts to a dtype without loss. */
export interface Elements {
  /** The file's name of it. */
  readonly code: string;
  readonly dtype: DType;
  /** The elements that one block of bytes has; 1 except in quantised types. */
  readonly perBlock: number;
  readonly blockBytes: number;
  /** Null where the bytes are those of the tensor. */
  readonly convert: Convert | null;
}

/** Converts all bytes of a tensor. @throws RangeError for a value that the dtype cannot hold. */
export type Convert = (bytes: Uint8Array<ArrayBuffer>, name: string) => TypedArray<ArrayBuffer>;

/** Elements that lie in the file as in a tensor's memory. */
export function plainElements(code: string, dtype: DType, bytes: number): Elements {
  return { code, dtype, perBlock: 1, blockBytes: bytes, convert: null };
}

/** The same elements with their most significant byte first. */
export function swapped(elements: Elements): Elements {
  const { blockBytes: size, dtype, convert } = elements;
  if (size === 1) return elements;
  return {
    ...elements,
    convert(bytes, name) {
      const turned = new Uint8Array(bytes.length);
      for (let at = 0; at < bytes.length; at += size) {
        for (let i = 0; i < size; i++) turned[at + i] = bytes[at + size - 1 - i]!;
      }
      return convert === null ? typedArrayOver(dtype, turned.buffer, 0, turned.length / size) : convert(turned, name);
    },
  };
}

function aligned(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return bytes.slice().buffer;
}

/** The dtypes that convert. */
export const widened: Readonly<Record<WiderType, Omit<Elements, "code">>> = {
  uint16: {
    dtype: "int32",
    perBlock: 1,
    blockBytes: 2,
    convert: (bytes) => Int32Array.from(new Uint16Array(aligned(bytes))),
  },
  uint32: {
    dtype: "int64",
    perBlock: 1,
    blockBytes: 4,
    convert: (bytes) => BigInt64Array.from(new Uint32Array(aligned(bytes)), BigInt),
  },
  uint64: {
    dtype: "int64",
    perBlock: 1,
    blockBytes: 8,
    convert(bytes, name) {
      const values = new BigInt64Array(aligned(bytes));
      const found = values.find((value) => value < 0n);
      if (found === undefined) return values;
      throw new RangeError(
        `${shortened(name)} has the value ${
          BigInt.asUintN(64, found)
        } in 64 bits without a sign, which int64 cannot hold`,
      );
    },
  },
  float8_e4m3: { dtype: "float16", perBlock: 1, blockBytes: 1, convert: (bytes) => byTable(bytes, e4m3) },
  float8_e5m2: {
    dtype: "float16",
    perBlock: 1,
    blockBytes: 1,
    convert: (bytes) => byTable(bytes, (byte) => byte << 8),
  },
};

function byTable(bytes: Uint8Array, bitsOf: (byte: number) => number): Uint16Array<ArrayBuffer> {
  const table = Uint16Array.from({ length: 256 }, (_, byte) => bitsOf(byte));
  return Uint16Array.from(bytes, (byte) => table[byte]!);
}

/** The bits in float16 of a float8 with four bits of exponent, which has no infinities (OCP 8-bit floating point, 2023). */
function e4m3(byte: number): number {
  const exponent = (byte >> 3) & 15, fraction = byte & 7, sign = byte & 0x80 ? -1 : 1;
  if (exponent === 15 && fraction === 7) return (byte & 0x80) << 8 | 0x7e00;
  const value = exponent === 0 ? fraction * 2 ** -9 : (1 + fraction / 8) * 2 ** (exponent - 7);
  return halfFormats.float16.toBits(sign * value);
}

/** The bytes of a tensor of the shape; null if they are too many to count, or no whole number of blocks. */
export function storedBytes(shape: readonly number[], { perBlock, blockBytes }: Elements): number | null {
  // Sizes of 0 do not hide the others: with every size at least 1 the product must be a whole number, too.
  const count = shape.reduce((product, size) => product * Math.max(size, 1), 1);
  if (!Number.isSafeInteger(count * Math.max(blockBytes, 8))) return null;
  if (shape.includes(0)) return 0;
  return count % perBlock === 0 ? count / perBlock * blockBytes : null;
}
