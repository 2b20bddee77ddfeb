/** The order in which sums over positions traverse images. */
import type { ConvGeometry, ImageLayout } from "./conv_geometry.ts";

/**
 * A traversal of an image by output position: the offsets of planes, and in each plane segments of adjacent positions. Rows
 * without gaps between them form one segment.
 */
export interface ImageTraversal {
  readonly planes: Int32Array;
  readonly segments: number;
  readonly segmentBytes: number;
  readonly length: number;
}

/** The traversal of an image with a layout. */
export function imageTraversal(
  { output: [od, oh, ow] }: ConvGeometry,
  layout: ImageLayout,
  bytes: number,
): ImageTraversal {
  const planes = Int32Array.from({ length: od }, (_, z) => layout.position(z, 0, 0));
  const segmentBytes = layout.position(0, 1, 0);
  if (segmentBytes !== ow * bytes) return { planes, segments: oh, segmentBytes, length: ow };
  const whole = planes.every((offset, z) => offset === z * oh * segmentBytes);
  return whole
    ? { planes: planes.subarray(0, 1), segments: 1, segmentBytes: 0, length: od * oh * ow }
    : { planes, segments: 1, segmentBytes: 0, length: oh * ow };
}
