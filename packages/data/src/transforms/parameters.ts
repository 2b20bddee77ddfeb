/** Checks of the arguments of transforms. */

/** A number from and to which something is drawn. */
export type Range = readonly [low: number, high: number];

/** Height and width: one number for both, or a pair. */
export type Size = number | readonly [height: number, width: number];

/** @throws unless `p` is a probability */
export function checkProbability(where: string, p: number): number {
  if (typeof p === "number" && p >= 0 && p <= 1) return p;
  throw new RangeError(`${where}: p must be a probability from 0 to 1, got ${show(p)}.`);
}

/** The longest side of a picture, border or kernel: a larger one is a mistake that would only show when memory runs out. */
export const mostSide: number = 2 ** 20;

/** Height and width. @throws unless they are positive integers of at most {@link mostSide} */
export function sizeOf(where: string, name: string, size: Size): [height: number, width: number] {
  const [height, width = height] = (Array.isArray(size) ? size : [size]) as [number, number?];
  if ([height, width].every((side) => Number.isInteger(side) && side > 0 && side <= mostSide)) return [height, width];
  throw new RangeError(
    `${where}: ${name} must be one or two (height, width) positive integers of at most ${mostSide}, got ${show(size)}.`,
  );
}

/** @throws unless it is two finite numbers in rising order within the limits */
export function checkRange(where: string, name: string, range: readonly number[], limits?: Partial<Limits>): Range {
  const { min = -Infinity, max = Infinity } = limits ?? {};
  const [low, high] = Array.isArray(range) ? range : [];
  if (
    range?.length === 2 && Number.isFinite(low) && Number.isFinite(high) && low! <= high! && low! >= min && high! <= max
  ) {
    return [low!, high!];
  }
  throw new RangeError(
    `${where}: ${name} must be two numbers in ascending order${min > -Infinity ? `, from ${min}` : ""}${
      max < Infinity ? ` to ${max}` : ""
    }, got ${show(range)}.`,
  );
}

interface Limits {
  readonly min: number;
  readonly max: number;
}

/** A number `a` as the range from `centre − a` to `centre + a` (from 0 where `centre` is 1), or a range as it is. */
export function spread(
  where: string,
  name: string,
  value: number | readonly number[],
  centre: number,
  limits?: Partial<Limits>,
): Range {
  if (typeof value !== "number") return checkRange(where, name, value, limits);
  if (!(value >= 0 && value < Infinity)) throw new RangeError(`${where}: ${name} must not be negative, got ${value}.`);
  const low = centre - value;
  return checkRange(where, name, [limits?.min === 0 ? Math.max(0, low) : low, centre + value], limits);
}

/** A value of an argument as errors show it. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.join(", ")}]`;
  return typeof value === "string" || typeof value === "object" ? JSON.stringify(value) : String(value);
}
