import { type IdxArray, parseIdx } from "./idx.ts";
import { node } from "../node.ts";

/**
 * The bytes of a file, uncompressed if it was gzipped. The first two bytes decide (1f 8b), not the
 * file's name: browsers and archivers rename and unpack as they like.
 *
 * @throws when the file cannot be read, or when its gzip stream is damaged; the error names the file
 */
export function gunzipIfNeeded(bytes: Uint8Array, name: string): Uint8Array {
  if (!(bytes[0] === 0x1f && bytes[1] === 0x8b)) return bytes;
  try {
    return node.zlib.gunzipSync(bytes);
  } catch (cause) {
    throw new Error(
      `${name}: the gzip stream is truncated or damaged (${(cause as Error).message}); the file has ` +
        `${bytes.length} bytes. Fetch it again.`,
      { cause },
    );
  }
}

/**
 * Reads an IDX file (the format of MNIST), gzipped or not.
 *
 * @param path the file
 * @throws when the file is missing, damaged, or no IDX file; the error names the file and the sizes
 *
 * @example
 * ```ts ignore
 * import { readIdx } from "@heddle/data";
 *
 * const { shape, data } = await readIdx("data/mnist/t10k-labels-idx1-ubyte.gz"); // shape [10000]
 * ```
 */
export async function readIdx(path: string): Promise<IdxArray> {
  return parseIdx(gunzipIfNeeded(await node.fs.readFile(path), path), path);
}
