import { checkOptions } from "@heddle/tensor/engine";
import { readFromZip } from "../archive/zip.ts";
import { cacheDir } from "../cache_dir.ts";
import { digest } from "../download/checksum.ts";
import { type IdxArray, parseIdx } from "./idx.ts";
import { idxContent } from "./idx_file.ts";
import type { LabelledImagesParts } from "./labelled_images.ts";
import { type PublishedOptions, publishedOptions, readIfThere, readPublished } from "./published.ts";
import { node } from "../node.ts";

/** Options of `MNIST.load`, `FashionMNIST.load` and `KMNIST.load`. */
export interface IdxLoadOptions extends PublishedOptions {
  /** Folder with the original files, gzipped or not; by default the data set's folder in the user's cache. */
  root?: string;
  /** Whether to compare checksums (default true). Turn it off for files of your own in the same format. */
  verify?: boolean;
}

/** A published file of a data set. */
export interface IdxSource {
  /** Name of the uncompressed file; the published one ends in `.gz`. */
  readonly file: string;
  /** MD5 of the file as published, gzipped; absent where none is published. */
  readonly gzipMd5?: string;
  /** MD5 of the content, where it is known: the same content may be compressed differently. */
  readonly contentMd5?: string;
}

/** A zip archive with gzipped files. */
export interface IdxArchive {
  readonly file: string;
  /** The files' folder in it. */
  readonly inner: string;
  readonly md5: string;
}

// EMNIST's largest file, gzipped, has about 130 MB.
const MAX_FILE_BYTES = 1 << 29;

/** A data set of pictures in IDX files. */
export interface IdxCollection {
  readonly name: string;
  /** Its folder in the cache. */
  readonly folder: string;
  /** Addresses of folders that have the files, or the archive. */
  readonly mirrors: readonly string[];
  /** The zip archive that the gzipped files are published in, if they are. */
  readonly archive?: IdxArchive;
  readonly classes: readonly string[];
  readonly train: { readonly images: IdxSource; readonly labels: IdxSource };
  readonly test: { readonly images: IdxSource; readonly labels: IdxSource };
}

/** Reads one half of a collection from a folder, downloading it first if the options say so. */
export async function loadIdxCollection(
  collection: IdxCollection,
  options: IdxLoadOptions,
): Promise<LabelledImagesParts> {
  checkOptions(`${collection.name}.load`, options, publishedOptions);
  const half = options.train ?? true ? collection.train : collection.test;
  const images = await obtain(collection, half.images, options);
  const labels = await obtain(collection, half.labels, options);
  const [count, ...imageShape] = images.array.shape;
  if (images.array.dtype !== "uint8" || imageShape.length !== 2) {
    throw new Error(
      `${images.path}: expected uint8 pictures of shape [N, height, width], got ${images.array.dtype} of shape ` +
        `[${images.array.shape.join(", ")}].`,
    );
  }
  if (labels.array.shape.length !== 1 || labels.array.shape[0] !== count) {
    throw new Error(
      `${labels.path}: expected one label for each of the ${count} pictures of ${images.path}, got shape ` +
        `[${labels.array.shape.join(", ")}].`,
    );
  }
  return {
    pixels: images.array.data as Uint8Array,
    labels: labels.array.data,
    imageShape,
    classes: collection.classes,
    transform: options.transform,
    generator: options.generator,
    name: labels.path,
  };
}

interface Obtained {
  readonly array: IdxArray;
  readonly path: string;
}

async function obtain(collection: IdxCollection, source: IdxSource, options: IdxLoadOptions): Promise<Obtained> {
  const { root, verify = true } = options;
  const { name, mirrors, archive } = collection;
  const folder = root ?? node.path.join(cacheDir(), collection.folder);
  const gzipped = `${source.file}.gz`;
  const read = async (file: string): Promise<Obtained | null> => {
    const path = node.path.join(folder, file);
    const bytes = await readIfThere(path);
    return bytes && { array: await readVerified(bytes, path, source, verify), path };
  };
  const published = archive?.file ?? gzipped;
  const fromArchive = async ({ file, inner }: IdxArchive): Promise<Obtained | null> => {
    const [path, entry] = [node.path.join(folder, file), `${inner}/${gzipped}`];
    const bytes = await readFromZip(path, entry, MAX_FILE_BYTES);
    const where = `${path}: ${entry}`;
    return bytes && { array: await readVerified(bytes, where, source, verify), path: where };
  };
  const ways = [() => read(gzipped), () => read(source.file)] as const;
  const missing = `${name}: neither ${gzipped} nor ${source.file} is in ${folder}. Pass download: true to fetch ` +
    `${archive === undefined ? "it" : published} (from ${mirrors[0]}), or pass root: the folder that has it. ` +
    `DrawnDigits needs no files.`;
  return await readPublished(
    archive === undefined ? ways : [() => fromArchive(archive), ...ways],
    { file: published, folder, mirrors, md5: archive?.md5 ?? source.gzipMd5, missing },
    options,
  );
}

async function readVerified(
  bytes: Uint8Array,
  path: string,
  source: IdxSource,
  verify: boolean,
): Promise<IdxArray> {
  const content = await idxContent(bytes, path);
  // Before the checksum, since "truncated" says more than two different checksums.
  const array = parseIdx(content, path);
  if (!verify || source.gzipMd5 === undefined) return array;
  const gzipped = content !== bytes;
  if (gzipped && digest("md5", bytes) === source.gzipMd5) return array;
  if (source.contentMd5 === undefined && !gzipped) return array;
  const actual = digest("md5", content);
  if (actual === source.contentMd5) return array;
  throw new Error(
    `${path}: the file was altered or is a different one: ` +
      (source.contentMd5 === undefined
        ? `its MD5 is ${digest("md5", bytes)}, expected ${source.gzipMd5}`
        : `the MD5 of its content is ${actual}, expected ${source.contentMd5}`) +
      `. Delete it and fetch it again, or pass verify: false if it is meant to differ.`,
  );
}
