/** The files of published data sets: read from a folder, or downloaded into it. */
import { download } from "../download/download.ts";
import type { DownloadProgress } from "../download/transfer.ts";
import type { AbortSignalLike } from "../download/abort_signal.ts";
import { node } from "../node.ts";

/** Where files are, and whether they may be downloaded. */
export interface PublishedOptions {
  readonly root?: string;
  readonly download?: boolean;
  readonly mirrors?: readonly string[];
  readonly onProgress?: (progress: DownloadProgress) => unknown;
  readonly signal?: AbortSignalLike;
}

/** The options' names with those of every loader of pictures. */
export const LOAD_OPTIONS = [
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
  readonly md5: string;
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
    md5,
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
