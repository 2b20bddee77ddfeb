/** Whether views of one storage share elements. */
import type { Geometry } from "./shape.ts";

/** The dimensions of more than one element, as sizes and strides. */
function steps({ shape, strides }: Geometry): readonly (readonly [size: number, stride: number])[] {
  return shape.map((size, d) => [size, strides[d]!] as const).filter(([size]) => size > 1);
}

function span(view: Geometry): number {
  return steps(view).reduce((sum, [size, stride]) => sum + (size - 1) * stride, 0);
}

/**
 * Whether two views of one storage certainly have no element in common: one ends before the other begins, or they are different columns
 * of the same rows, as the blocks of gates are.
 */
export function areApart(a: Geometry, b: Geometry): boolean {
  if (a.shape.includes(0) || b.shape.includes(0)) return true;
  if (a.offset + span(a) < b.offset || b.offset + span(b) < a.offset) return true;
  // The pitch is a number of elements of which all outer strides are multiples; within it each view has columns of its own.
  const outer = [...steps(a), ...steps(b)].map(([, stride]) => stride).filter((stride) => stride > 1);
  const pitch = Math.min(...outer);
  if (!Number.isFinite(pitch) || outer.some((stride) => stride % pitch !== 0)) return false;
  const columns = ({ offset, ...view }: Geometry): readonly [number, number] => {
    const width = steps({ offset, ...view }).filter(([, stride]) => stride < pitch).reduce(
      (sum, [size, stride]) => sum + (size - 1) * stride,
      0,
    );
    return [offset % pitch, offset % pitch + width];
  };
  const [[a0, a1], [b0, b1]] = [columns(a), columns(b)];
  return a1 < pitch && b1 < pitch && (a1 < b0 || b1 < a0);
}
