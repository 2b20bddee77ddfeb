import { node } from "../node.ts";

const CHUNK_BYTES = 1 << 20;

/** The most bytes that one byte of deflate can expand to. */
export const MOST_FROM_ONE: number = 1032;

/** Whether bytes begin as a gzip stream does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Decompresses gzip in chunks, as they are read. Concatenated streams are read one after the other, as RFC 1952
 * requires, and zeros after the last are padding.
 *
 * @param name what errors call it
 * @throws while it is read, when the stream is truncated or damaged, or other bytes follow it
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
  // The decoder stops at a zero after the stream, and ignores what follows.
  if (bytes.subarray(stream.bytesWritten).some((byte) => byte !== 0)) {
    throw new Error(
      `${name}: other bytes follow the gzip stream, which ends at byte ${stream.bytesWritten} of ${bytes.length}. Fetch it again.`,
    );
  }
}
