/** The bits of floating-point numbers. */
const scratch = new DataView(new ArrayBuffer(8));

/** The bits of a float. */
export function singleBits(value: number): number {
  scratch.setFloat32(0, value, true);
  return scratch.getInt32(0, true);
}

/** The two words of a double. */
export function doubleBits(value: number): readonly [number, number] {
  scratch.setFloat64(0, value, true);
  return [scratch.getInt32(0, true), scratch.getInt32(4, true)];
}
