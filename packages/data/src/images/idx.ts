import { checkArguments } from "../arguments.ts";

/** The typed arrays that hold the element types of the IDX format. */
export type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** The element types of the IDX format, by the names that tensors use. */
export type IdxDType = "uint8" | "int8" | "int16" | "int32" | "float32" | "float64";

/** An array as an IDX file holds it. */
export interface IdxArray {
  /** Element type. */
  readonly dtype: IdxDType;
  /** Sizes of the dimensions, outermost first. */
  readonly shape: readonly number[];
  /** The elements in row-major order; their number is the product of `shape`. */
  readonly data: IdxData;
}

interface ElementType {
  readonly code: number;
  readonly dtype: IdxDType;
  readonly bytes: number;
  readonly make: (length: number) => IdxData;
  readonly read: (view: DataView, offset: number) => number;
  readonly write: (view: DataView, offset: number, value: number) => void;
}

// The third byte of the magic number says the element type. The format is big-endian throughout; it is defined at the
// end of http://yann.lecun.com/exdb/mnist/ (0x0A is not assigned).
const ELEMENT_TYPES: readonly ElementType[] = [
  {
    code: 0x08,
    dtype: "uint8",
    bytes: 1,
    make: (n) => new Uint8Array(n),
    read: (v, o) => v.getUint8(o),
    write: (v, o, x) => v.setUint8(o, x),
  },
  {
    code: 0x09,
    dtype: "int8",
    bytes: 1,
    make: (n) => new Int8Array(n),
    read: (v, o) => v.getInt8(o),
    write: (v, o, x) => v.setInt8(o, x),
  },
  {
    code: 0x0b,
    dtype: "int16",
    bytes: 2,
    make: (n) => new Int16Array(n),
    read: (v, o) => v.getInt16(o),
    write: (v, o, x) => v.setInt16(o, x),
  },
  {
    code: 0x0c,
    dtype: "int32",
    bytes: 4,
    make: (n) => new Int32Array(n),
    read: (v, o) => v.getInt32(o),
    write: (v, o, x) => v.setInt32(o, x),
  },
  {
    code: 0x0d,
    dtype: "float32",
    bytes: 4,
    make: (n) => new Float32Array(n),
    read: (v, o) => v.getFloat32(o),
    write: (v, o, x) => v.setFloat32(o, x),
  },
  {
    code: 0x0e,
    dtype: "float64",
    bytes: 8,
    make: (n) => new Float64Array(n),
    read: (v, o) => v.getFloat64(o),
    write: (v, o, x) => v.setFloat64(o, x),
  },
];

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}

/**
 * Reads an array from the bytes of an IDX file (the format of MNIST), not compressed.
 *
 * For uint8 and int8 the result shares memory with `bytes`.
 *
 * @param bytes the whole file
 * @param name what errors call it, a path for instance
 * @returns element type, shape and elements
 * @throws when the magic number is wrong, or when the file is shorter or longer than its header says
 *
 * @example
 * ```ts
 * import { encodeIdx, parseIdx } from "@heddle/data";
 *
 * const bytes = encodeIdx({ dtype: "uint8", shape: [2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 6) });
 * console.log(parseIdx(bytes).shape); // [ 2, 3 ]
 * ```
 */
export function parseIdx(bytes: Uint8Array, name: string = "IDX data"): IdxArray {
  checkArguments("parseIdx", arguments, 2, true);
  const header = readIdxHeader(bytes, name);
  checkIdxLength(header, bytes.length, name);
  const { type, dtype, shape, headerBytes, count } = header;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { dtype, shape, data: readElements(bytes, view, type, headerBytes, count) };
}

/** What the header of an IDX file says. */
export interface IdxHeader {
  readonly type: ElementType;
  readonly dtype: IdxDType;
  readonly shape: readonly number[];
  /** Number of elements. */
  readonly count: number;
  readonly headerBytes: number;
  /** Size of the whole file. */
  readonly fileBytes: number;
}

/** The largest header: a magic number, and 255 sizes. */
export const MOST_HEADER_BYTES: number = 4 + 4 * 255;

