/**
 * The pages of a column, checked before a library decodes them that trusts their counts. Format: github.com/apache/parquet-format,
 * README.md and Encodings.md.
 */
import { ThriftReader, type ThriftStruct } from "./thrift.ts";

/** What is known of a column from the footer. */
export interface ColumnShape {
  /** The physical type, such as INT32. */
  readonly type: string;
  /** Whether values may be missing. */
  readonly optional: boolean;
  /** The rows of the group. */
  readonly rows: number;
  /** The most bytes that one byte of its codec expands to. */
  readonly expansion: number;
  /** The most bytes of all its pages, unpacked. */
  readonly maxBytes: number;
}

const DATA = 0, DICTIONARY = 2, DATA_V2 = 3;

/** The encodings of values by number. */
const ENCODINGS: Readonly<Record<number, string>> = {
  0: "PLAIN",
  2: "PLAIN_DICTIONARY",
  3: "RLE",
  5: "DELTA_BINARY_PACKED",
  6: "DELTA_LENGTH_BYTE_ARRAY",
  8: "RLE_DICTIONARY",
  9: "BYTE_STREAM_SPLIT",
};

/** A page whose values are checked once they are unpacked. */
export interface Page {
  /** Where its packed bytes are. */
  readonly start: number;
  readonly end: number;
  /** The size of what they unpack to. */
  readonly unpacked: number;
  /** Whether they are packed: those of the second version may not be. */
  readonly packed: boolean;
  /** Checks the unpacked bytes. @throws RangeError */
  check(bytes: Uint8Array): void;
}

/** The pages of a column. @throws RangeError for headers that are damaged, or that claim more than there can be */
export function pagesOf(bytes: Uint8Array, shape: ColumnShape): Page[] {
  const pages: Page[] = [];
  let values = 0, unpackedBytes = 0;
  for (let at = 0; values < shape.rows;) {
    const reader = new ThriftReader(bytes, at);
    const header = reader.struct();
    const type = field(header, 1, 3), unpacked = field(header, 2), packed = field(header, 3, bytes.length - reader.at);
    unpackedBytes += unpacked;
    if (unpacked > packed * shape.expansion + 64 || unpackedBytes > shape.maxBytes) {
      throw new RangeError(`a page claims ${unpacked} bytes, unpacked from ${packed}`);
    }
    const start = reader.at;
    at = start + packed;
    const body = inner(header, type);
    const count = field(body, 1, type === DICTIONARY ? 8 * unpacked : shape.rows - values);
    if (type === DICTIONARY) {
      pages.push({ start, end: at, unpacked, packed: true, check: () => {} });
      continue;
    }
    if (count === 0) throw new RangeError("a page has no values");
    values += count;
    const encoding = ENCODINGS[field(body, type === DATA ? 2 : 4)];
    if (encoding === undefined) {
      throw new RangeError(
        "the values of a page have an encoding that is not supported here, such as DELTA_BYTE_ARRAY or ALP",
      );
    }
    if (type === DATA) {
      const check = (data: Uint8Array): void => {
        const [length, known] = shape.optional ? checkLevels(data, count) : [0, count];
        checkValues(data.subarray(length), encoding, shape.type, known, false);
      };
      pages.push({ start, end: at, unpacked, packed: true, check });
      continue;
    }
    const nulls = field(body, 2, count);
    const definition = field(body, 5, packed), repetition = field(body, 6, packed - definition);
    if (repetition > 0 || (nulls > 0 && !shape.optional) || field(body, 3) !== count || definition > unpacked) {
      throw new RangeError("a page of the second version contradicts itself");
    }
    if (shape.optional) checkRuns(bytes.subarray(start, start + definition), 1, count);
    const check = (data: Uint8Array): void => checkValues(data, encoding, shape.type, count - nulls, true);
    pages.push({
      start: start + definition,
      end: at,
      unpacked: unpacked - definition,
      packed: body.get(7) !== false,
      check,
    });
  }
  return pages;
}

function field(struct: ThriftStruct, id: number, most: number = 0x7fffffff): number {
  const value = struct.get(id);
  if (typeof value === "number" && value >= 0 && value <= most) return value;
  throw new RangeError(`a page's header has ${typeof value === "number" ? value : "nothing usable"} in field ${id}`);
}

