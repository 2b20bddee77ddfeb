/** Merges dimensions, so that inner loops get longer and kernels differ less. */

/**
 * Drops dimensions of size 1, and merges adjacent ones that every operand steps through evenly. `boundary` is a dimension that must
 * not merge with its predecessor: the first reduced one.
 */
export function collapse(
  shape: readonly number[],
  operands: readonly (readonly number[])[],
  boundary: number,
): { shape: number[]; operands: number[][]; boundary: number } {
  const sizes: number[] = [];
  const strides: number[][] = operands.map(() => []);
  let kept = 0;
  for (let d = 0; d < shape.length; d++) {
    const size = shape[d]!;
    if (d === boundary) kept = sizes.length;
    if (size === 1) continue;
    const last = sizes.length - 1;
    let merge = last >= 0 && !(d >= boundary && last < kept);
    for (let i = 0; merge && i < operands.length; i++) {
      // Operands with fewer dimensions (outputs of reductions) have no stride here, and do not restrict merging.
      const stride = operands[i]![d];
      if (stride !== undefined) merge = strides[i]![last] === stride * size;
    }
    if (merge) {
      sizes[last]! *= size;
      for (let i = 0; i < operands.length; i++) if (operands[i]![d] !== undefined) strides[i]![last] = operands[i]![d]!;
    } else {
      sizes.push(size);
      for (let i = 0; i < operands.length; i++) if (operands[i]![d] !== undefined) strides[i]!.push(operands[i]![d]!);
    }
  }
  if (boundary >= shape.length) kept = sizes.length;
  return { shape: sizes, operands: strides, boundary: kept };
}
