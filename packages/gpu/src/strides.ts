/** Shapes and strides of operands. */

/** Whether two operands of one shape have the same strides. */
export function sameStrides(a: readonly number[], b: readonly number[]): boolean {
  for (let d = 0; d < a.length; d++) if (a[d] !== b[d]) return false;
  return true;
}

/** Removes dimensions of size 1, and merges adjacent dimensions that all operands step through evenly. */
export function mergeDimensions(
  shape: readonly number[],
  operands: readonly (readonly number[])[],
): { shape: number[]; strides: number[][] } {
  const sizes: number[] = [];
  const strides: number[][] = operands.map(() => []);
  shape.forEach((size, d) => {
    if (size === 1) return;
    const last = sizes.length - 1;
    if (last >= 0 && operands.every((operand, i) => strides[i]![last] === operand[d]! * size)) {
      sizes[last]! *= size;
      operands.forEach((operand, i) => strides[i]![last] = operand[d]!);
    } else {
      sizes.push(size);
      operands.forEach((operand, i) => strides[i]!.push(operand[d]!));
    }
  });
  return { shape: sizes, strides };
}
