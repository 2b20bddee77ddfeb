/** Shapes and strides of operands. */

/** Number of elements. */
export function sizeOf(shape: readonly number[]): number {
  let n = 1;
  for (let d = 0; d < shape.length; d++) n *= shape[d]!;
  return n;
}

/** Row-major strides. */
export function contiguousStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = step;
    step *= Math.max(shape[d]!, 1);
  }
  return strides;
}

/** Whether elements follow each other in row-major order without gaps. */
export function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] !== 1 && strides[d] !== step) return shape.includes(0);
    step *= shape[d]!;
  }
  return true;
}

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
