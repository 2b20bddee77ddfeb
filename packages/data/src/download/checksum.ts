import { node } from "../node.ts";

/** The expected size and checksums of a file, in hexadecimal; only those given are checked. */
export interface Expectation {
  readonly md5?: string | undefined;
  readonly sha256?: string | undefined;
  /** The name that Git gives the content: the SHA-1 of `blob`, its size and its bytes. */
  readonly gitBlob?: string | undefined;
  /** Size in bytes. */
  readonly size?: number | undefined;
}

const CHUNK_BYTES = 1 << 20;

/** Hexadecimal digest of bytes in memory. */
export function digest(algorithm: "md5" | "sha256", bytes: Uint8Array): string {
  return node.crypto.createHash(algorithm).update(bytes).digest("hex");
}

/**
 * Reads a file back from the disk and compares it with what is expected.
 *
 * @returns null if they match, else what is wrong, with expected and actual values; a missing file is wrong too
 */
export async function findFault(path: string, expected: Expectation): Promise<string | null> {
  const info = await node.fs.stat(path).catch(() => null);
  if (info === null || !info.isFile()) return "there is no such file";
  if (expected.size !== undefined && info.size !== expected.size) {
    return `it has ${info.size} bytes, expected ${expected.size}`;
  }
  for (const kind of checksums) {
    const wanted = expected[kind]?.toLowerCase();
    if (wanted === undefined) continue;
    const actual = await fileDigest(kind, path, info.size);
    if (actual !== wanted) return `its ${kind} is ${actual}, expected ${wanted} (${info.size} bytes)`;
  }
  return null;
}

/** The kinds of checksums, the strongest first. */
export const checksums = ["sha256", "md5", "gitBlob"] as const;

/** Whether anything but the size is expected. */
export function hasChecksum(expected: Expectation): boolean {
  return checksums.some((kind) => expected[kind] !== undefined);
}

async function fileDigest(kind: typeof checksums[number], path: string, size: number): Promise<string> {
  const hash = node.crypto.createHash(kind === "gitBlob" ? "sha1" : kind);
  if (kind === "gitBlob") hash.update(`blob ${size}\0`);
  const file = await node.fs.open(path, "r");
  try {
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (let position = 0;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) return hash.digest("hex");
      hash.update(buffer.subarray(0, bytesRead));
      position += bytesRead;
    }
  } finally {
    await file.close();
  }
}
