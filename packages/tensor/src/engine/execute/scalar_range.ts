/** JavaScript numbers as operands of integer operations: range checks, and comparisons with numbers out of range. */
import { type DType, integerRange, isInteger, type Scalar } from "../../dtype.ts";
import { type ComparisonPrim, type ElementwisePrim, elementwiseRows, isComparison } from "../../prims/elementwise.ts";
import { checkValue, placeInRange } from "../../scalar.ts";

/** The same comparison with its operands swapped. */
const mirrored: Readonly<Record<ComparisonPrim, ComparisonPrim>> = {
  eq: "eq",
  ne: "ne",
  lt: "gt",
  le: "ge",
  gt: "lt",
  ge: "le",
};

/** The comparison with the dtype's largest value that has the same result as a comparison with a number above the range. */
const withLargest: Readonly<Record<ComparisonPrim, ComparisonPrim>> = {
  eq: "gt",
  ne: "le",
  lt: "le",
  le: "le",
  gt: "gt",
  ge: "gt",
};

/** The same for the smallest value and a number below the range. */
const withSmallest: Readonly<Record<ComparisonPrim, ComparisonPrim>> = {
  eq: "lt",
  ne: "ge",
  lt: "lt",
  le: "lt",
  gt: "ge",
  ge: "ge",
};

/** An operation and its operands. */
export type Operation<T extends object> = readonly [prim: ElementwisePrim, operands: readonly (T | Scalar)[]];

/**
 * An operation that computes in an integer dtype, with all numbers within its range. A comparison with a number out of range
 * becomes an equivalent one with a number in range.
 *
 * @throws RangeError for a number that the dtype cannot hold, in any other operation.
 */
export function withinRange<T extends object>(
  operation: string,
  prim: ElementwisePrim,
  operands: readonly (T | Scalar)[],
  compute: DType,
): Operation<T> {
  if (!isInteger(compute)) return [prim, operands];
  for (let i = elementwiseRows[prim].condition ? 1 : 0; i < operands.length; i++) {
    const value = operands[i]!;
    if (typeof value === "object" || placeInRange(value, compute) === 0) continue;
    if (!isComparison(prim)) {
      checkValue(operation, value, compute);
      continue;
    }
    const [smallest, largest] = integerRange(compute);
    const kind = i === 1 ? prim : mirrored[prim];
    const other = operands[1 - i]!;
    return placeInRange(value, compute) === 1
      ? [withLargest[kind], [other, largest]]
      : [withSmallest[kind], [other, smallest]];
  }
  return [prim, operands];
}
