/** Zip archives (PKWARE, APPNOTE.TXT), as far as data sets need them: single files, stored or deflated. */
import { node } from "../node.ts";
import { crc32 } from "@heddle/tensor/engine";
import { MOST_FROM_ONE } from "./gunzip.ts";

const END = 0x06054b50, ENTRY = 0x02014b50, LOCAL = 0x04034b50;
const END_BYTES = 22, ENTRY_BYTES = 46, LOCAL_BYTES = 30;
const MOST_COMMENT = 0xffff;
/** Enough for tens of thousands of files. */
const MOST_DIRECTORY_BYTES = 1 << 24;
const STORED = 0, DEFLATED = 8;
const ENCRYPTED = 1;

type Handle = Awaited<ReturnType<typeof node.fs.open>>;

/** A file in an archive, as the central directory describes it. */
interface ZipEntry {
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

/**
 * One file of an archive; null where there is no archive. Of the archive, only the directory and that file are read.
 *
 * @param path the archive
 * @param wanted the file's name in it
 * @param maxBytes a larger file is refused, before memory is taken for it
 * @throws when the file is missing, compressed by another method, encrypted or too large, or the archive is cut short or damaged; the error
 *   names both
 */
export async function readFromZip(path: string, wanted: string, maxBytes: number): Promise<Uint8Array | null> {
  const handle = await node.fs.open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw error;
  });
  if (handle === null) return null;
  const fail = (what: string): never => {
    throw new Error(`${path}: ${what}`);
  };
  try {
    const { entry, start } = await findEntry(handle, wanted, fail);
    const { flags, method, crc, packed, size, offset } = entry;
    if (flags & ENCRYPTED) fail(`${wanted} is encrypted. Unpack it yourself.`);
    if (method !== STORED && method !== DEFLATED) {
      fail(
        `${wanted} is compressed by method ${method}; only stored and deflated files can be read. Unpack it yourself.`,
      );
    }
    if (size > maxBytes) fail(`${wanted} has ${size} bytes, more than the ${maxBytes} that are read.`);
    if (method === STORED ? size !== packed : size > packed * MOST_FROM_ONE) {
      fail(`the zip archive is damaged: ${packed} bytes cannot hold the ${size} of ${wanted}.`);
    }
    const local = offset + LOCAL_BYTES <= start ? await bytesAt(handle, offset, LOCAL_BYTES) : null;
    if (local?.getUint32(0, true) !== LOCAL) {
      return fail(`the zip archive is damaged: ${wanted} is not at byte ${offset}.`);
    }
    const from = offset + LOCAL_BYTES + local.getUint16(26, true) + local.getUint16(28, true);
    if (from + packed > start) fail(`the zip archive is damaged: ${wanted} reaches into the directory.`);
    const { buffer } = await bytesAt(handle, from, packed) ?? fail(`the zip archive is cut short at ${wanted}.`);
    const bytes = method === STORED
      ? new Uint8Array(buffer)
      : await inflated(new Uint8Array(buffer), size, wanted, fail);
    if (crc32(bytes) !== crc) {
      fail(`the zip archive is damaged: the checksum of ${wanted} does not match. Fetch it again.`);
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

type Fail = (what: string) => never;

/** The bytes of a file from a position on; null if it has fewer. */
async function bytesAt(handle: Handle, position: number, count: number): Promise<DataView<ArrayBuffer> | null> {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count;) {
    const { bytesRead } = await handle.read(bytes, at, count - at, position + at);
    if (bytesRead === 0) return null;
    at += bytesRead;
  }
  return new DataView(bytes.buffer);
}

/** The entry of a file, and where the directory begins. */
async function findEntry(handle: Handle, wanted: string, fail: Fail): Promise<{ entry: ZipEntry; start: number }> {
  const { size: fileBytes } = await handle.stat();
  const tail = Math.min(fileBytes, END_BYTES + MOST_COMMENT);
  const view = await bytesAt(handle, fileBytes - tail, tail) ?? fail("the file changes while it is read.");
  let at = tail - END_BYTES;
  while (at >= 0 && !(view.getUint32(at, true) === END && at + END_BYTES + view.getUint16(at + 20, true) === tail)) {
    at--;
  }
  if (at < 0) fail("it is no zip archive, or it is cut short: the directory at its end is missing. Fetch it again.");
  const [disk, count, length, start] = [
    view.getUint16(at + 4, true),
    view.getUint16(at + 10, true),
    view.getUint32(at + 12, true),
    view.getUint32(at + 16, true),
  ];
  if (count === 0xffff || length === 0xffffffff || start === 0xffffffff) {
    fail(
      "it is a zip archive in the format for more than 4 GB or 65,534 files, which is not read. Unpack it yourself.",
    );
  }
  const end = fileBytes - tail + at;
  if (disk !== 0 || start + length > end || length > MOST_DIRECTORY_BYTES || count * ENTRY_BYTES > length) {
    fail(
      `the zip archive is damaged: its directory of ${length} bytes for ${count} files is said to be at byte ${start}.`,
    );
  }
  const directory = await bytesAt(handle, start, length) ?? fail("the file changes while it is read.");
  const decoder = new TextDecoder();
  let entry: ZipEntry | null = null;
  for (let i = 0, at = 0; i < count; i++) {
    const fits = at + ENTRY_BYTES <= length && directory.getUint32(at, true) === ENTRY;
    if (!fits) fail(`the zip archive is damaged: entry ${i} of its directory is none.`);
    const name = at + ENTRY_BYTES;
    const next = name + [28, 30, 32].reduce((sum, field) => sum + directory.getUint16(at + field, true), 0);
    if (next > length) fail(`the zip archive is damaged: entry ${i} of its directory is cut short.`);
    if (decoder.decode(new Uint8Array(directory.buffer, name, directory.getUint16(at + 28, true))) === wanted) {
      if (entry !== null) fail(`the zip archive has two files ${wanted}.`);
      entry = {
        flags: directory.getUint16(at + 8, true),
        method: directory.getUint16(at + 10, true),
        crc: directory.getUint32(at + 16, true),
        packed: directory.getUint32(at + 20, true),
        size: directory.getUint32(at + 24, true),
        offset: directory.getUint32(at + 42, true),
      };
    }
    at = next;
  }
  return { entry: entry ?? fail(`there is no ${wanted} in the archive.`), start };
}

/** Decompresses exactly `size` bytes, and stops at the first one beyond. */
async function inflated(packed: Uint8Array, size: number, wanted: string, fail: Fail): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let length = 0;
  const stream = node.zlib.createInflateRaw();
  stream.end(packed);
  try {
    for await (const chunk of stream) {
      length += (chunk as Uint8Array).length;
      if (length > size) break;
      bytes.set(chunk as Uint8Array, length - (chunk as Uint8Array).length);
    }
  } catch (cause) {
    fail(`the zip archive is damaged: ${wanted} cannot be decompressed (${(cause as Error).message}). Fetch it again.`);
  }
  if (length !== size) {
    fail(
      `the zip archive is damaged: ${wanted} has ${
        length > size ? `more than ${size}` : `${length}, not ${size}`
      } bytes.`,
    );
  }
  return bytes;
}
