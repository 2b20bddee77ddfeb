/** The divisor of average pools. */

/** Checks the divisor given to an average pool. @throws RangeError unless it is null, or an integer other than 0. */
export function checkDivisor(operation: string, divisorOverride: number | null): void {
  if (divisorOverride === null || Number.isInteger(divisorOverride) && divisorOverride !== 0) return;
  throw new RangeError(`${operation}: divisorOverride is ${divisorOverride}; expected an integer other than 0`);
}
