/** How the images of a batch are shared out where each block of them has sums of its own. */

/** Blocks beyond this number would take longer to add up than they save. */
const mostBlocks = 32;
/** Threads among which blocks should come out even; half as many, too. */
const evenFor = 4;

/**
 * Images of a block, for at least `wanted` blocks or about that: of the sizes that make up to {@link mostBlocks} the one with which
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
