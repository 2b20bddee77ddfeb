import { checkArguments } from "../arguments.ts";
import { ByteReader } from "../archive/byte_reader.ts";
import { gunzip, isGzip, MOST_FROM_ONE } from "../archive/gunzip.ts";
import { node } from "../node.ts";
import { checkIdxLength, type IdxArray, MOST_HEADER_BYTES, parseIdx, readIdxHeader } from "./idx.ts";

/**
 * The bytes of an IDX file, decompressed if it was gzipped. The first two bytes decide this, not the file's name, since
 * browsers and archivers rename and unpack files. Only as many bytes as the header declares are decompressed, and none
 * if the file cannot hold that many.
 *
 * @throws when the gzip stream is damaged, or does not contain an IDX file of exactly the size in its header; the error
 *   names the file
 */
export async function idxContent(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  if (!isGzip(bytes)) return bytes;
  const reader = new ByteReader(gunzip(bytes, name));
  try {
    const start = new Uint8Array(MOST_HEADER_BYTES);
    const got = await reader.read(start);
    const header = readIdxHeader(start.subarray(0, got), name);
    if (header.fileBytes > bytes.length * MOST_FROM_ONE) {
      throw new Error(
        `${name}: ${header.dtype} of shape [${header.shape.join(", ")}] takes ${header.fileBytes} bytes, which the ` +
          `${bytes.length} of the gzipped file cannot hold.`,
      );
    }
    if (got > header.fileBytes) checkIdxLength(header, header.fileBytes, name, true);
    const content = new Uint8Array(header.fileBytes);
    content.set(start.subarray(0, got));
    const length = got + await reader.read(content.subarray(got));
    // Also reads the end, so that the checksums there are compared.
    const more = await reader.skip(1) > 0;
    checkIdxLength(header, length, name, more);
    return content;
  } finally {
    await reader.close();
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
  checkArguments("readIdx", arguments, 1, true);
  return parseIdx(await idxContent(await node.fs.readFile(path), path), path);
}
