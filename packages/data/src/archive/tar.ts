import { ByteReader } from "./byte_reader.ts";

/** A file of an archive. */
export interface TarFile {
  /** Its path in the archive, with forward slashes. */
  readonly name: string;
  readonly data: Uint8Array;
}

/** What is taken from an archive. */
export interface TarSelection {
  /** Which files are read; the others are passed over. */
  readonly wanted: (name: string) => boolean;
  /** Largest size of a file that is read, in bytes. */
  readonly maxBytes: number;
}

const BLOCK = 512;
// Types of entries by the character at 156 of the header (POSIX.1-2001, "ustar Interchange Format").
const FILE = "0";
const FOLDER = "5";
const PAX = "x";
const PAX_GLOBAL = "g";
const GNU_LONG_NAME = "L";
const NAMES: Readonly<Record<string, string>> = {
  "1": "a hard link",
  "2": "a symbolic link",
  "3": "a device",
  "4": "a device",
  "6": "a pipe",
};
/** Largest record of names that is believed. */
const MAX_NAME_BYTES = 1 << 20;

/**
 * Reads a tar archive (the ustar layout of POSIX, with pax and GNU long names) from a stream. Files come as bytes in
 * memory: nothing is written, so no path of an archive decides where anything goes. Yet an archive that tries is not
 * one to trust, and is refused.
 *
 * @param archive what errors call it
 * @throws when the archive is cut short or damaged, when a path is absolute or climbs out with "..", when an entry is a
 *   link or a device, or when a wanted file is larger than `maxBytes`
 */
export async function* readTar(
  chunks: AsyncIterable<Uint8Array>,
  archive: string,
  selection: TarSelection,
): AsyncGenerator<TarFile> {
  const reader = new ByteReader(chunks);
  try {
    yield* readEntries(reader, archive, selection);
  } finally {
    await reader.close();
  }
}

async function* readEntries(
  reader: ByteReader,
  archive: string,
  { wanted, maxBytes }: TarSelection,
): AsyncGenerator<TarFile> {
  const header = new Uint8Array(BLOCK);
  const fail = (what: string): never => {
    throw new Error(`${archive}: ${what}`);
  };
  const readFully = async (bytes: Uint8Array, what: string): Promise<void> => {
    const got = await reader.read(bytes);
    if (got < bytes.length) {
      fail(`the archive is cut short: ${what} has ${got} of ${bytes.length} bytes. Fetch it again.`);
    }
  };
  const passOver = async (count: number, what: string): Promise<void> => {
    if (await reader.skip(count) < count) fail(`the archive is cut short in ${what}. Fetch it again.`);
  };
  // What entries of names say of the entry after them.
  let longName: string | null = null;
  for (;;) {
    const at = reader.position;
    const got = await reader.read(header);
    // Two blocks of zeros end an archive; some writers leave them out.
    if (got === 0 || (got === BLOCK && header.every((byte) => byte === 0))) break;
    if (got < BLOCK) fail(`the archive is cut short: ${got} bytes where a header of ${BLOCK} begins at ${at}.`);
    if (number(header, 148, 8) !== checksum(header)) {
      fail(`no tar archive, or a damaged one: the header at byte ${at} fails its checksum.`);
    }
    const type = header[156] === 0 ? FILE : String.fromCharCode(header[156]!);
    const size = number(header, 124, 12);
    if (!Number.isSafeInteger(size)) fail(`the header at byte ${at} has no size that could be read.`);
    const padding = (BLOCK - size % BLOCK) % BLOCK;
    if (type === PAX || type === PAX_GLOBAL || type === GNU_LONG_NAME) {
      if (size > MAX_NAME_BYTES) fail(`the record of names at byte ${at} claims ${size} bytes.`);
      const record = new Uint8Array(size);
      await readFully(record, "a record of names");
      await passOver(padding, "a record of names");
      if (type === PAX) longName = paxPath(record) ?? longName;
      if (type === GNU_LONG_NAME) longName = text(record, 0, size);
      continue;
    }
    const prefix = text(header, 345, 155);
    const name: string = longName ?? (prefix === "" ? "" : `${prefix}/`) + text(header, 0, 100);
    longName = null;
    checkPath(name, fail);
    if (type !== FILE && type !== FOLDER) {
      fail(`"${name}" is ${NAMES[type] ?? `of the unknown type "${type}"`}; only files and folders are read.`);
    }
    if (type === FILE && wanted(name)) {
      if (size > maxBytes) fail(`"${name}" claims ${size} bytes, more than the ${maxBytes} that it may have.`);
      const data = new Uint8Array(size);
      await readFully(data, `"${name}"`);
      yield { name, data };
    } else await passOver(size, `"${name}"`);
    await passOver(padding, `"${name}"`);
  }
  // To the end, so that what compresses the archive can check its own sum.
  while (await reader.skip(1 << 20) > 0);
}

/** @throws for a path that would lead out of the folder that the archive is unpacked to */
function checkPath(name: string, fail: (what: string) => never): void {
  const steps = name.split(/[/\\]/);
  if (name === "" || name.includes("\0") || steps[0] === "" || /^[A-Za-z]:$/.test(steps[0]!) || steps.includes("..")) {
    fail(`the path "${name}" leads out of the archive's folder; such an archive is not to be trusted.`);
  }
}

function text(bytes: Uint8Array, start: number, length: number): string {
  const field = bytes.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

/** A number in octal digits, or in GNU's binary form for large ones; NaN for anything else. */
function number(bytes: Uint8Array, start: number, length: number): number {
  if (bytes[start]! & 0x80) {
    let value = bytes[start]! & 0x7f;
    for (let i = 1; i < length; i++) value = value * 256 + bytes[start + i]!;
    return value;
  }
  const digits = text(bytes, start, length).trim();
  return /^[0-7]*$/.test(digits) ? parseInt(digits || "0", 8) : NaN;
}

/** The sum of all bytes, those of the checksum itself counted as spaces. */
function checksum(header: Uint8Array): number {
  return header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 32 : byte), 0);
}

/** The `path` of a pax record, lines of "length key=value". */
function paxPath(record: Uint8Array): string | undefined {
  let path: string | undefined;
  for (let at = 0; at < record.length;) {
    const length = parseInt(text(record, at, 20), 10);
    if (!(length > 0)) break;
    const line = new TextDecoder().decode(record.subarray(at, at + length - 1));
    const match = /^\d+ path=(.*)$/s.exec(line);
    if (match) path = match[1];
    at += length;
  }
  return path;
}
