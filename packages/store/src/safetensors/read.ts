/** Reads the header of the format safetensors. */
import type { ByteSource } from "../files/byte_source.ts";
import { type Fail, failing, shortened } from "../errors.ts";
import { storedBytes } from "../tensors/elements.ts";
import type { Piece } from "../tensors/pieces.ts";
import { MOST_DIMENSIONS } from "../tensors/placed.ts";
import { duplicateKey } from "./duplicate_key.ts";
import {
  CHECKSUMS,
  elementsByCode,
  headerChecksum,
  hex,
  METADATA,
  MOST_HEADER_BYTES,
  placeOfChecksum,
} from "./format.ts";

/** What the header of a file says, after it was checked against the file's size. */
export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  readonly pieces: readonly Piece[];
  /** The checksum of the header, if it has one. */
  readonly checksum: string | null;
}

/**
 * Reads and checks the header.
 *
 * @throws RangeError if the file is truncated, or the header does not fit the data.
 */
export async function readSafetensors(
  source: ByteSource,
  operation: string,
  verify: boolean,
): Promise<SafetensorsHeader> {
  const fail = failing(operation, source.name, "safetensors");
  if (source.size < 8) fail(`${source.size} bytes are too few for a header`);
  const start = await source.read(0, 8);
  const length = Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true));
  if (length > source.size - 8) fail(`a header of ${length} bytes in a file of ${source.size}`);
  if (length > MOST_HEADER_BYTES) fail(`a header of ${length} bytes; the format allows ${MOST_HEADER_BYTES}`);
  const bytes = await source.read(8, length);
  const header = parseObject(bytes, "header", fail);
  const { [METADATA]: metadata = {} } = header;
  const names = Object.keys(header).filter((name) => name !== METADATA);
  if (!isRecord(metadata) || !Object.values(metadata).every((word) => typeof word === "string")) {
    return fail(`"${METADATA}" is not a record of strings`);
  }
  const words = metadata as Record<string, string>;
  const sums = checksumsOf(words, bytes, names.length, fail);
  if (verify && sums !== null && sums.header !== sums.computed) {
    fail(`the checksum of the header does not match it (${REWRITTEN})`);
  }
  const from = 8 + length;
  const pieces = names.map((name, i): Piece => {
    const { code, shape, begin, end } = readEntry(name, header[name], fail);
    const elements = elementsByCode.get(code);
    if (elements === undefined) {
      return fail(
        `${shortened(name)} has dtype ${shortened(code)}, which is none of ${[...elementsByCode.keys()].join(", ")}`,
      );
    }
    const expected = storedBytes(shape, elements);
    if (expected !== end - begin) {
      fail(`${shortened(name)} has ${end - begin} bytes for ${code} of shape [${shape.slice(0, 8).join(", ")}]`);
    }
    const crc = verify && sums !== null ? parseInt(sums.tensors[i]!, 16) : null;
    return { name, source, from: from + begin, bytes: end - begin, elements, shape, crc, fail };
  });
  checkFilled(pieces, from, source.size, fail);
  return { metadata: words, pieces, checksum: sums?.computed ?? null };
}

/** What explains a checksum that does not match. */
export const REWRITTEN =
  "if another program changed the tensors and kept the metadata, load with { verify: false } and save it again";

/** Parses a JSON object in which no name occurs twice. */
export function parseObject(bytes: Uint8Array, what: string, fail: Fail): Record<string, unknown> {
  let text: string, parsed: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    parsed = JSON.parse(text);
  } catch (error) {
    return fail(`the ${what} is not JSON (${(error as Error).message.slice(0, 200)})`);
  }
  if (!isRecord(parsed)) return fail(`the ${what} is not a JSON object`);
  const repeated = duplicateKey(text, parsed);
  if (repeated !== null) fail(`the ${what} has ${shortened(repeated)} twice`);
  for (const record of [parsed, parsed[METADATA]]) {
    if (isRecord(record) && Object.hasOwn(record, "__proto__")) fail(`the ${what} has the name "__proto__"`);
  }
  return parsed;
}

interface Checksums {
  readonly header: string;
  readonly computed: string;
  readonly tensors: readonly string[];
}

function checksumsOf(
  metadata: Record<string, string>,
  header: Uint8Array,
  count: number,
  fail: Fail,
): Checksums | null {
  const text = metadata[CHECKSUMS];
  if (text === undefined) return null;
  const sums = text.split(","), place = placeOfChecksum(header);
  if (sums.length !== count + 1 || !sums.every((sum) => /^[0-9a-f]{8}$/.test(sum)) || place === null) {
    return fail(`"${CHECKSUMS}" in the metadata is not a checksum for each of ${count} tensors`);
  }
  const [first, ...tensors] = sums;
  return { header: first!, computed: hex(headerChecksum(header, place)), tensors };
}

function readEntry(name: string, entry: unknown, fail: Fail) {
  if (!isRecord(entry)) return fail(`${shortened(name)} is not described`);
  const { dtype, shape, data_offsets } = entry;
  if (typeof dtype !== "string") return fail(`${shortened(name)} has no dtype`);
  if (!isSizes(shape)) return fail(`${shortened(name)} has no shape of whole numbers from 0`);
  if (shape.length > MOST_DIMENSIONS) return fail(`${shortened(name)} has ${shape.length} dimensions`);
  if (!isSizes(data_offsets) || data_offsets.length !== 2) return fail(`${shortened(name)} has no place in the file`);
  const [begin, end] = data_offsets as [number, number];
  if (begin > end) fail(`${shortened(name)} begins at byte ${begin} and ends at ${end}`);
  return { code: dtype, shape, begin, end };
}

/** The format requires that the tensors fill the rest of the file, without gaps. */
function checkFilled(pieces: readonly Piece[], start: number, size: number, fail: Fail): void {
  let end = start;
  for (const { name, from, bytes } of [...pieces].sort((a, b) => a.from - b.from || a.bytes - b.bytes)) {
    if (from !== end) {
      fail(
        `${shortened(name)} begins at byte ${from - start}, where ${
          from < end ? "another tensor lies" : `${end - start} would be next`
        }`,
      );
    }
    end = from + bytes;
  }
  if (end !== size) fail(`${end - start} bytes of tensors in the header, ${size - start} in the file`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
