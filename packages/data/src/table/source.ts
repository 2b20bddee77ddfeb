/** Where tables come from. */
import { node } from "../node.ts";

/** What of a `URL` is used, whose type not every program has. */
export interface UrlLike {
  readonly href: string;
  readonly protocol: string;
}

/** What of a `Blob` or `File` is used. */
export interface BlobLike {
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** What of a `Response` is used. */
export interface ResponseLike {
  readonly ok: boolean;
  readonly status: number;
  readonly url: string;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** A path, an http(s) or file URL, the response of `fetch`, a `Blob` or `File`, or the bytes themselves. */
export type TableSource = string | UrlLike | ResponseLike | BlobLike | ArrayBuffer | Uint8Array;

/** Bytes that can be read in part. */
export interface ByteRanges {
  readonly size: number;
  read(start: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** How errors call a source. */
export function nameOf(source: TableSource, given: string | undefined): string {
  if (given !== undefined) return given;
  if (typeof source === "string") return source;
  if (source instanceof URL) return source.href;
  if (isResponse(source)) return source.url || "the response";
  return (source as { name?: string }).name ?? (isBlob(source) ? "the blob" : "the bytes");
}

/** The bytes in pieces, as they arrive. */
export async function* chunksOf(source: TableSource, name: string): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) {
    yield new Uint8Array(source as Uint8Array<ArrayBuffer>);
  } else if (isResponse(source)) yield* responseChunks(source, name);
  else if (isBlob(source)) yield* streamChunks(source.stream());
  else if (isRemote(source)) yield* responseChunks(await fetch(source), name);
  else {
    const handle = await openedFile(localPath(source, name), name);
    try {
      // Each read gets memory of its own, since what was read before is still in use.
      for (;;) {
        const { bytesRead, buffer } = await handle.read(new Uint8Array(1 << 18), 0, 1 << 18, null);
        if (bytesRead === 0) break;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  }
}

/** The bytes by ranges. What arrives over a network is read as a whole. */
export async function rangesOf(source: TableSource, name: string): Promise<ByteRanges> {
  const none = (): Promise<void> => Promise.resolve();
  if (isBlob(source)) {
    const part = async (start: number, end: number): Promise<Uint8Array> =>
      new Uint8Array(await source.slice(start, end).arrayBuffer());
    return { size: source.size, read: part, close: none };
  }
  if (typeof source === "string" || source instanceof URL) {
    if (!isRemote(source)) return await fileRanges(localPath(source, name), name);
  }
  const bytes = await bytesOf(source, name);
  return { size: bytes.length, read: (start, end) => Promise.resolve(bytes.subarray(start, end)), close: none };
}

async function bytesOf(source: TableSource, name: string): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  const response = isResponse(source) ? source : await fetch(source as string | URL);
  checkResponse(response, name);
  return new Uint8Array(await response.arrayBuffer());
}

/** Opens a file. @throws the system's error; in our words, and with its code, for a file that is not there */
async function openedFile(path: string | URL, name: string): ReturnType<typeof node.fs.open> {
  try {
    return await node.fs.open(path);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== "ENOENT") throw error;
    const there = `there is no file ${String(path)}`;
    throw Object.assign(new Error(name === String(path) ? there : `${name}: ${there}`, { cause: error }), { code });
  }
}

async function fileRanges(path: string | URL, name: string): Promise<ByteRanges> {
  const handle = await openedFile(path, name);
  const { size } = await handle.stat();
  return {
    size,
    async read(start, end) {
      const bytes = new Uint8Array(end - start);
      let at = 0;
      while (at < bytes.length) {
        const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
        if (bytesRead === 0) break;
        at += bytesRead;
      }
      return bytes.subarray(0, at);
    },
    close: () => handle.close(),
  };
}

function isResponse(source: unknown): source is Response {
  return typeof Response === "function" && source instanceof Response;
}

function isBlob(source: unknown): source is Blob {
  return typeof Blob === "function" && source instanceof Blob;
}

function isRemote(source: unknown): source is string | URL {
  return /^https?:\/\//i.test(String(source));
}

function localPath(source: unknown, name: string): string | URL {
  if (typeof source === "string" && source !== "") return source.startsWith("file://") ? new URL(source) : source;
  if (source instanceof URL && source.protocol === "file:") return source;
  throw new TypeError(
    `${name}: expected a path, an http, https or file URL, a Response, a Blob or bytes; parseCsv reads text that is at hand`,
  );
}

function checkResponse(response: Response, name: string): void {
  if (!response.ok) throw new Error(`${name}: the server returned ${response.status} ${response.statusText}`);
  if (response.bodyUsed) throw new Error(`${name}: the response was read already; give its bytes, or fetch it again`);
}

async function* responseChunks(response: Response, name: string): AsyncGenerator<Uint8Array> {
  checkResponse(response, name);
  if (response.body !== null) yield* streamChunks(response.body);
}

async function* streamChunks(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}
