import { node } from "../node.ts";

const CHUNK_BYTES = 1 << 20;

/**
 * Uncompresses gzip piece by piece.
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
