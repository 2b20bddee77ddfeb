/** The checksum of zip archives and PNG files, which the packages that read and write files share. */
import { builtinModule } from "./runtime.ts";

type Crc32 = (bytes: Uint8Array, start?: number) => number;

/** CRC-32 (ISO 3309). `start` is the sum of the bytes before. */
export function crc32(bytes: Uint8Array, start: number = 0): number {
  return (chosen ??= native() ?? inTables)(bytes, start);
}

let chosen: Crc32 | null = null;

/** zlib's, which is several times as fast, where the runtime has it. */
function native(): Crc32 | null {
  try {
    return builtinModule<{ readonly crc32?: Crc32 }>("node:zlib")?.crc32 ?? null;
  } catch {
    return null;
  }
}

/** `TABLES[k][byte]` is the sum of a byte with k zeros after it. */
const TABLES: Uint32Array[] = [];

function makeTables(): void {
  const first = Uint32Array.from({ length: 256 }, (_, n) => {
    for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
    return n;
  });
  TABLES.push(first);
  for (let k = 1; k < 8; k++) TABLES.push(TABLES[k - 1]!.map((sum) => first[sum & 0xff]! ^ (sum >>> 8)));
}

/** Eight bytes at a time ("slicing by 8", Intel 2006). */
export function inTables(bytes: Uint8Array, start: number = 0): number {
  if (TABLES.length === 0) makeTables();
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES as [
    ...[Uint32Array, Uint32Array, Uint32Array, Uint32Array],
    ...[Uint32Array, Uint32Array, Uint32Array, Uint32Array],
  ];
  let sum = ~start, at = 0;
  for (const end = bytes.length - 7; at < end; at += 8) {
    sum ^= bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24;
    sum = t7[sum & 0xff]! ^ t6[(sum >>> 8) & 0xff]! ^ t5[(sum >>> 16) & 0xff]! ^ t4[sum >>> 24]! ^
      t3[bytes[at + 4]!]! ^ t2[bytes[at + 5]!]! ^ t1[bytes[at + 6]!]! ^ t0[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) sum = t0[(sum ^ bytes[at]!) & 0xff]! ^ (sum >>> 8);
  return ~sum >>> 0;
}
