/** Checks that several optimisers share. Each names the optimiser, the option and its value. */

/** @throws RangeError for negative numbers and for what is not a number. */
export function checkNotNegative(name: string, options: object, keys: readonly string[]): void {
  for (const key of keys) {
    const value = (options as Record<string, unknown>)[key];
    if (!(typeof value === "number" && value >= 0)) {
      throw new RangeError(`${name}: ${key} is ${String(value)}; it must be a number of at least 0`);
    }
  }
}

/** @throws RangeError unless there are two numbers from 0 up to, but not including, 1. */
export function checkBetas(name: string, betas: readonly number[]): void {
  if (!(Array.isArray(betas) && betas.length === 2 && betas.every((beta) => typeof beta === "number" && beta >= 0 && beta < 1))) {
    throw new RangeError(
      `${name}: betas are [${String(betas)}]; they must be two numbers, each at least 0 and below 1`,
    );
  }
}