/** Reads the header of an IDX file from its first bytes. @throws when it is not an IDX header, or is cut short */
export function readIdxHeader(bytes: Uint8Array, name: string): IdxHeader {
  const fail = (what: string): never => {
    throw new Error(`${name}: ${what}`);
  };
  if (bytes.length < 4) fail(`${bytes.length} bytes are too few for an IDX file, whose magic number alone has 4.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  const type = ELEMENT_TYPES.find((t) => t.code === view.getUint8(2));
  if (view.getUint16(0) !== 0 || type === undefined) {
    return fail(
      `the magic number is ${hex(magic, 8)}, which is not IDX: expected 0x0000TTDD, where TT is the element type ` +
        `(${ELEMENT_TYPES.map((t) => `${hex(t.code, 2)} ${t.dtype}`).join(", ")}) and DD the number of dimensions.`,
    );
  }
  const ndim = view.getUint8(3);
  const headerBytes = 4 + 4 * ndim;
  if (bytes.length < headerBytes) {
    fail(`truncated: ${bytes.length} bytes, but the header of ${ndim} dimensions alone has ${headerBytes}.`);
  }
  const shape = Array.from({ length: ndim }, (_, d) => view.getUint32(4 + 4 * d));
  // A size of 0 makes an empty array, whatever the other sizes.
  const count = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
  return { type, dtype: type.dtype, shape, count, headerBytes, fileBytes: headerBytes + count * type.bytes };
}

/** @throws unless a file has as many bytes as its header says; `more` is for one that was not read to its end */
export function checkIdxLength(header: IdxHeader, length: number, name: string, more: boolean = false): void {
  const { dtype, shape, headerBytes, fileBytes } = header;
  if (length === fileBytes && !more) return;
  throw new Error(
    `${name}: ${length < fileBytes ? "truncated" : "too long"}: ${
      more ? "more than " : ""
    }${length} bytes, but ${dtype} ` +
      `of shape [${shape.join(", ")}] takes ${fileBytes} (${headerBytes} of header, ${
        fileBytes - headerBytes
      } of data).`,
  );
}

function readElements(bytes: Uint8Array, view: DataView, type: ElementType, offset: number, count: number): IdxData {
  if (type.dtype === "uint8") return new Uint8Array(bytes.buffer, bytes.byteOffset + offset, count);
  if (type.dtype === "int8") return new Int8Array(bytes.buffer, bytes.byteOffset + offset, count);
  const data = type.make(count);
  for (let i = 0; i < count; i++) data[i] = type.read(view, offset + i * type.bytes);
  return data;
}

/**
 * Writes an array in the IDX format, not compressed. `parseIdx` reads it back.
 *
 * @throws when `data` has another number of elements than `shape` says, or a dimension is no uint32
 */
export function encodeIdx(array: IdxArray): Uint8Array<ArrayBuffer> {
  checkArguments("encodeIdx", arguments, 1, true);
  const { dtype, shape, data } = array;
  const type = ELEMENT_TYPES.find((t) => t.dtype === dtype);
  if (type === undefined) {
    throw new Error(
      `encodeIdx: dtype "${dtype}" has no code in the IDX format; it knows ` +
        `${ELEMENT_TYPES.map((t) => t.dtype).join(", ")}. Convert the array first.`,
    );
  }
  if (shape.length > 255 || shape.some((size) => !Number.isInteger(size) || size < 0 || size > 0xffffffff)) {
    throw new Error(`encodeIdx: shape [${shape.join(", ")}] has a size that is not an integer from 0 to 4294967295.`);
  }
  const count = shape.reduce((product, size) => product * size, 1);
  if (data.length !== count) {
    throw new Error(`encodeIdx: shape [${shape.join(", ")}] asks for ${count} elements, but data has ${data.length}.`);
  }
  const header = 4 + 4 * shape.length;
  const bytes = new Uint8Array(header + count * type.bytes);
  const view = new DataView(bytes.buffer);
  view.setUint8(2, type.code);
  view.setUint8(3, shape.length);
  shape.forEach((size, d) => view.setUint32(4 + 4 * d, size));
  for (let i = 0; i < count; i++) type.write(view, header + i * type.bytes, data[i] as number);
  return bytes;
}
