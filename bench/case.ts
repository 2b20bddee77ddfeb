/** What is measured, as data: every contender gets the same case and makes the same numbers of it. */

/** Sizes and switches of a case, by name; what they mean is its kind's affair. */
export type Sizes = Readonly<
  Record<string, number | boolean | string | readonly number[]>
>;

/** Where contenders compute. */
export const DEVICES = ["cpu", "gpu"] as const;
export type Device = typeof DEVICES[number];

/** How much a run does, for rates: floating-point operations, or bytes read and written. */
export interface Amount {
  readonly of: number;
  readonly unit: "GFLOP/s" | "GB/s";
}

/** One row of the report. */
export interface Case {
  readonly family: string;
  readonly name: string;
  /** The name under which a contender looks up its code. */
  readonly kind: string;
  readonly sizes: Sizes;
  /** Largest difference of outputs that counts as equal, as a share of the largest output. */
  readonly tolerance: number;
  readonly amount?: Amount;
  /** A run does the operation this many times, as one alone is too short to be timed; times are of one. */
  readonly per?: number;
  /** Runs of an epoch, where the report is to estimate one. */
  readonly epoch?: number;
  /** The one device that it is for, where it is not for all. */
  readonly device?: Device;
}

/** A case's code in one contender, with its inputs made. */
export interface Work {
  /** What is timed: the operation, `per` times, its results computed when it returns or resolves. */
  run(): void | Promise<void>;
  /** Does the work once, and gives what it computed. Called once, before any run. */
  outputs(): Float32Array[] | Promise<Float32Array[]>;
  /** Frees the inputs. */
  end?(): void;
}

/** Makes a case's work from its sizes. */
export type Maker = (sizes: Sizes) => Work | Promise<Work>;

/** Related cases, with Heddle's code for them. */
export interface Family {
  readonly name: string;
  readonly about: string;
  readonly cases: readonly Case[];
}

/** A size that must be a number. */
export function size(sizes: Sizes, name: string): number {
  const value = sizes[name];
  if (typeof value !== "number") {
    throw new TypeError(`case: ${name} is ${String(value)}, expected a number`);
  }
  return value;
}

/** A size that must be a list of numbers, such as a shape. */
export function list(sizes: Sizes, name: string): readonly number[] {
  const value = sizes[name];
  if (!Array.isArray(value)) {
    throw new TypeError(
      `case: ${name} is ${String(value)}, expected a list of numbers`,
    );
  }
  return value as readonly number[];
}
