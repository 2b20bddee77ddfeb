/** MATLAB's files of version 5 (MathWorks, "MAT-File Format"), as far as data sets need them: arrays of real numbers. */
import { MOST_FROM_ONE } from "./gunzip.ts";
import { unzlib } from "./unzlib.ts";

/** An array of a file. */
export interface MatArray {
  readonly shape: readonly number[];
  /** Its numbers, the first dimension varying fastest; uint8 as a view of the file's bytes where that is possible. */
  readonly data: Uint8Array | Float64Array;
}

// Types of elements.
const INT32 = 5, UINT32 = 6, MATRIX = 14, COMPRESSED = 15, UINT8 = 2, INT8 = 1;
// Classes of arrays: double, single and integers from int8 to uint64.
const FIRST_NUMERIC = 6, LAST_NUMERIC = 15;
const COMPLEX = 0x0800;
const HEADER_BYTES = 128;
/** Decompressed bytes that are enough for flags, dimensions and name. */
const START_BYTES = 1024;

/** Numbers by the type of their element: bytes, and how to read one. */
const NUMBERS: Readonly<
  Record<number, readonly [bytes: number, read: (v: DataView, at: number, le: boolean) => number]>
> = {
  [INT8]: [1, (v, at) => v.getInt8(at)],
  [UINT8]: [1, (v, at) => v.getUint8(at)],
  3: [2, (v, at, le) => v.getInt16(at, le)],
  4: [2, (v, at, le) => v.getUint16(at, le)],
  [INT32]: [4, (v, at, le) => v.getInt32(at, le)],
  [UINT32]: [4, (v, at, le) => v.getUint32(at, le)],
  7: [4, (v, at, le) => v.getFloat32(at, le)],
  9: [8, (v, at, le) => v.getFloat64(at, le)],
  12: [8, (v, at, le) => Number(v.getBigInt64(at, le))],
  13: [8, (v, at, le) => Number(v.getBigUint64(at, le))],
};

/** A piece of a file, of which errors are to name the file. */
interface Source {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly little: boolean;
  readonly name: string;
}

/** An element: its type, and where its content is. */
interface Element {
  readonly type: number;
  readonly start: number;
  readonly length: number;
  /** Where the next element begins. */
  readonly next: number;
}

/**
 * The arrays of a file that have one of the names in `wanted`; others are not decompressed.
 *
 * @param name what errors call the file
 * @throws when the file is of another version, cut short or damaged, or a wanted array is not one of real numbers
 */
export function readMat(bytes: Uint8Array, name: string, wanted: readonly string[]): Map<string, MatArray> {
  const fail = (what: string): never => {
    throw new Error(`${name}: ${what}`);
  };
  if (bytes.length < HEADER_BYTES) fail(`a MAT file begins with ${HEADER_BYTES} bytes, this one has ${bytes.length}.`);
  const mark = String.fromCharCode(bytes[126]!, bytes[127]!);
  if (mark !== "IM" && mark !== "MI") fail("it is no MAT file of version 5 (the marks of the byte order are missing).");
  const little = mark === "IM";
  const file = source(bytes, little, name);
  const version = file.view.getUint16(124, little);
  if (version !== 0x0100) {
    fail(`its version is 0x${version.toString(16)}, only 0x100 can be read. In MATLAB save it with "-v7".`);
  }
  const found = new Map<string, MatArray>();
  for (let at = HEADER_BYTES; at < bytes.length;) {
    const element = elementAt(file, at, bytes.length, false);
    at = element.next;
    if (element.type !== MATRIX && element.type !== COMPRESSED) continue;
    const content = bytes.subarray(element.start, element.start + element.length);
    const array = element.type === MATRIX
      ? readArray(source(content, little, name), wanted)
      : decompressed(content, little, name, wanted);
    if (array === null) continue;
    if (found.has(array.key)) fail(`there are two arrays "${array.key}".`);
    found.set(array.key, array);
  }
  return found;
}

function source(bytes: Uint8Array, little: boolean, name: string): Source {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), little, name };
}

/** The element at a position. @throws where it would reach beyond `end`; an element in a matrix is padded to 8 bytes */
function elementAt({ view, little, name }: Source, at: number, end: number, padded: boolean): Element {
  const cut = (): never => {
    throw new Error(`${name}: the MAT file is cut short or damaged: an element at byte ${at} ends after byte ${end}.`);
  };
  if (at + 8 > end) cut();
  const first = view.getUint32(at, little);
  // Up to four bytes are within the tag itself.
  const short = first >>> 16;
  const [type, length, start] = short > 0
    ? [first & 0xffff, short, at + 4]
    : [first, view.getUint32(at + 4, little), at + 8];
  if (start + length > end || short > 4) cut();
  const next = short > 0 ? at + 8 : start + (padded ? Math.ceil(length / 8) * 8 : length);
  return { type, start, length, next };
}

