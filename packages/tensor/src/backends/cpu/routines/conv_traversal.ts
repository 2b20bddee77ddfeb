/** The order in which sums over positions go through images. */
import type { ConvGeometry, ImageLayout } from "./conv_geometry.ts";

/** How images are read position by position: the offsets of output planes, and in each the rows, joined where there is no gap. */
export interface ImageTraversal {
  readonly planes: Int32Array;
  readonly segments: number;
  readonly segmentBytes: number;
  readonly length: number;
}

/** The walk through an image of that layout. */
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
