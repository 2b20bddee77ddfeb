import { checkOptions } from "@heddle/tensor/engine";
import type { Column } from "../column.ts";
import { quantile } from "../describe.ts";
import { clip } from "../near_name.ts";
import type { Table } from "../table.ts";
import { chosen, notFitted, type PreparationStep, type SavedStep, type StepState } from "./preparation.ts";

/** Option of the steps that scale. */
export interface ScaleOptions {
  /** The columns to scale; by default all of numbers. */
  columns?: readonly string[];
}

/** The figures of a column, which becomes `(x - shift) / scale`. */
export interface Scale {
  /** What is subtracted. */
  readonly shift: number;
  /** What is divided by. */
  readonly scale: number;
}

/** Columns shifted and scaled by figures of the training part. Missing values stay missing. */
export abstract class ScalingStep implements PreparationStep {
  private readonly step: string;
  private readonly names: readonly string[] | undefined;
  private scales: ReadonlyMap<string, Scale> | null = null;

  /** @param step the class, in errors and saved states */
  protected constructor(step: string, options: ScaleOptions) {
    checkOptions(step, options, ["columns"]);
    this.step = step;
    this.names = options.columns;
  }

  /** The figures of values that are not missing; at least one is there. */
  protected abstract measure(values: Float64Array): Scale;

  /** Measures the columns. @throws Error for a column without any value, or with infinite ones */
  fit(table: Table): this {
    const scales = new Map<string, Scale>();
    for (const name of chosen(this.step, table, this.names, (each) => table.kind(each) === "number")) {
      const values = table.numbers(name).filter((value) => !Number.isNaN(value));
      const found = this.measure(values);
      if (values.length === 0 || !Number.isFinite(found.shift) || !Number.isFinite(found.scale)) {
        throw new Error(
          `${this.step}: column ${JSON.stringify(clip(name))} has ${
            values.length === 0 ? "no values" : "values that are infinite or too large"
          }; drop it, or replace these values`,
        );
      }
      // A column of one value becomes 0, as in scikit-learn.
      scales.set(name, { shift: found.shift, scale: found.scale === 0 ? 1 : found.scale });
    }
    this.scales = scales;
    return this;
  }

  /** The table with the columns scaled. @throws RangeError for a column that the table lacks */
  transform(table: Table): Table {
    const scaled = new Map<string, Column>();
    for (const [name, { shift, scale }] of this.fitted()) {
      scaled.set(name, { kind: "number", values: table.numbers(name).map((value) => (value - shift) / scale) });
    }
    return table.with(scaled);
  }

  /**
   * Values of a scaled column in its own units again, such as predictions of a target.
   *
   * @throws RangeError for a column that was not scaled
   */
  inverse(name: string, values: ArrayLike<number>): Float64Array {
    const found = this.fitted().get(name);
    if (found !== undefined) return Float64Array.from(values, (value) => value * found.scale + found.shift);
    throw new RangeError(
      `${this.step}.inverse: column ${JSON.stringify(clip(name))} was not scaled; ${
        [...this.fitted().keys()].join(", ")
      } were`,
    );
  }

  state(): StepState {
    return { step: this.step, scales: Object.fromEntries(this.fitted()) };
  }

  private fitted(): ReadonlyMap<string, Scale> {
    if (this.scales === null) throw notFitted(this.step);
    return this.scales;
  }

  /** Restores what was learned. */
  protected load(saved: SavedStep): this {
    this.scales = saved.columns("scales", (value) => {
      const { shift, scale } = (value ?? {}) as Partial<Scale>;
      return Number.isFinite(shift) && Number.isFinite(scale) && scale !== 0
        ? { shift: shift!, scale: scale! }
        : undefined;
    });
    return this;
  }
}

/**
 * Numbers with mean 0 and standard deviation 1 in the training part (that of the whole part, divided by n). scikit-learn:
 * `StandardScaler`.
 *
 * @example
 * ```ts
 * import { Standardize, Table } from "@heddle/data/table";
 *
 * const step = new Standardize().fit(Table.fromColumns({ x: [1, 3] }));
 * step.transform(Table.fromColumns({ x: [1, 3, 5] })).numbers("x"); // [-1, 1, 3]
 * step.inverse("x", [3]); // [5]
 * ```
 */
export class Standardize extends ScalingStep {
  constructor(options: ScaleOptions = {}) {
    super("Standardize", options);
  }

  protected override measure(values: Float64Array): Scale {
    const n = values.length;
    const mean = values.reduce((sum, value) => sum + value, 0) / n;
    return { shift: mean, scale: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n) };
  }

  /** Restores a step. */
  static restore(saved: SavedStep): Standardize {
    return new Standardize().load(saved);
  }
}

/** Numbers from 0 to 1 in the training part. scikit-learn: `MinMaxScaler`. */
export class MinMax extends ScalingStep {
  constructor(options: ScaleOptions = {}) {
    super("MinMax", options);
  }

  protected override measure(values: Float64Array): Scale {
    const sorted = values.slice().sort();
    const min = quantile(sorted, 0);
    return { shift: min, scale: quantile(sorted, 1) - min };
  }

  /** Restores a step. */
  static restore(saved: SavedStep): MinMax {
    return new MinMax().load(saved);
  }
}
