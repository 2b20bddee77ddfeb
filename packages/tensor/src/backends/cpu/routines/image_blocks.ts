/** How the images of a batch are shared out among threads. */

/** Blocks beyond this number would take longer to add up than they save. */
const mostBlocks = 32;
/** Threads among which blocks should come out even; half as many, too. */
const evenFor = 4;

/** Bytes of neighbouring images that are worth a turn: two threads that add to the cache line between them wait for each other. */
const turnBytes = 24_576;

/** Images of a turn for threads that add to images of so many bytes each, of which at least `least` are worth one. */
export function imagesOfTurn(images: number, bytes: number, least: number): number {
  return Math.max(least, Math.min(imagesOfBlock(images, 16), Math.ceil(turnBytes / bytes)));
}

/** The next multiple of `to`. */
export function roundUp(bytes: number, to: number): number {
  return Math.ceil(bytes / to) * to;
}

/** Room for what a thread prepares, such that it shares no cache line with the next thread's. */
export function apart(bytes: number): number {
  return bytes === 0 ? 0 : roundUp(bytes, 64) + 64;
}

/**
 * Images of a block with sums of its own, for at least `wanted` blocks or about that: of the sizes that make up to {@link mostBlocks} the one with which
 * threads that take blocks in turn finish at about the same time.
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
