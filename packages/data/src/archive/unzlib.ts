import { Inflate } from "fflate";

/** Compressed bytes passed to the inflater at a time, which limits its output to 4 MB at once. */
const PIECE = 1 << 12;

/**
 * The content of a zlib stream (RFC 1950), in chunks.
 *
 * @throws when it is damaged; the checksum at its end is compared after the last chunk
 */
export function* unzlib(stream: Uint8Array): Generator<Uint8Array> {
  const [method = 0, flags = 0] = stream;
  const end = stream.length - 4;
  if (end < 2 || (method & 15) !== 8 || method >> 4 > 7 || (method * 256 + flags) % 31 !== 0 || (flags & 32) !== 0) {
    throw new Error("it is not a zlib stream");
  }
  let out = new Uint8Array(0);
  const inflate = new Inflate((piece) => out = piece as Uint8Array<ArrayBuffer>);
  // Adler-32.
  let a = 1, b = 0;
  for (let at = 2; at < end; at += PIECE) {
    const next = Math.min(end, at + PIECE);
    inflate.push(stream.subarray(at, next), next === end);
    for (let i = 0; i < out.length;) {
      // The longest run without an overflow of 32 bits.
      const run = Math.min(out.length, i + 5552);
      for (; i < run; i++) b += a += out[i]!;
      a %= 65521;
      b %= 65521;
    }
    yield out;
  }
  if (new DataView(stream.buffer, stream.byteOffset + end, 4).getUint32(0) !== b * 65536 + a) {
    throw new Error("its checksum does not match");
  }
}
