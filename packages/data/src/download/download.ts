import { checkOptions } from "@heddle/tensor/engine";
import type { AbortSignalLike } from "./abort_signal.ts";
import { type Expectation, findFault, hasChecksum } from "./checksum.ts";
import { claimPart, releasePart, removeAbandoned } from "./part_file.ts";
import { type DownloadProgress, transfer, TransferError } from "./transfer.ts";
import { node } from "../node.ts";

/** Options of {@link download}. */
export interface DownloadOptions {
  /** Expected MD5 of the file, hexadecimal. */
  md5?: string;
  /** Expected SHA-256 of the file, hexadecimal. */
  sha256?: string;
  /** Expected name in Git, 40 hexadecimal digits, which hubs of Git repositories give as the ETag of small files. */
  gitBlob?: string;
  /** Expected size in bytes. */
  size?: number;
  /** More addresses of the same file, tried in order if earlier ones fail. */
  mirrors?: readonly string[];
  /** Sent with the requests to an address, such as `authorization`, but not to other origins that it redirects to. */
  headers?: Readonly<Record<string, string>>;
  /** Called at the start of a transfer and after every chunk. */
  onProgress?: (progress: DownloadProgress) => unknown;
  /** Further attempts at one address after a temporary failure (default 3). */
  retries?: number;
  /** Milliseconds before the second attempt; doubled for each one after it (default 500). */
  retryDelay?: number;
  /** Milliseconds without a byte after which an attempt fails (default 30,000). */
  timeout?: number;
  /** Stops the download; the promise rejects with the signal's reason. */
  signal?: AbortSignalLike;
}

/** What {@link download} did. */
export interface DownloadResult {
  /** The destination. */
  readonly path: string;
  /** Its size in bytes. */
  readonly bytes: number;
  /** The address it came from; null if a good file existed already. */
  readonly url: string | null;
  /** Bytes reused from an earlier, interrupted download. */
  readonly resumedFrom: number;
}

const KNOWN = [
  "md5",
  "sha256",
  "gitBlob",
  "size",
  "mirrors",
  "headers",
  "onProgress",
  "retries",
  "retryDelay",
  "timeout",
  "signal",
] as const;

/**
 * Downloads a file, so that the destination is either unchanged or complete and verified.
 *
 * The bytes go to a `.part` file beside the destination. Once complete, it is read back from the disk, its size and
 * checksums are compared, and only then is it renamed into place, which is atomic. If a checksum is given, the next
 * call resumes an interrupted download (also in another process or from another mirror); without one nothing would show
 * that the pieces belong together. A part that fails its checksum is deleted. Several processes may download the same
 * file at the same time: each writes its own part file.
 *
 * If the destination exists and is as expected, nothing is fetched; if it is damaged, it is replaced by a good file or
 * left alone. Without checksum and size an existing file is used as it is.
 *
 * @param source one address or several of the same file, in order of preference; redirections are followed
 * @param destination path of the file; its folder is created if necessary
 * @throws when every address fails, with the reason of each; when aborted, the signal's reason
 *
 * @example
 * ```ts ignore
 * import { cacheDir, download } from "@heddle/data";
 *
 * await download("https://example.org/corpus.txt", `${cacheDir()}/corpus.txt`, {
 *   sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
 *   onProgress: ({ received, total }) => console.log(received, "of", total),
 * });
 * ```
 */
export async function download(
  source: string | readonly string[],
  destination: string,
  options: DownloadOptions = {},
): Promise<DownloadResult> {
  checkOptions("download", options, KNOWN);
  const { md5, sha256, gitBlob, size, mirrors = [], retries = 3 } = options;
  checkSum("md5", md5, 32);
  checkSum("sha256", sha256, 64);
  checkSum("gitBlob", gitBlob, 40);
  if (size !== undefined && (!Number.isSafeInteger(size) || size < 0)) {
    throw new Error(`download: size must be a number of bytes, got ${size}`);
  }
  if (!Number.isInteger(retries) || retries < 0) {
    throw new Error(`download: retries must be an integer from 0, got ${retries}`);
  }
  const urls = [...(typeof source === "string" ? [source] : source), ...mirrors];
  if (urls.length === 0) throw new Error(`download: no address was given for ${destination}`);
  const expected: Expectation = { md5, sha256, gitBlob, size };
  options.signal?.throwIfAborted();
  if (await findFault(destination, expected) === null) {
    return { path: destination, bytes: (await node.fs.stat(destination)).size, url: null, resumedFrom: 0 };
  }
  await node.fs.mkdir(node.path.dirname(destination), { recursive: true });
  const part = await claimPart(destination, expected);
  try {
    const failures: string[] = [];
    for (const url of urls) {
      const outcome = await tryAddress(url, part, expected, options);
      if (typeof outcome === "string") {
        failures.push(`${url}: ${outcome}`);
        continue;
      }
      await node.fs.rename(part, destination);
      await removeAbandoned(destination);
      return { path: destination, bytes: (await node.fs.stat(destination)).size, url, resumedFrom: outcome };
    }
    throw new Error(`download: ${destination} could not be fetched.\n  ${failures.join("\n  ")}`);
  } finally {
    // Bytes that cannot be verified are never resumed, so they are deleted.
    if (!hasChecksum(expected)) await node.fs.rm(part, { force: true });
    await releasePart(part, destination, expected);
  }
}

/** Fetches from one address until the part is verified (the bytes resumed from) or the address is given up (why). */
async function tryAddress(
  url: string,
  part: string,
  expected: Expectation,
  options: DownloadOptions,
): Promise<number | string> {
  const { retries = 3, retryDelay = 500, timeout = 30_000, headers = {}, signal, onProgress } = options;
  const resume = hasChecksum(expected);
  let why = "";
  for (let attempt = 0; attempt <= retries; attempt++) {
    if (attempt > 0) await pause(retryDelay * 2 ** (attempt - 1), signal);
    try {
      const { size } = expected;
      const resumedFrom = await transfer({ url, file: part, resume, size, timeout, headers, signal, onProgress });
      const fault = await findFault(part, expected);
      if (fault === null) return resumedFrom;
      await node.fs.rm(part, { force: true });
      why = `what came is not the expected file: ${fault}. It was deleted.`;
      // A file fetched in one go would fail again. One assembled from two pieces is fetched again without counting as
      // an attempt, since the older piece may be the bad one.
      if (resumedFrom === 0) return why;
      attempt--;
    } catch (error) {
      if (!(error instanceof TransferError)) throw error;
      why = error.message;
      if (!error.retry) return why;
    }
  }
  return `${why} (${retries + 1} attempts)`;
}

function checkSum(name: string, sum: string | undefined, digits: number): void {
  if (sum !== undefined && !(sum.length === digits && /^[0-9a-fA-F]+$/.test(sum))) {
    throw new Error(`download: ${name} must be ${digits} hexadecimal digits, got "${sum}"`);
  }
}

function pause(milliseconds: number, signal: AbortSignalLike | undefined): Promise<void> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
