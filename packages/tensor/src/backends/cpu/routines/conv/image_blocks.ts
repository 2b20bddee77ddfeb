/** Splits the images of a batch among threads, and rows into vectors. */
import { nativeCode } from "../../native_code.ts";

/** The most blocks. More would take longer to add up than they save. */
const mostBlocks = 32;
/** The number of threads among which blocks should divide evenly; also half of it. */
const evenFor = 4;

/** The least bytes of adjacent images per chunk: threads that add to the same cache line between chunks wait for each other. */
const turnBytes = 24_576;

/** The images per chunk (at least `least`), for threads that add to images of `bytes` bytes each. */
export function imagesOfTurn(images: number, bytes: number, least: number): number {
  return Math.max(least, Math.min(imagesOfBlock(images, 16), Math.ceil(turnBytes / bytes)));
}

/** The bytes of the widest vectors that fit in `bytes` bytes, of those that the native code in use may have. */
export function fittingBytes(bytes: number): 16 | 32 | 64 {
  if (nativeCode() === null) return 16;
  return bytes >= 64 ? 64 : bytes >= 32 ? 32 : 16;
}

/** The next multiple of `to`. */
export function roundUp(bytes: number, to: number): number {
  return Math.ceil(bytes / to) * to;
}

/** The bytes between the scratch memory of two threads, so that they share no cache line. */
export function threadStride(bytes: number): number {
  return bytes === 0 ? 0 : roundUp(bytes, 64) + 64;
}

/**
 * The images per block, where each block has its own sums. There are about `wanted` blocks or more, at most {@link mostBlocks}; the
 * size is chosen so that threads finish at about the same time.
 */
export function imagesOfBlock(batch: number, wanted: number): number {
  const largest = Math.ceil(batch / Math.min(wanted, batch));
  let [best, least] = [largest, Infinity];
  for (let images = largest; images >= 1 && Math.ceil(batch / images) <= mostBlocks; images--) {
    const rounds = Math.ceil(Math.ceil(batch / images) / evenFor) * images;
    if (rounds < least) [best, least] = [images, rounds];
  }
  return best;
}
