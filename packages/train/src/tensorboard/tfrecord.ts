/** TensorFlow's record files: each record with its length and checksums, so that a reader notices where a crash cut one off. */
import { joined } from "./protobuf.ts";

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0x82f63b78 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** CRC-32C (Castagnoli). */
export function crc32c(bytes: Uint8Array): number {
  let sum = -1;
  for (let i = 0; i < bytes.length; i++) sum = TABLE[(sum ^ bytes[i]!) & 0xff]! ^ (sum >>> 8);
  return ~sum >>> 0;
}

/** Rotated and shifted, as the format has it: the checksum of data that holds checksums would be weak. */
function masked(bytes: Uint8Array): number {
  const sum = crc32c(bytes);
  return ((sum >>> 15 | sum << 17) + 0xa282ead8) >>> 0;
}

/** A record: length (8 bytes) and its checksum, the data and its checksum. */
export function record(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(12);
  const tail = new Uint8Array(4);
  const view = new DataView(head.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(head.subarray(0, 8)), true);
  new DataView(tail.buffer).setUint32(0, masked(data), true);
  return joined([head, data, tail]);
}
