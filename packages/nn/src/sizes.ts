/** Checks of the sizes that layers are given. */

/** One number for every spatial dimension, or one number each. */
export type Sizes = number | readonly number[];

/**
 * A size given by a caller, if it is a whole number of at least `least`.
 *
 * @throws RangeError naming the layer, the argument and the value.
 */
export function checkSize(layer: string, name: string, value: number, least = 1): number {
  if (!Number.isInteger(value) || value < least) {
    throw new RangeError(`${layer}: ${name} is ${value}; expected an integer of at least ${least}`);
  }
  return value;
}

/**
 * One entry for each of `count` spatial dimensions.
 *
 * @throws RangeError when another number of entries is given, or one is too small.
 */
export function spread(layer: string, name: string, sizes: Sizes, count: number, least = 1): readonly number[] {
  const list = typeof sizes === "number" ? Array<number>(count).fill(sizes) : [...sizes];
  if (list.length !== count) {
    throw new RangeError(
      `${layer}: ${name} [${list.join(", ")}] has ${list.length} entries; give one number, or ${count}`,
    );
  }
  for (const size of list) checkSize(layer, name, size, least);
  return list;
}

/** A shape as errors and summaries show it. */
export function showSizes(sizes: readonly number[]): string {
  return `[${sizes.join(", ")}]`;
}
