import { ByteReader } from "./byte_reader.ts";

/** A file of an archive. */
export interface TarFile {
  /** Its path in the archive, with forward slashes. */
  readonly name: string;
  readonly data: Uint8Array;
}

/** Which files of an archive are read. */
export interface TarSelection {
  /** Whether to read a file; the others are skipped. */
  readonly wanted: (name: string) => boolean;
  /** Largest size of a file that is read, in bytes. */
  readonly maxBytes: number;
}

const BLOCK = 512;
const [DIGIT_0, SPACE, EQUALS, LINE_FEED] = [0x30, 0x20, 0x3d, 0x0a] as const;
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
/** Largest record of names that is accepted, and how many may precede one file. */
const MAX_NAME_BYTES = 1 << 20;
const MAX_NAME_RECORDS = 4;
/** Limits for the entries and the total size of an archive: an archive of zeros unpacks to a thousand times its size. */
const MAX_ENTRIES = 100_000;
const MAX_ARCHIVE_BYTES = 2 ** 31;

/**
 * Reads a tar archive (the ustar layout of POSIX, with pax and GNU long names) from a stream. Files are returned as
 * bytes in memory; nothing is written, so a path in an archive cannot decide where a file goes. An archive with such a
 * path is refused all the same.
 *
 * @param archive what errors call it
 * @throws when the archive is cut short (also if only the two blocks of zeros at its end are missing), damaged, or
 *   followed by other data, when a path is absolute or climbs out with "..", when an entry is a link or a device, when
 *   a wanted file is there twice, when a wanted file is larger than `maxBytes`, or the whole larger than 2 GiB or
 *   100,000 entries
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
    if (reader.position + count > MAX_ARCHIVE_BYTES) {
      fail(`${what} claims ${count} bytes, and an archive may unpack to ${MAX_ARCHIVE_BYTES}.`);
    }
    if (await reader.skip(count) < count) fail(`the archive is cut short in ${what}. Fetch it again.`);
  };
  const seen = new Set<string>();
  // The name that a record of names gives to the entry after it.
  let longName: string | null = null;
  let nameRecords = 0;
  for (let entries = 0;; entries++) {
    const at = reader.position;
    if (entries > MAX_ENTRIES) fail(`it has more than ${MAX_ENTRIES} entries, which no data set has.`);
    const got = await reader.read(header);
    if (got === BLOCK && isZero(header)) break;
    if (got === 0) {
      fail(
        `the archive is cut short: it stops at byte ${at}, before the two blocks of zeros that end it. Fetch it again.`,
      );
    }
    if (got < BLOCK) {
      fail(`the archive is cut short: ${got} bytes where a header of ${BLOCK} begins at ${at}. Fetch it again.`);
    }
    if (number(header, 148, 8) !== checksum(header)) {
      fail(`not a tar archive, or a damaged one: the header at byte ${at} fails its checksum.`);
    }
    const type = header[156] === 0 ? FILE : String.fromCharCode(header[156]!);
    const size = number(header, 124, 12);
    if (!Number.isSafeInteger(size)) fail(`the header at byte ${at} has an invalid size.`);
    const padding = (BLOCK - size % BLOCK) % BLOCK;
    if (type === PAX || type === PAX_GLOBAL || type === GNU_LONG_NAME) {
      if (size > MAX_NAME_BYTES) fail(`the record of names at byte ${at} claims ${size} bytes.`);
      if (++nameRecords > MAX_NAME_RECORDS) {
        fail(`there are more than ${MAX_NAME_RECORDS} records of names before byte ${at}.`);
      }
      const record = new Uint8Array(size);
      await readFully(record, "a record of names");
      await passOver(padding, "a record of names");
      if (type === PAX || type === PAX_GLOBAL) {
        const path = paxPath(record, () => fail(`the record of names at byte ${at} is damaged.`));
        if (type === PAX) longName = path ?? longName;
      }
      if (type === GNU_LONG_NAME) longName = text(record, 0, size);
      continue;
    }
    const prefix = text(header, 345, 155);
    const name = pathOf(longName ?? (prefix === "" ? "" : `${prefix}/`) + text(header, 0, 100), fail);
    longName = null;
    nameRecords = 0;
    if (type !== FILE && type !== FOLDER) {
      fail(`"${name}" is ${NAMES[type] ?? `of the unknown type "${type}"`}; only files and folders are read.`);
    }
    if (type === FILE && wanted(name)) {
      if (seen.has(name)) {
        fail(`"${name}" is in the archive twice, and which of the two counts is unknown. Fetch it again.`);
      }
      seen.add(name);
      if (size > maxBytes) fail(`"${name}" claims ${size} bytes, more than the ${maxBytes} that it may have.`);
      const data = new Uint8Array(size);
      await readFully(data, `"${name}"`);
      yield { name, data };
    } else await passOver(size, `"${name}"`);
    await passOver(padding, `"${name}"`);
  }
  await readFully(header, "the second of the two blocks of zeros that end it");
  // Reads on to the end of the stream, so that gzip can check its sum. Writers pad archives with zeros.
  const padding = new Uint8Array(1 << 16);
  for (let rest = header; rest.length > 0; rest = padding.subarray(0, await reader.read(padding))) {
    if (!isZero(rest)) {
      fail(
        `there is data after the end of the archive, before byte ${reader.position}; of archives that were joined only the first would be read.`,
      );
    }
    await passOver(0, "the padding after the last entry");
  }
}

function isZero(bytes: Uint8Array): boolean {
  // Bun takes ten times as long for the typed array's iterator.
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}

/**
 * The path of an entry without steps that lead nowhere, so that "./a" and "a" are one file.
 *
 * @throws for a path that leads out of the folder that the archive is unpacked to
 */
function pathOf(name: string, fail: (what: string) => never): string {
  const steps = name.split(/[/\\]/);
  if (name === "" || name.includes("\0") || steps[0] === "" || /^[A-Za-z]:$/.test(steps[0]!) || steps.includes("..")) {
    fail(`the path "${name}" leads out of the archive's folder; do not trust such an archive.`);
  }
  return name.split("/").filter((step) => step !== "" && step !== ".").join("/");
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
  let sum = 8 * 32;
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += header[i]!;
  return sum;
}

/** The `path` of a pax record, which consists of lines "length key=value\n", each counting itself. */
function paxPath(record: Uint8Array, damaged: () => never): string | undefined {
  let path: string | undefined;
  for (let at = 0; at < record.length;) {
    let length = 0, place = at;
    for (; record[place]! >= DIGIT_0 && record[place]! <= DIGIT_0 + 9 && length < record.length; place++) {
      length = length * 10 + record[place]! - DIGIT_0;
    }
    const end = at + length;
    const equals = record.indexOf(EQUALS, place);
    if (
      record[place] !== SPACE || end > record.length || record[end - 1] !== LINE_FEED ||
      !(equals > place && equals < end)
    ) {
      damaged();
    }
    if (equals - place === 5 && text(record, place + 1, 4) === "path") {
      path = new TextDecoder().decode(record.subarray(equals + 1, end - 1));
    }
    at = end;
  }
  return path;
}
