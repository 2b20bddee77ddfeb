/** Whether views of one storage share elements. */
import type { Geometry } from "../shape.ts";

/** The number of elements from the first to the last, over dimensions with strides below `pitch`. */
function span({ shape, strides }: Geometry, pitch = Infinity): number {
  let sum = 0;
  for (let d = 0; d < shape.length; d++) if (strides[d]! < pitch) sum += (shape[d]! - 1) * strides[d]!;
  return sum;
}

/** The smallest stride above 1, or null if some larger stride is not a multiple of it. */
function pitchOf(a: Geometry, b: Geometry): number | null {
  let pitch = Infinity;
  const each = (see: (stride: number) => void): void => {
    for (const { shape, strides } of [a, b]) {
      for (let d = 0; d < shape.length; d++) if (shape[d]! > 1 && strides[d]! > 1) see(strides[d]!);
    }
  };
  each((stride) => pitch = Math.min(pitch, stride));
  let even = pitch < Infinity;
  each((stride) => even &&= stride % pitch === 0);
  return even ? pitch : null;
}

/**
 * Whether two views of one storage are certainly disjoint: one ends before the other begins, or they are different columns of the
 * same rows, as the gates of a recurrent cell are.
 */
export function areDisjoint(a: Geometry, b: Geometry): boolean {
  if (a.shape.includes(0) || b.shape.includes(0)) return true;
  if (a.offset + span(a) < b.offset || b.offset + span(b) < a.offset) return true;
  const pitch = pitchOf(a, b);
  if (pitch === null) return false;
  // Each view occupies other columns of rows of that length.
  const [a0, b0] = [a.offset % pitch, b.offset % pitch];
  const [a1, b1] = [a0 + span(a, pitch), b0 + span(b, pitch)];
  return a1 < pitch && b1 < pitch && (a1 < b0 || b1 < a0);
}
