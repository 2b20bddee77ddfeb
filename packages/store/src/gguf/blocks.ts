/** The element types of GGUF that are read, and how quantised blocks become numbers. */
import { type DType, itemSize } from "@heddle/tensor";
import { halfFormats } from "@heddle/tensor/engine";
import { type Convert, type Elements, plainElements } from "../tensors/elements.ts";

/** Both quantised types have blocks of so many elements, each with a scale in float16. */
const BLOCK = 32;

/** A number of the block, from its bytes after the scale. */
type NumberAt = (bytes: Uint8Array, start: number, index: number) => number;

function blocks(code: string, blockBytes: number, numberAt: NumberAt): Elements {
  const convert: Convert = (bytes) => {
    const scales = halfFormats.float16.values(), count = bytes.length / blockBytes;
    const values = new Float32Array(count * BLOCK);
    for (let block = 0; block < count; block++) {
      const at = block * blockBytes, scale = scales[bytes[at]! | bytes[at + 1]! << 8]!;
      for (let i = 0; i < BLOCK; i++) values[block * BLOCK + i] = scale * numberAt(bytes, at + 2, i);
    }
    return values;
  };
  return { code, dtype: "float32", perBlock: BLOCK, blockBytes, convert };
}

const plain: readonly (readonly [number, string, DType])[] = [
  [0, "F32", "float32"],
  [1, "F16", "float16"],
  [24, "I8", "int8"],
  [25, "I16", "int16"],
  [26, "I32", "int32"],
  [27, "I64", "int64"],
  [28, "F64", "float64"],
  [30, "BF16", "bfloat16"],
];

/** The element types by their number. */
export const elementsByType: ReadonlyMap<number, Elements> = new Map([
  ...plain.map(([type, code, dtype]) => [type, plainElements(code, dtype, itemSize(dtype))] as const),
  // value = scale × (number − 8): byte i has number i in its low half and number i + 16 in its high half.
  [2, blocks("Q4_0", 18, (bytes, at, i) => ((i < 16 ? bytes[at + i]! & 15 : bytes[at + i - 16]! >> 4) - 8))] as const,
  // value = scale × number, of 8 bits with a sign.
  [8, blocks("Q8_0", 34, (bytes, at, i) => bytes[at + i]! << 24 >> 24)] as const,
]);

/** Names of types that are not read, for errors. */
export const otherTypes: Readonly<Record<number, string>> = {
  3: "Q4_1",
  6: "Q5_0",
  7: "Q5_1",
  9: "Q8_1",
  10: "Q2_K",
  11: "Q3_K",
  12: "Q4_K",
  13: "Q5_K",
  14: "Q6_K",
  15: "Q8_K",
};
