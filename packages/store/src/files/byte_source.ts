/** Where bytes are read from: a file, a `Blob`, memory or a `Response`, all by ranges. */
import { described, reworded, shortened } from "../errors.ts";
import { node } from "./node.ts";

/** What of a `URL` is used. (The types of the web are not there in every project.) */
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
  blob(): Promise<BlobLike>;
}

/** What `load` and `openTensors` read: a path, a file's `URL`, bytes, a `Blob` or `File`, or the `Response` of `fetch`. */
export type Source = string | UrlLike | BlobLike | ArrayBuffer | Uint8Array | ResponseLike;

/** Bytes that are read by ranges. */
export interface ByteSource {
  /** What errors call it. */
  readonly name: string;
  readonly size: number;
  /** Its path, where it has one. */
  readonly path: string | null;
  /**
   * The bytes of a range within the source. They may lie in `space`, which has at least as many bytes and is reused by the caller.
   *
   * @throws RangeError if the source has become shorter.
   */
  read(offset: number, length: number, space?: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/**
 * Opens a source. Files are read by ranges; a `Response` is awaited as a whole.
 *
 * @throws TypeError for anything else; the system's error for a file that cannot be opened.
 */
export async function openSource(source: Source, operation: string): Promise<ByteSource> {
  if (typeof source === "string" || source instanceof URL) return await openFile(pathOf(source, operation), operation);
  if (source instanceof Uint8Array) return memorySource(source as Uint8Array<ArrayBuffer>, "the Uint8Array");
  if (source instanceof ArrayBuffer) return memorySource(new Uint8Array(source), "the ArrayBuffer");
  if (source instanceof Blob) return blobSource(source, (source as { name?: string }).name ?? "the blob");
  if (source instanceof Response) {
    if (!source.ok) throw new Error(`${operation}: the server answered ${source.url} with status ${source.status}`);
    return blobSource(await source.blob(), source.url || "the response");
  }
  throw new TypeError(
    `${operation}: expected a path, a file URL, a Blob, an ArrayBuffer, a Uint8Array or a Response, got ${
      described(source)
    }`,
  );
}

/** The path that a string or a URL names. @throws TypeError for other URLs than those of files. */
export function pathOf(place: string | UrlLike, operation: string): string {
  const text = typeof place === "string" ? place : place.href;
  if (typeof place === "string" && !/^(file|https?|data|blob):/.test(text)) return text;
  if (text.startsWith("file:")) return node.url.fileURLToPath(text);
  throw new TypeError(`${operation}: ${shortened(text)} is no file; to read it, load(await fetch(url))`);
}

/** Bytes in memory; ranges are views. */
export function memorySource(bytes: Uint8Array<ArrayBuffer>, name: string): ByteSource {
  return {
    name,
    size: bytes.length,
    path: null,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
    close: () => Promise.resolve(),
  };
}

function blobSource(blob: Blob, name: string): ByteSource {
  return {
    name,
    size: blob.size,
    path: null,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
    close: () => Promise.resolve(),
  };
}

async function openFile(path: string, operation: string): Promise<ByteSource> {
  const handle = await node.fs.promises.open(path).catch((error: unknown) => {
    throw (error as NodeJS.ErrnoException).code === "ENOENT"
      ? reworded(error, `${operation}: there is no file ${path}`)
      : error;
  });
  try {
    const info = await handle.stat();
    if (!info.isFile()) throw new TypeError(`${operation}: ${path} is ${info.isDirectory() ? "a folder" : "no file"}`);
    return {
      name: path,
      size: info.size,
      path,
      async read(offset, length, space = new Uint8Array(length)) {
        for (let at = 0; at < length;) {
          const { bytesRead } = await handle.read(space, at, length - at, offset + at);
          if (bytesRead === 0) throw new RangeError(`${operation}: ${path} became shorter while it was read`);
          at += bytesRead;
        }
        return space.subarray(0, length);
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
