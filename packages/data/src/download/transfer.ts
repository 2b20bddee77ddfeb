import type { FileHandle } from "node:fs/promises";
import { node } from "../node.ts";
import type { AbortSignalLike } from "./abort_signal.ts";

/** How far a download has come. */
export interface DownloadProgress {
  /** The address. */
  readonly url: string;
  /** Bytes on disk so far, those of an earlier, interrupted download included. */
  readonly received: number;
  /** Size of the whole file in bytes, where the server says it. */
  readonly total: number | undefined;
  /** Bytes on disk before this transfer started. */
  readonly resumedFrom: number;
}

/** One attempt to fetch one address into one file. */
export interface TransferRequest {
  readonly url: string;
  /** The part file. */
  readonly file: string;
  /** Whether bytes already in the part file may be kept. */
  readonly resume: boolean;
  /** Expected size of the whole in bytes. */
  readonly size: number | undefined;
  /** Headers for the address itself, not for other origins that it redirects to. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds without a byte after which the attempt fails. */
  readonly timeout: number;
  readonly signal: AbortSignalLike | undefined;
  readonly onProgress: ((progress: DownloadProgress) => unknown) | undefined;
}

/** A transfer that failed because of the network or the server. */
export class TransferError extends Error {
  override readonly name: string = "TransferError";
  /** Whether the same address is worth another attempt. */
  readonly retry: boolean;

  constructor(message: string, retry: boolean, options?: ErrorOptions) {
    super(message, options);
    this.retry = retry;
  }
}

// Request timeout, too early, too many requests; besides these the server's own faults (5xx).
const PASSING_STATUS = new Set([408, 425, 429]);

/**
 * Fetches into the part file, continuing it where that is allowed and the server can.
 *
 * @returns the number of bytes that were kept from an earlier attempt
 * @throws TransferError for network and server, the signal's reason when aborted, and errors of the disk as they come
 */
export async function transfer(request: TransferRequest): Promise<number> {
  const { url, size } = request;
  const kept = request.resume ? await sizeOf(request.file) : 0;
  if (kept > 0 && kept === size) return kept;
  const from = size !== undefined && kept > size ? 0 : kept;

  const watch = new Watch(request.timeout, request.signal);
  try {
    // Compressed in transit, neither ranges nor sizes would be those of the file.
    const headers: Record<string, string> = { "accept-encoding": "identity" };
    if (from > 0) headers["range"] = `bytes=${from}-`;
    const response = await follow(url, headers, request.headers, watch);
    if (response.status === 416 && from > 0) {
      await response.body?.cancel();
      return from; // nothing is left to send; the checksum shows whether the part is the file
    }
    if (response.status !== 200 && response.status !== 206) {
      await response.body?.cancel();
      const passing = response.status >= 500 || PASSING_STATUS.has(response.status);
      throw new TransferError(`HTTP status ${response.status} ${response.statusText}`.trimEnd(), passing);
    }
    const { start, total } = readExtent(response, from);
    if (size !== undefined && total !== undefined && total !== size) {
      await response.body?.cancel();
      throw new TransferError(`the server has ${total} bytes, expected ${size}`, false);
    }
    await receive(response, start, total ?? size, request, watch);
    return start;
  } finally {
    watch.stop();
  }
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 10;

/** Follows redirections. Runtimes differ in which headers they send on to other origins, so it is done here. */
async function follow(
  url: string,
  headers: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
  watch: Watch,
): Promise<Response> {
  if (!URL.canParse(url)) throw new TransferError("it is no address", false);
  const { origin } = new URL(url);
  for (let at = url, count = 0;; count++) {
    const sent = new URL(at).origin === origin ? { ...own, ...headers } : headers;
    const target = at;
    const response = await watch.network(() =>
      fetch(target, { headers: sent, redirect: "manual", signal: watch.signal })
    );
    const location = response.headers.get("location");
    if (!REDIRECTS.has(response.status) || location === null) return response;
    await response.body?.cancel();
    const next = URL.canParse(location, at) ? new URL(location, at).href : "";
    if (!/^https?:/.test(next)) {
      throw new TransferError(
        `it redirects to ${JSON.stringify(location)}, which is no address of http or https`,
        false,
      );
    }
    if (count === MOST_REDIRECTS) throw new TransferError(`it redirects more than ${MOST_REDIRECTS} times`, false);
    at = next;
  }
}

/** Where the body starts within the file, and how long the file is. */
function readExtent(response: Response, from: number): { start: number; total: number | undefined } {
  const encoding = response.headers.get("content-encoding") ?? "identity";
  const length = response.headers.get("content-length");
  if (response.status === 200) {
    // The whole file, whatever was asked for. `fetch` undoes an encoding that we did not ask for.
    return { start: 0, total: length === null || encoding !== "identity" ? undefined : Number(length) };
  }
  const range = response.headers.get("content-range") ?? "";
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(range);
  if (match === null || Number(match[1]) !== from || encoding !== "identity") {
    throw new TransferError(`asked for bytes from ${from}, got the range "${range}" (encoding ${encoding})`, false);
  }
  return { start: from, total: match[2] === "*" ? undefined : Number(match[2]) };
}

async function receive(
  response: Response,
  start: number,
  total: number | undefined,
  request: TransferRequest,
  watch: Watch,
): Promise<void> {
  const { url, onProgress } = request;
  let received = start;
  const file = await node.fs.open(request.file, start > 0 ? "r+" : "w");
  try {
    await onProgress?.({ url, received, total, resumedFrom: start });
    const reader = response.body?.getReader();
    while (reader !== undefined) {
      const { done, value } = await watch.network(() => reader.read());
      if (done) break;
      if (total !== undefined && received + value.length > total) {
        await reader.cancel().catch(() => {});
        await file.truncate(0);
        throw new TransferError(`the server sends more than the ${total} bytes it should`, false);
      }
      await writeAll(file, value, received);
      received += value.length;
      await onProgress?.({ url, received, total, resumedFrom: start });
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (total !== undefined && received < total) {
    throw new TransferError(`the connection ended after ${received} of ${total} bytes`, true);
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await node.fs.stat(path).catch(() => null))?.size ?? 0;
}

/** Aborts when the caller's signal does, or when no data arrives for too long. */
class Watch {
  private readonly controller: AbortController = new AbortController();
  private readonly timeout: number;
  private readonly user: AbortSignalLike | undefined;
  private readonly onUserAbort = (): void => this.controller.abort(this.user?.reason);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private timedOut = false;

  constructor(timeout: number, user: AbortSignalLike | undefined) {
    this.timeout = timeout;
    this.user = user;
    user?.throwIfAborted();
    user?.addEventListener("abort", this.onUserAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Waits for the network, but not longer than the timeout. */
  async network<T>(work: () => Promise<T>): Promise<T> {
    this.timer = setTimeout(() => {
      this.timedOut = true;
      this.controller.abort();
    }, this.timeout);
    try {
      return await work();
    } catch (error) {
      this.user?.throwIfAborted();
      if (this.timedOut) throw new TransferError(`no data arrived for ${this.timeout} ms`, true, { cause: error });
      throw new TransferError(describe(error), true, { cause: error });
    } finally {
      clearTimeout(this.timer);
    }
  }

  stop(): void {
    this.user?.removeEventListener("abort", this.onUserAbort);
  }
}

/** Node's message is only `fetch failed`; the reason is in the cause. */
function describe(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
