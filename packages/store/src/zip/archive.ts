/**
 * Zip archives by ranges: zip.js reads the directory and decompresses; what is stored as it is, is read from its place.
 *
 * zip.js forgives some damage (`strictness: "balanced"`, which PyTorch's archives need). So the places of all files are checked here: they
 * lie within the archive, before the directory, and do not overlap.
 */
import type { Entry, FileEntry } from "@zip.js/zip.js";
import { type ByteSource, memorySource } from "../files/byte_source.ts";
import { type Fail, shortened } from "../errors.ts";

const LOCAL = 0x04034b50, LOCAL_BYTES = 30;
const STORED = 0, DEFLATED = 8;
/** What a compressed file may become, whatever its size; and how many times its size, where that is more. */
const MOST_INFLATED = 2 ** 30, MOST_TIMES = 100;

/** A file in an archive. */
export interface Archived {
  readonly name: string;
  readonly size: number;
  /** Whether it is compressed. Its bytes are then in memory once they were read. */
  readonly deflated: boolean;
  readonly crc: number;
  /** Where its bytes begin, in {@link bytes}. */
  readonly from: number;
  /** The source that has its bytes: the archive itself, or the decompressed file. */
  readonly bytes: ByteSource;
}

/** The files of an archive by name. Folders are left out. @throws RangeError for a damaged archive */
export async function openArchive(source: ByteSource, fail: Fail): Promise<Map<string, Archived>> {
  const { Reader, ZipReader } = await import("@zip.js/zip.js");
  class Ranges extends Reader<ByteSource> {
    constructor() {
      super(source);
      this.size = source.size;
    }
    override async readUint8Array(index: number, length: number): Promise<Uint8Array> {
      if (!(index >= 0 && length >= 0)) throw new RangeError("a range before the beginning");
      return await source.read(index, Math.max(0, Math.min(length, source.size - index)));
    }
  }
  const reader = new ZipReader(new Ranges(), { useWebWorkers: false, strictness: "balanced" });
  let entries: Entry[];
  try {
    entries = await reader.getEntries();
  } catch (error) {
    return fail(`the zip archive's directory cannot be read (${String((error as Error).message).slice(0, 200)})`);
  }
  const files = new Map<string, Archived>(), places: [from: number, to: number, name: string][] = [];
  for (const entry of entries) {
    const name = entry.filename;
    if (files.has(name)) fail(`the archive has two files ${shortened(name)}`);
    if (entry.directory) continue;
    const { compressionMethod: method, compressedSize: packed, uncompressedSize: size, signature: crc = 0 } = entry;
    if (entry.encrypted) fail(`${shortened(name)} is encrypted`);
    if (method !== STORED && method !== DEFLATED) fail(`${shortened(name)} is compressed by method ${method}`);
    if (method === STORED ? size !== packed : size > Math.max(MOST_INFLATED, packed * MOST_TIMES)) {
      fail(`${shortened(name)} has ${size} bytes, and ${packed} in the archive`);
    }
    const from = await dataStart(source, entry, fail);
    if (from + packed > source.size) fail(`${shortened(name)} reaches beyond the end of the file`);
    places.push([entry.offset, from + packed, name]);
    const deflated = method === DEFLATED;
    files.set(name, {
      name,
      size,
      deflated,
      crc,
      from: deflated ? 0 : from,
      bytes: deflated ? inflated(entry, source.name, fail) : source,
    });
  }
  places.sort((a, b) => a[0] - b[0]);
  for (let i = 1; i < places.length; i++) {
    if (places[i]![0] < places[i - 1]![1]) {
      fail(`${shortened(places[i]![2])} overlaps ${shortened(places[i - 1]![2])} in the archive`);
    }
  }
  return files;
}

/** Where the bytes of a file begin: after its own header, which may be longer than the directory says. */
async function dataStart(source: ByteSource, { offset, filename }: Entry, fail: Fail): Promise<number> {
  if (offset < 0 || offset + LOCAL_BYTES > source.size) fail(`${shortened(filename)} is beyond the end of the file`);
  const header = await source.read(offset, LOCAL_BYTES);
  const view = new DataView(header.buffer, header.byteOffset, LOCAL_BYTES);
  if (view.getUint32(0, true) !== LOCAL) fail(`${shortened(filename)} is not at byte ${offset}`);
  return offset + LOCAL_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
}

/** A compressed file as a source: it is decompressed when it is first read, and never beyond the size that it is said to have. */
function inflated(entry: FileEntry, archive: string, fail: Fail): ByteSource {
  const { filename: name, uncompressedSize: size } = entry;
  let whole: Promise<ByteSource> | null = null;
  const inflate = async (): Promise<ByteSource> => {
    const parts: Uint8Array[] = [];
    let length = 0;
    const sink = new WritableStream<Uint8Array>({
      write(part) {
        length += part.length;
        if (length > size) throw new RangeError(`more than ${size} bytes`);
        parts.push(part.slice());
      },
    });
    try {
      await entry.getData(sink, { useWebWorkers: false, checkCrc32: true });
    } catch (error) {
      fail(`${shortened(name)} cannot be decompressed (${String((error as Error)?.message ?? error).slice(0, 200)})`);
    }
    if (length !== size) fail(`${shortened(name)} has ${length} bytes, not ${size}`);
    const bytes = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return memorySource(bytes, name);
  };
  return {
    name: archive,
    size,
    path: null,
    read: async (offset, length) => await (await (whole ??= inflate())).read(offset, length),
    close: () => Promise.resolve(),
  };
}

/** All bytes of a file that is not large. @throws RangeError where the checksum does not match */
export async function bytesOfFile({ bytes, from, size }: Archived): Promise<Uint8Array<ArrayBuffer>> {
  return await bytes.read(from, size);
}
