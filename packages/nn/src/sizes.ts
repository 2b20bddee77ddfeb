/** Checks of the sizes that layers are given. */

/** One number for every spatial dimension, or one number each. */
export type Sizes = number | readonly number[];

/** A wrong value, as errors show it. */
export function shown(value: unknown): string {
  return typeof value === "string" || typeof value === "object" ? JSON.stringify(value) : String(value);
}

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
    throw new RangeError(`${layer}: ${name} is ${shown(value)}; expected an integer of at least ${least}${limit}`);
  }
  return value;
}

/** An array's entries, or one number `count` times. @throws TypeError for anything else. */
export function listOf(layer: string, name: string, sizes: Sizes, count: number): number[] {
  if (typeof sizes === "number") return Array<number>(count).fill(sizes);
  if (Array.isArray(sizes)) return [...sizes];
  throw new TypeError(`${layer}: ${name} is ${shown(sizes)}; expected an integer or an array of integers`);
}

/**
 * One entry for each of `count` spatial dimensions.
 *
 * @throws RangeError when another number of entries is given, or one is too small.
 */
export function spread(layer: string, name: string, sizes: Sizes, count: number, least = 1): readonly number[] {
  const list = listOf(layer, name, sizes, count);
  if (list.length !== count) {
    throw new RangeError(
      `${layer}: ${name} [${list.join(", ")}] has ${list.length} entries; give one number, or ${count}`,
    );
  }
  for (const size of list) checkSize(layer, name, size, least);
  return list;
}

/** Checks the options of windows that move over an image. @throws RangeError for anything but one entry, or one for each dimension. */
export function checkWindows(layer: string, dims: number, options: object): void {
  for (const [name, least] of [["stride", 1], ["padding", 0], ["dilation", 1]] as const) {
    const value = (options as { readonly [name: string]: Sizes | undefined })[name];
    if (value === undefined) continue;
    spread(layer, name, Array.isArray(value) && value.length === 1 ? value[0] : value, dims, least);
  }
}

/** The most layers in a stack. More are a mistake, which would be noticed late, since layers are made one by one. */
export const mostLayers = 10_000;

/**
 * A number given by a caller, such as an epsilon.
 *
 * @throws TypeError or RangeError naming the layer, the argument and the value, unless it is a number of at least `least`.
 */
export function checkNumber(layer: string, name: string, value: unknown, least: number = -Infinity): number {
  if (typeof value !== "number") throw new TypeError(`${layer}: ${name} is ${shown(value)}; expected a number`);
  if (!(value >= least)) {
    throw new RangeError(
      `${layer}: ${name} is ${value}; expected a number${least === -Infinity ? "" : ` of at least ${least}`}`,
    );
  }
  return value;
}

/**
 * Numbers among the options of a layer, each with the least value that it may have.
 *
 * @throws TypeError or RangeError as {@link checkNumber}.
 */
export function checkNumbers<O extends object>(
  layer: string,
  options: O,
  least: { readonly [name in keyof O]?: number },
): void {
  for (const name in least) {
    if (options[name] !== undefined) checkNumber(layer, name, options[name], least[name]);
  }
}

/** An integer given by a caller, such as a dimension. @throws TypeError or RangeError naming the layer, the argument and the value. */
export function checkInteger(layer: string, name: string, value: number): number {
  if (Number.isInteger(checkNumber(layer, name, value))) return value;
  throw new RangeError(`${layer}: ${name} is ${value}; expected an integer`);
}

/** A shape as text: `[2, 3]`. */
export { showShape as showSizes } from "@heddle/tensor/engine";
