/** Checks of the sizes that layers are given. */

/** One number for every spatial dimension, or one number each. */
export type Sizes = number | readonly number[];

/**
 * A size given by a caller, if it is a whole number from `least` to `most`.
 *
 * @throws RangeError naming the layer, the argument and the value.
 */
export function checkSize(
  layer: string,
  name: string,
  value: number,
  least = 1,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    const limit = most === Number.MAX_SAFE_INTEGER ? "" : ` and at most ${most}`;
    throw new RangeError(`${layer}: ${name} is ${String(value)}; expected an integer of at least ${least}${limit}`);
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

/** More layers than this are a mistake, which would be noticed late: each is made in turn. */
export const mostLayers = 10_000;

/**
 * A number given by a caller, such as an epsilon.
 *
 * @throws TypeError or RangeError naming the layer, the argument and the value, unless it is a number of at least `least`.
 */
export function checkNumber(layer: string, name: string, value: unknown, least: number = -Infinity): number {
  if (typeof value !== "number") throw new TypeError(`${layer}: ${name} is ${String(value)}; expected a number`);
  if (!(value >= least)) {
    throw new RangeError(
      `${layer}: ${name} is ${value}; expected a number${least === -Infinity ? "" : ` of at least ${least}`}`,
    );
  }
  return value;
}

/** A shape as errors and summaries show it. */
export function showSizes(sizes: readonly number[]): string {
  return `[${sizes.join(", ")}]`;
}
