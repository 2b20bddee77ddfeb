/** The layout of the stored images: CIFAR-10's. */

/** Height and width. */
export const SIDE = 32;
/** Values per image: three planes of {@link SIDE} rows. */
export const IMAGE: number = 3 * SIDE * SIDE;

/** Images of 3 × 32 × 32 bytes, one after the other, and the class of each. */
export interface StoredImages {
  readonly pixels: Uint8Array;
  readonly labels: readonly number[];
  readonly classes: readonly string[];
}
