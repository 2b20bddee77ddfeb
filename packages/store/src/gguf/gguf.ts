/**
 * GGUF, the format of llama.cpp: values by key, the tensors' names, shapes and types, then their elements.
 * https://github.com/ggerganov/ggml/blob/master/docs/gguf.md, versions 2 and 3
 */
import type { ByteSource } from "../files/byte_source.ts";
import { type Fail, failing, shortened } from "../errors.ts";
import type { Format, MetadataValue, OpenedFile, OpenOptions } from "../formats/format.ts";
import { storedBytes } from "../tensors/elements.ts";
import { allOf, type Piece } from "../tensors/pieces.ts";
import { elementsByType, otherTypes } from "./blocks.ts";

/** The bytes that a file begins with. */
export const MAGIC = [0x47, 0x47, 0x55, 0x46] as const;

/** Read only. */
export const gguf: Format = { extensions: [".gguf"], write: null };

/** What is read of a file at first; more as far as the header goes on. */
const FIRST_BYTES = 1 << 20;
/** A header has a vocabulary of some hundred thousand words, and nothing larger. */
const MOST_HEADER_BYTES = 1 << 26;
/** The most dimensions that the format allows. */
const MOST_DIMENSIONS = 4;

interface Described {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: number;
  readonly offset: number;
}

interface Header {
  readonly metadata: Record<string, MetadataValue>;
  readonly described: readonly Described[];
  readonly end: number;
}

/** Opens a file. Quantised tensors become float32 when they are read. */
export async function openGguf(source: ByteSource, { operation }: OpenOptions): Promise<OpenedFile> {
  const fail = failing(operation, source.name, "GGUF");
  const { metadata, described, end } = await readHeader(source, fail);
  const alignment = metadata["general.alignment"] ?? 32;
  if (typeof alignment !== "number" || alignment < 8 || alignment > 65536 || alignment % 8 !== 0) {
    return fail(`an alignment of ${String(alignment).slice(0, 50)} bytes`);
  }
  const start = Math.ceil(end / alignment) * alignment;
  const pieces = described.map(({ name, shape, type, offset }): Piece => {
    const elements = elementsByType.get(type);
    if (elements === undefined) {
      throw new TypeError(
        `${operation}: ${shortened(name)} in ${source.name} has the type ${
          otherTypes[type] ?? type
        }, which is not read; of the ` +
          "quantised types Q8_0 and Q4_0 are, and llama.cpp's llama-quantize --allow-requantize writes them",
      );
    }
    const bytes = storedBytes(shape, elements);
    if (bytes === null || (shape.at(-1) ?? 1) % elements.perBlock !== 0) {
      return fail(`${shortened(name)} is ${elements.code} of shape [${shape.join(", ")}]`);
    }
    if (offset % alignment !== 0) {
      fail(`${shortened(name)} begins at byte ${offset}, which is not a multiple of ${alignment}`);
    }
    if (start + offset + bytes > source.size) {
      fail(`${shortened(name)} of ${bytes} bytes is beyond the end of the file`);
    }
    return { name, source, from: start + offset, bytes, elements, shape, crc: null, fail };
  });
  const sorted = [...pieces].sort((a, b) => a.from - b.from || a.bytes - b.bytes);
  for (const [i, { name, from }] of sorted.entries()) {
    const before = sorted[i - 1];
    if (before !== undefined && before.from + before.bytes > from) {
      fail(`${shortened(name)} begins at byte ${from - start}, where ${shortened(before.name)} lies`);
    }
  }
  return { metadata, tensors: pieces.map(allOf) };
}

/** Thrown where the bytes end before the header does. */
class HeaderEnds extends Error {}

/** The header, whose length nothing says: it is tried with ever more bytes. */
async function readHeader(source: ByteSource, fail: Fail): Promise<Header> {
  const most = Math.min(source.size, MOST_HEADER_BYTES);
  for (let length = Math.min(FIRST_BYTES, most);; length = Math.min(length * 4, most)) {
    try {
      return new HeaderReader(await source.read(0, length), fail).read();
    } catch (error) {
      if (!(error instanceof HeaderEnds)) throw error;
      if (length === most) fail("the header ends too early");
    }
  }
}

