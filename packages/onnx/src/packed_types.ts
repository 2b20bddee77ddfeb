/** Element types of ONNX with less than 16 bits that have no dtype in Heddle: integers of 4 bits, floating-point numbers of 8. */
import { TensorProto_DataType as Type } from "onnx-buf";

interface PackedReader {
  /** The number of bytes of so many elements. */
  bytes(count: number): number;
  read(bytes: Uint8Array, count: number): Int8Array<ArrayBuffer> | Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
}

/** Two integers a byte, the first in the lower half. */
function nibbles(signed: boolean): PackedReader {
  return {
    bytes: (count) => Math.ceil(count / 2),
    read(bytes, count) {
      const values = signed ? new Int8Array(count) : new Uint8Array(count);
      for (let i = 0; i < count; i++) {
        const value = (bytes[i >> 1]! >> (4 * (i & 1))) & 15;
        values[i] = signed && value > 7 ? value - 16 : value;
      }
      return values;
    },
  };
}

/**
 * Floating-point numbers of 8 bits (Micikevicius et al. 2022, "FP8 formats for deep learning"). With `unsignedZero` the bits of −0
 * are the only NaN and the bias is one more.
 */
function float8(exponentBits: number, unsignedZero: boolean, infinities: boolean): PackedReader {
  const fractionBits = 7 - exponentBits;
  const bias = 2 ** (exponentBits - 1) - (unsignedZero ? 0 : 1);
  const value = (bits: number): number => {
    const sign = bits & 128 ? -1 : 1;
    const exponent = (bits & 127) >> fractionBits;
    const fraction = bits & ((1 << fractionBits) - 1);
    if (unsignedZero ? bits === 128 : !infinities && (bits & 127) === 127) return NaN;
    if (infinities && exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Infinity : NaN;
    return sign *
      (exponent === 0
        ? fraction * 2 ** (1 - bias - fractionBits)
        : (1 + fraction * 2 ** -fractionBits) * 2 ** (exponent - bias));
  };
  return { bytes: (count) => count, read: (bytes) => Float32Array.from(bytes, value) };
}

/** The readers of such types. */
export const packedReaders: Readonly<Record<number, PackedReader>> = {
  [Type.UINT4]: nibbles(false),
  [Type.INT4]: nibbles(true),
  [Type.FLOAT8E4M3FN]: float8(4, false, false),
  [Type.FLOAT8E4M3FNUZ]: float8(4, true, false),
  [Type.FLOAT8E5M2]: float8(5, false, true),
  [Type.FLOAT8E5M2FNUZ]: float8(5, true, false),
};
