import { node } from "../node.ts";

const CHUNK_BYTES = 1 << 20;

/** What deflate makes at most of one byte. */
export const MOST_FROM_ONE: number = 1032;

/** Whether bytes begin as a gzip stream does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Uncompresses gzip piece by piece; whoever reads no further has no more uncompressed.
 *
 * @param name what errors call it
 * @throws while it is read, when the stream is truncated or damaged
 */
export async function* gunzip(bytes: Uint8Array, name: string): AsyncGenerator<Uint8Array> {
  const stream = node.zlib.createGunzip({ chunkSize: CHUNK_BYTES });
  stream.end(bytes);
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (cause) {
    throw new Error(
      `${name}: the gzip stream is truncated or damaged (${(cause as Error).message}); the file has ` +
        `${bytes.length} bytes. Fetch it again.`,
      { cause },
    );
  }
}