/** A reader of numbers by their type in the format; 8 is a string, 9 an array. */
type ReadNumber = (view: DataView, at: number) => number | bigint | boolean;

const numbers: Readonly<Record<number, readonly [bytes: number, read: ReadNumber]>> = {
  0: [1, (view, at) => view.getUint8(at)],
  1: [1, (view, at) => view.getInt8(at)],
  2: [2, (view, at) => view.getUint16(at, true)],
  3: [2, (view, at) => view.getInt16(at, true)],
  4: [4, (view, at) => view.getUint32(at, true)],
  5: [4, (view, at) => view.getInt32(at, true)],
  6: [4, (view, at) => view.getFloat32(at, true)],
  7: [1, (view, at) => view.getUint8(at) !== 0],
  10: [8, (view, at) => exact(view.getBigUint64(at, true))],
  11: [8, (view, at) => exact(view.getBigInt64(at, true))],
  12: [8, (view, at) => view.getFloat64(at, true)],
};
const STRING = 8, ARRAY = 9;

/** A number where it is exact. */
function exact(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

class HeaderReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly fail: Fail;
  private at = 4;

  constructor(bytes: Uint8Array, fail: Fail) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.fail = fail;
  }

  read(): Header {
    const version = this.number(4);
    if (version !== 2 && version !== 3) this.fail(`version ${version}; 2 and 3 are read`);
    const [tensors, keys] = [this.number(10), this.number(10)] as [number, number];
    const metadata: Record<string, MetadataValue> = Object.create(null);
    for (let i = 0; i < keys; i++) {
      const key = this.name(metadata);
      metadata[key] = this.value(this.number(4) as number, 0);
    }
    const described: Described[] = [], names: Record<string, true> = Object.create(null);
    for (let i = 0; i < tensors; i++) {
      const name = this.name(names);
      names[name] = true;
      const dimensions = this.number(4) as number;
      if (dimensions > MOST_DIMENSIONS) this.fail(`${shortened(name)} has ${dimensions} dimensions`);
      const sizes = Array.from({ length: dimensions }, () => this.number(10));
      const [type, offset] = [this.number(4) as number, this.number(10)];
      if (![...sizes, offset].every(Number.isSafeInteger)) {
        this.fail(`${shortened(name)} has sizes or an offset beyond 2^53`);
      }
      // The fastest dimension comes first.
      described.push({ name, shape: (sizes as number[]).reverse(), type, offset: offset as number });
    }
    return { metadata: { ...metadata }, described, end: this.at };
  }

  /** A name that is not taken yet. */
  private name(taken: object): string {
    const name = this.text();
    if (name === "__proto__") this.fail('the header has the name "__proto__"');
    if (Object.hasOwn(taken, name)) this.fail(`the header has ${shortened(name)} twice`);
    return name;
  }

  private value(type: number, depth: number): MetadataValue {
    if (type === STRING) return this.text();
    if (type !== ARRAY) return this.number(type);
    if (depth > 3) this.fail("arrays within arrays within arrays");
    const [kind, count] = [this.number(4) as number, this.number(10)];
    // Every element has at least one byte, so that the count is bounded by the file.
    if (typeof count !== "number" || count > this.bytes.length - this.at) throw new HeaderEnds();
    return Array.from({ length: count }, () => this.value(kind, depth + 1));
  }

  private number(type: number): number | bigint | boolean {
    const known = numbers[type];
    if (known === undefined) return this.fail(`a value of the type ${type}`);
    return known[1](this.view, this.take(known[0]));
  }

  private text(): string {
    const at = this.take(this.number(10) as number);
    return decoder.decode(this.bytes.subarray(at, this.at));
  }

  private take(count: number): number {
    if (!(count <= this.bytes.length - this.at)) throw new HeaderEnds();
    this.at += count;
    return this.at - count;
  }
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
