/**
 * Sizes that change with the inputs. A model is traced several times, with inputs of different sizes; what differs between the traces
 * is a {@link Varying}, which the exported graph computes from the shapes it meets.
 */

/** A number that differs between traces: its value in each. */
export class Varying {
  readonly values: readonly number[];

  constructor(values: readonly number[]) {
    this.values = values;
  }

  /** For error messages. */
  toString(): string {
    return this.values.join(" / ");
  }
}

/** A number, the same in all traces or not. */
export type Size = number | Varying;

/** A type in which each number may vary. */
export type Merged<T> = T extends number ? (number extends T ? Size : T)
  : T extends string | boolean | bigint | null | undefined ? T
  : T extends readonly (infer U)[] ? readonly Merged<U>[]
  : T extends object ? { readonly [K in keyof T]: Merged<T[K]> }
  : T;

/** Thrown by {@link merge} where traces differ in more than numbers. */
export class Differs extends Error {}

/** The values of several traces as one, in which numbers that differ are {@link Varying}. @throws Differs */
export function merge<T>(values: readonly T[]): Merged<T> {
  const [first] = values;
  if (values.every((value) => Object.is(value, first))) return first as Merged<T>;
  const types = new Set(values.map((value) => Array.isArray(value) ? "array" : value === null ? "null" : typeof value));
  if (types.size !== 1) throw new Differs();
  if (typeof first === "number") return new Varying(values as readonly number[]) as Merged<T>;
  if (Array.isArray(first)) {
    const lists = values as unknown as readonly (readonly unknown[])[];
    if (lists.some(({ length }) => length !== first.length)) throw new Differs();
    return first.map((_, i) => merge(lists.map((list) => list[i]))) as Merged<T>;
  }
  if (typeof first !== "object") throw new Differs();
  const keys = Object.keys(first as object);
  const objects = values as unknown as readonly Record<string, unknown>[];
  if (objects.some((object) => Object.keys(object).join() !== keys.join())) throw new Differs();
  return Object.fromEntries(keys.map((key) => [key, merge(objects.map((object) => object[key]))])) as Merged<T>;
}

/** Whether some number in merged values varies. */
export function varies(merged: unknown): boolean {
  if (merged instanceof Varying) return true;
  if (Array.isArray(merged)) return merged.some(varies);
  return typeof merged === "object" && merged !== null && Object.values(merged).some(varies);
}

/** The value in each of so many traces. */
export const valuesOf = (size: Size, traces: number): readonly number[] =>
  size instanceof Varying ? size.values : Array<number>(traces).fill(size);

/** Arithmetic on sizes, trace by trace. */
export function combine(f: (...values: number[]) => number, ...sizes: Size[]): Size {
  const varying = sizes.find((size) => size instanceof Varying);
  if (varying === undefined) return f(...sizes as number[]);
  const count = varying.values.length;
  const lists = sizes.map((size) => valuesOf(size, count));
  return merge(Array.from({ length: count }, (_, i) => f(...lists.map((list) => list[i]!)))) as Size;
}

/** Whether sizes are equal in all traces. */
export const sameSize = (a: Size, b: Size): boolean =>
  a instanceof Varying || b instanceof Varying ? String(a) === String(b) : a === b;

/** Whether shapes are equal in all traces. */
export const sameSizes = (a: readonly Size[], b: readonly Size[]): boolean =>
  a.length === b.length && a.every((size, i) => sameSize(size, b[i]!));

/** The product of sizes. */
export const product = (sizes: readonly Size[]): Size =>
  combine((...values) => values.reduce((a, b) => a * b, 1), ...sizes);

/** How a varying size follows from known ones: `(scale · a [· b] + offset) / divisor`. */
export interface SizeFormula<K> {
  readonly factors: readonly K[];
  readonly scale: number;
  readonly offset: number;
  readonly divisor: number;
}

/** The formula for a size in terms of known sizes, the simplest first; null if there is none. */
export function formulaFor<K extends { readonly size: Varying }>(
  wanted: Varying,
  known: readonly K[],
): SizeFormula<K> | null {
  const plain = { scale: 1, offset: 0, divisor: 1 };
  const equal = known.find(({ size }) => sameSize(size, wanted));
  if (equal !== undefined) return { factors: [equal], ...plain };
  for (const one of known) {
    const line = lineThrough(one.size.values, wanted.values);
    if (line !== null) return { factors: [one], ...line };
  }
  for (const [i, one] of known.entries()) {
    for (const other of known.slice(i)) {
      const line = lineThrough(one.size.values.map((a, t) => a * other.size.values[t]!), wanted.values);
      if (line !== null && line.offset === 0) return { factors: [one, other], ...line };
    }
  }
  return null;
}

/** Integers for which `y = (scale · x + offset) / divisor` at all points, with a divisor of 1 or a scale of 1; null if there are none. */
function lineThrough(
  x: readonly number[],
  y: readonly number[],
): { readonly scale: number; readonly offset: number; readonly divisor: number } | null {
  const other = x.findIndex((value) => value !== x[0]);
  if (other < 0) return null;
  const [dx, dy] = [x[other]! - x[0]!, y[other]! - y[0]!];
  if (dy === 0) return null;
  const fits = (scale: number, divisor: number): boolean =>
    x.every((value, i) => (value - x[0]!) * scale === (y[i]! - y[0]!) * divisor);
  if (dy % dx === 0) {
    const scale = dy / dx;
    return fits(scale, 1) ? { scale, offset: y[0]! - scale * x[0]!, divisor: 1 } : null;
  }
  if (dx % dy === 0) {
    const divisor = dx / dy;
    return divisor > 0 && fits(1, divisor) ? { scale: 1, offset: y[0]! * divisor - x[0]!, divisor } : null;
  }
  return null;
}
