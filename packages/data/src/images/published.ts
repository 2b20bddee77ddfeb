/** The files of published data sets: read from a folder, or downloaded into it. */
import { download } from "../download/download.ts";
import type { DownloadProgress } from "../download/transfer.ts";
import type { AbortSignalLike } from "../download/abort_signal.ts";
import { node } from "../node.ts";
import type { ImageOptions } from "./labelled_images.ts";

/** Options of data sets of pictures whose files are published. */
export interface PublishedOptions extends ImageOptions {
  /** Folder with the files; by default the data set's folder in the user's cache. */
  root?: string;
  /** The training pictures (default) or the test pictures. */
  train?: boolean;
  /** Whether to download what is missing (default false). */
  download?: boolean;
  /** Whether to compare checksums. */
  verify?: boolean;
  /** Addresses of folders to download from, tried before the usual ones. */
  mirrors?: readonly string[];
  /** Called while downloading. */
  onProgress?: (progress: DownloadProgress) => unknown;
  /** Stops a download. */
  signal?: AbortSignalLike;
}

/** The names of the options. */
export const publishedOptions = [
  "root",
  "train",
  "download",
  "verify",
  "mirrors",
  "onProgress",
  "signal",
  "transform",
  "generator",
] as const;

/** A file to download. */
export interface PublishedFile {
  readonly file: string;
  /** Its folder here. */
  readonly folder: string;
  /** Addresses of folders that have it. */
  readonly mirrors: readonly string[];
  /** Its checksum, where one is published. */
  readonly md5?: string | undefined;
  /** What an error says where it is missing and may not be downloaded. */
  readonly missing: string;
}

/**
 * What the first of several ways of reading finds (null: nothing is there). If none does, the file is downloaded, and read in the first
 * way.
 *
 * @throws the first error of a way, or `missing`
 */
export async function readPublished<T>(
  ways: readonly [() => Promise<T | null>, ...(() => Promise<T | null>)[]],
  { file, folder, mirrors, md5, missing }: PublishedFile,
  options: PublishedOptions,
): Promise<T> {
  let fault: unknown = null;
  for (const read of ways) {
    try {
      const found = await read();
      if (found !== null) return found;
    } catch (error) {
      fault ??= error;
    }
  }
  // A damaged file may be replaced in the cache, but not in the user's own folder.
  if (fault !== null && !(options.download && options.root === undefined)) throw fault;
  if (!options.download) throw new Error(missing);
  const addresses = [...(options.mirrors ?? []), ...mirrors];
  await download(addresses.map((base) => `${base.replace(/\/$/, "")}/${file}`), node.path.join(folder, file), {
    ...(md5 !== undefined && { md5 }),
    ...(options.onProgress && { onProgress: options.onProgress }),
    ...(options.signal && { signal: options.signal }),
  });
  return (await ways[0]())!;
}

/** The bytes of a file; null where there is none. */
export async function readIfThere(path: string): Promise<Uint8Array | null> {
  return await node.fs.readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw error;
  });
}