interface NamedArray extends MatArray {
  readonly key: string;
}

function decompressed(stream: Uint8Array, little: boolean, name: string, wanted: readonly string[]): NamedArray | null {
  try {
    const start = source(inflated(stream, START_BYTES, false), little, name);
    if (start.bytes.length < 8) throw new Error("it is too short");
    const [type, length] = [start.view.getUint32(0, little), start.view.getUint32(4, little)];
    if (type !== MATRIX) return null;
    const header = readHeader(source(start.bytes.subarray(8), little, name));
    if (!wanted.includes(header.key)) return null;
    if (length > stream.length * MOST_FROM_ONE) throw new Error(`${stream.length} bytes cannot hold ${length}`);
    return readArray(source(inflated(stream, 8 + length, true).subarray(8), little, name), wanted);
  } catch (cause) {
    const { message } = cause as Error;
    if (message.startsWith(`${name}: `)) throw cause;
    throw new Error(`${name}: the MAT file's compressed data is truncated or damaged (${message}).`, { cause });
  }
}

/** Decompresses as many bytes as are asked for: `exactly` so many, or fewer. */
function inflated(stream: Uint8Array, bytes: number, exactly: boolean): Uint8Array {
  const target = new Uint8Array(bytes);
  let length = 0;
  for (const piece of unzlib(stream)) {
    if (exactly && length + piece.length > bytes) throw new Error(`there are more than ${bytes} bytes`);
    target.set(piece.subarray(0, bytes - length), length);
    length = Math.min(bytes, length + piece.length);
    if (!exactly && length === bytes) break;
  }
  if (exactly && length < bytes) throw new Error(`there are ${length} bytes of ${bytes}`);
  return target.subarray(0, length);
}

interface ArrayHeader {
  readonly key: string;
  readonly kind: number;
  readonly complex: boolean;
  readonly shape: readonly number[];
  /** Where the numbers begin. */
  readonly at: number;
}

/** Flags, dimensions and name, the first three elements of a matrix. */
function readHeader(from: Source): ArrayHeader {
  const { bytes, view, little, name } = from;
  const fail = (): never => {
    throw new Error(`${name}: the MAT file is damaged: an array does not begin with flags, dimensions and a name.`);
  };
  const flags = elementAt(from, 0, bytes.length, true);
  if (flags.type !== UINT32 || flags.length !== 8) fail();
  const word = view.getUint32(flags.start, little);
  const dims = elementAt(from, flags.next, bytes.length, true);
  if (dims.type !== INT32 || dims.length < 8 || dims.length % 4 !== 0) fail();
  const shape = Array.from({ length: dims.length / 4 }, (_, i) => view.getInt32(dims.start + 4 * i, little));
  if (shape.some((size) => size < 0)) fail();
  const key = elementAt(from, dims.next, bytes.length, true);
  if (key.type !== INT8) fail();
  return {
    key: String.fromCharCode(...bytes.subarray(key.start, key.start + Math.min(key.length, 63))),
    kind: word & 0xff,
    complex: (word & COMPLEX) !== 0,
    shape,
    at: key.next,
  };
}

/** The array of a matrix's content; null for one that is not wanted. */
function readArray(from: Source, wanted: readonly string[]): NamedArray | null {
  const { bytes, view, little, name } = from;
  // The last element of an empty content would be beyond it.
  if (bytes.length === 0) return null;
  const { key, kind, complex, shape, at } = readHeader(from);
  if (!wanted.includes(key)) return null;
  if (kind < FIRST_NUMERIC || kind > LAST_NUMERIC || complex) {
    throw new Error(
      `${name}: the array "${key}" is not one of real numbers (class ${kind}${complex ? ", complex" : ""}).`,
    );
  }
  const { type, start, length } = elementAt(from, at, bytes.length, false);
  const [size, read] = NUMBERS[type] ?? [0];
  const count = shape.reduce((product, side) => product * side, 1);
  if (read === undefined || length !== count * size) {
    throw new Error(
      `${name}: the MAT file is damaged: the array "${key}" of shape [${
        shape.join(", ")
      }] has ${length} bytes of type ${type}.`,
    );
  }
  if (type === UINT8) return { key, shape, data: bytes.subarray(start, start + length) };
  return { key, shape, data: Float64Array.from({ length: count }, (_, i) => read(view, start + i * size, little)) };
}
