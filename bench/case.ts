/** The benchmark cases, as data: every contender gets the same case and generates the same numbers for it. */

/** Sizes and switches of a case, by name; their meaning depends on its kind. */
export type Sizes = Readonly<
  Record<string, number | boolean | string | readonly number[]>
>;

/** Where contenders compute. */
export const DEVICES = ["cpu", "gpu"] as const;
export type Device = typeof DEVICES[number];

/** The work of a run, for rates: floating-point operations, or bytes read and written. */
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
  /** Tolerance of the outputs, relative to the largest output, or to `largest` where that is more. */
  readonly tolerance: number;
  /** How large an output can be, for networks whose outputs are all close to zero on the input of the case. */
  readonly largest?: number;
  readonly amount?: Amount;
  /** A run repeats the operation this many times, since one alone is too short to time; times are per operation. */
  readonly per?: number;
  /** Runs per epoch, if the report is to estimate an epoch's time. */
  readonly epoch?: number;
  /** Each run is the first one of a fresh process; Heddle alone is measured. */
  readonly fresh?: boolean;
  /** The only device for this case; by default all. */
  readonly device?: Device;
}

/** A case in one contender, with its inputs. */
export interface Work {
  /** The timed part: the operation, `per` times; its results are computed when it returns or resolves. */
  run(): void | Promise<void>;
  /** Does the work once and returns the results. Called once, before any run. */
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

/** Several sizes that must be numbers. */
export function numbers<const N extends readonly string[]>(sizes: Sizes, ...names: N): { [I in keyof N]: number } {
  return names.map((name) => size(sizes, name)) as { [I in keyof N]: number };
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
