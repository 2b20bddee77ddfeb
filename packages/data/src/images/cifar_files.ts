import { checkOptions } from "@heddle/tensor/engine";
import { gunzip, MOST_FROM_ONE } from "../archive/gunzip.ts";
import { readTar } from "../archive/tar.ts";
import { cacheDir } from "../cache_dir.ts";
import { digest } from "../download/checksum.ts";
import { node } from "../node.ts";
import { type PublishedOptions, publishedOptions, readIfThere, readPublished } from "./published.ts";

/** Options of `CIFAR10.load` and `CIFAR100.load`. */
export interface CifarLoadOptions extends PublishedOptions {
  /**
   * Folder that has the archive, or the folder of binary files that it unpacks to; by default the data set's folder in
   * the user's cache.
   */
  root?: string;
  /**
   * Whether the archive must have the published checksum: by default true in the cache, and false in a `root` of your
   * own, where a subset or another set in the same layout is accepted. Records are always checked.
   */
  verify?: boolean;
}

/** One of the byte labels that a record begins with. */
export interface CifarLabel {
  readonly name: string;
  readonly classes: number;
}

/** A data set in CIFAR's binary layout: records of label bytes and the 3×32×32 bytes of a picture. */
export interface CifarCollection {
  readonly name: string;
  /** Its folder in the cache. */
  readonly folder: string;
  /** Addresses of folders that have the archive. */
  readonly mirrors: readonly string[];
  readonly archive: string;
  readonly md5: string;
  /** The folder in the archive. */
  readonly inner: string;
  readonly train: readonly string[];
  readonly test: readonly string[];
  readonly labels: readonly CifarLabel[];
}

/** The contents of the records. */
export interface CifarRecords {
  /** Three planes of 32×32 for each picture. */
  readonly pixels: Uint8Array;
  /** The labels of all pictures, one array for each kind of label. */
  readonly labels: readonly Uint8Array[];
  /** Where they are from, for errors. */
  readonly name: string;
}

/** Sizes of a picture. */
export const CIFAR_SHAPE: readonly number[] = [3, 32, 32];

const PICTURE_BYTES = 3 * 32 * 32;
// CIFAR-100's training file, the largest there is, has 154 MB.
const MAX_FILE_BYTES = 1 << 29;

/** A file's records, under the path that errors name. */
interface RecordFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Reads one half of a collection, downloading its archive first if the options say so. */
export async function loadCifar(collection: CifarCollection, options: CifarLoadOptions): Promise<CifarRecords> {
  checkOptions(`${collection.name}.load`, options, publishedOptions);
  const files = options.train ?? true ? collection.train : collection.test;
  return joinRecords(await obtain(collection, files, options), collection.labels);
}

async function obtain(
  collection: CifarCollection,
  files: readonly string[],
  options: CifarLoadOptions,
): Promise<RecordFile[]> {
  const { root, verify = root === undefined } = options;
  const { name, inner, mirrors, md5 } = collection;
  const folder = root ?? node.path.join(cacheDir(), collection.folder);
  const archive = node.path.join(folder, collection.archive);
  const missing = `${name}: neither ${collection.archive} nor ${inner} with ${files[0]} is in ${folder}. Pass ` +
    `download: true to fetch the archive (from ${mirrors[0]}), or root: the folder that has it.`;
  return await readPublished(
    [
      () => fromArchive(archive, collection, files, verify),
      () => fromFolder(node.path.join(folder, inner), files),
      () => fromFolder(folder, files),
    ],
    { file: collection.archive, folder, mirrors, md5, missing },
    options,
  );
}

/** The files out of the archive, in memory; null where there is no archive. */
async function fromArchive(
  path: string,
  collection: CifarCollection,
  files: readonly string[],
  verify: boolean,
): Promise<RecordFile[] | null> {
  const bytes = await readIfThere(path);
  if (bytes === null) return null;
  const wanted = new Map(files.map((file) => [`${collection.inner}/${file}`, file]));
  const found = new Map<string, RecordFile>();
  const selection = {
    wanted: (name: string) => wanted.has(name),
    maxBytes: Math.min(MAX_FILE_BYTES, bytes.length * MOST_FROM_ONE),
  };
  for await (const { name, data } of readTar(gunzip(bytes, path), path, selection)) {
    found.set(wanted.get(name)!, { path: `${path}: ${name}`, bytes: data });
  }
  // After reading, since "cut short" says more than two different checksums.
  const actual = verify ? digest("md5", bytes) : collection.md5;
  if (actual !== collection.md5) {
    throw new Error(
      `${path}: the file was altered or is a different one: its MD5 is ${actual}, expected ${collection.md5}. Delete it and ` +
        `fetch it again, or pass verify: false if it is meant to differ.`,
    );
  }
  return files.map((file) => {
    const one = found.get(file);
    if (one === undefined) throw new Error(`${path}: there is no ${collection.inner}/${file} in the archive.`);
    return one;
  });
}

/** The files of a folder; null where the first of them is not there. */
async function fromFolder(folder: string, files: readonly string[]): Promise<RecordFile[] | null> {
  const found: RecordFile[] = [];
  for (const file of files) {
    const path = node.path.join(folder, file);
    const bytes = await readIfThere(path);
    if (bytes !== null) found.push({ path, bytes });
    else if (found.length === 0) return null;
    else throw new Error(`${folder}: ${files[0]} is there, but ${file} is missing. Unpack the archive again.`);
  }
  return found;
}

function joinRecords(files: readonly RecordFile[], kinds: readonly CifarLabel[]): CifarRecords {
  const recordBytes = kinds.length + PICTURE_BYTES;
  let count = 0;
  for (const { path, bytes } of files) {
    const whole = Math.floor(bytes.length / recordBytes);
    if (bytes.length === 0 || bytes.length !== whole * recordBytes) {
      throw new Error(
        `${path}: a record is cut short: ${bytes.length} bytes are ${whole} records of ${recordBytes} and ` +
          `${bytes.length - whole * recordBytes} bytes. Fetch or unpack it again.`,
      );
    }
    count += whole;
  }
  const pixels = new Uint8Array(count * PICTURE_BYTES);
  const labels = kinds.map(() => new Uint8Array(count));
  let place = 0;
  for (const { path, bytes } of files) {
    for (let at = 0; at < bytes.length; at += recordBytes, place++) {
      kinds.forEach(({ name, classes }, k) => {
        const label = bytes[at + k]!;
        if (label >= classes) {
          throw new RangeError(
            `${path}: ${name} ${label} of record ${at / recordBytes} is out of range for ${classes} classes (0 to ${
              classes - 1
            }).`,
          );
        }
        labels[k]![place] = label;
      });
      pixels.set(bytes.subarray(at + kinds.length, at + recordBytes), place * PICTURE_BYTES);
    }
  }
  return { pixels, labels, name: files[0]!.path };
}