/** The field that has the header of a type of pages. */
const INNER: Readonly<Record<number, number>> = { [DATA]: 5, [DICTIONARY]: 7, [DATA_V2]: 8 };

function inner(struct: ThriftStruct, type: number): ThriftStruct {
  const value = struct.get(INNER[type] ?? -1);
  if (value instanceof Map) return value;
  throw new RangeError(`a page of type ${type} has no header of that type`);
}

/** Checks the levels before the values of a page, and returns their length and the number of values that are not missing. */
function checkLevels(bytes: Uint8Array, count: number): [length: number, known: number] {
  if (bytes.length < 4) throw new RangeError("a page ends within its levels");
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (length > bytes.length - 4) throw new RangeError(`levels of ${length} bytes in a page of ${bytes.length}`);
  return [4 + length, checkRuns(bytes.subarray(4, 4 + length), 1, count)];
}

function checkValues(bytes: Uint8Array, encoding: string, type: string, count: number, second: boolean): void {
  switch (encoding) {
    case "PLAIN_DICTIONARY":
    case "RLE_DICTIONARY": {
      // Without values there is not even the width.
      if (bytes.length === 0) return;
      if (bytes[0]! > 32) throw new RangeError(`positions of ${bytes[0]} bits in a dictionary`);
      // The first version has no runs where all positions are 0.
      if (bytes[0]! > 0 || second) checkRuns(bytes.subarray(1), bytes[0]!, count);
      return;
    }
    case "RLE":
      if (type !== "BOOLEAN") throw new RangeError(`values of type ${type} in runs`);
      checkRuns(bytes.subarray(4), 1, count);
      return;
    case "DELTA_BINARY_PACKED":
    case "DELTA_LENGTH_BYTE_ARRAY":
      checkDeltas(bytes, encoding === "DELTA_BINARY_PACKED" ? type : "INT32", count);
      return;
    case "BYTE_STREAM_SPLIT":
      // The library makes room for values of four bytes or more before it reads the first.
      if (count > bytes.length) throw new RangeError(`${count} values in ${bytes.length} bytes`);
  }
}

/** Checks the hybrid of runs and packed bits: no run is longer than the page. Returns how many values of one bit are 1. */
function checkRuns(bytes: Uint8Array, width: number, count: number): number {
  const reader = new ThriftReader(bytes);
  let ones = 0, seen = 0;
  while (seen < count && reader.at < bytes.length) {
    const head = Number(reader.varint(5));
    const isPacked = head % 2 === 1;
    const run = isPacked ? Math.floor(head / 2) * 8 : head / 2;
    if (run > count + 7) throw new RangeError(`a run of ${run} among ${count} values`);
    if (width === 1) {
      for (let i = 0; i < run && seen + i < count; i++) {
        ones += bytes[reader.at + (isPacked ? i >> 3 : 0)]! >> (isPacked ? i & 7 : 0) & 1;
      }
    }
    seen += run;
    reader.at += isPacked ? (run / 8) * width : Math.ceil(width / 8);
  }
  // The library would read on in what follows.
  if (seen < count) throw new RangeError(`runs of ${seen} values where ${count} are expected`);
  return ones;
}

/** Checks blocks of differences: their sizes, and every number of variable length. */
function checkDeltas(bytes: Uint8Array, type: string, count: number): void {
  if (type !== "INT32" && type !== "INT64") throw new RangeError(`differences of values of type ${type}`);
  if (bytes.length === 0) return;
  const reader = new ThriftReader(bytes);
  const block = Number(reader.varint(5)), minis = Number(reader.varint(5));
  reader.varint(5);
  reader.varint(10);
  const each = block / minis;
  if (!(block > 0 && block <= 1 << 20 && each % 8 === 0 && minis <= 1 << 12)) {
    throw new RangeError(`blocks of ${block} values in ${minis} parts`);
  }
  for (let seen = 1; seen < count && reader.at < bytes.length;) {
    reader.varint(10);
    const widths = bytes.subarray(reader.at, reader.at += minis);
    for (let i = 0; i < widths.length && seen < count; i++, seen += each) {
      if (widths[i]! > 64) throw new RangeError(`differences of ${widths[i]} bits`);
      reader.at += each * widths[i]! / 8;
    }
  }
}
