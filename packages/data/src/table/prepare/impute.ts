import { checkOptions } from "@heddle/tensor/engine";
import { type Column, countMissing, isMissing } from "../column.ts";
import { mostFrequent, quantile } from "../describe.ts";
import { clip } from "../near_name.ts";
import type { Table } from "../table.ts";
import { chosen, notFitted, type PreparationStep, type SavedStep, type StepState } from "./preparation.ts";

/** What replaces missing values. */
export type ImputeStrategy = "mean" | "median" | "mostFrequent";

/** Options of {@link Impute}. */
export interface ImputeOptions {
  /** The columns; by default all in which the training part lacks values, which are of a kind that has the figure. */
  columns?: readonly string[];
  /** What replaces missing values: the median by default; of columns that are not numbers always the most frequent value. */
  strategy?: ImputeStrategy;
  /** Whether a column `NAME_missing` of 0 and 1 is added for each; false by default. */
  indicator?: boolean;
}

const STRATEGIES: readonly ImputeStrategy[] = ["mean", "median", "mostFrequent"];

type Fill = number | string | boolean;

/**
 * Replaces missing values by a figure of the training part. scikit-learn: `SimpleImputer`.
 *
 * @example
 * ```ts
 * import { Impute, Table } from "@heddle/data/table";
 *
 * const step = new Impute({ indicator: true }).fit(Table.fromColumns({ x: [1, 2, 9, null] }));
 * const table = step.transform(Table.fromColumns({ x: [null, 4] }));
 * table.numbers("x"); // [2, 4]
 * table.numbers("x_missing"); // [1, 0]
 * ```
 */
export class Impute implements PreparationStep {
  private readonly options: ImputeOptions;
  private indicator: boolean;
  private fills: ReadonlyMap<string, Fill> | null = null;

  constructor(options: ImputeOptions = {}) {
    checkOptions("Impute", options, ["columns", "strategy", "indicator"]);
    const { strategy = "median", indicator = false } = options;
    if (!STRATEGIES.includes(strategy)) {
      throw new RangeError(
        `Impute: the strategy ${JSON.stringify(strategy)} is unknown; there are ${STRATEGIES.join(", ")}`,
      );
    }
    this.options = options;
    this.indicator = indicator;
  }

  /** Computes the figures. @throws Error for a column without any value */
  fit(table: Table): this {
    const { columns, strategy = "median" } = this.options;
    const fills = new Map<string, Fill>();
    const names = columns === undefined && table.columns.every((name) => countMissing(table.column(name)) === 0)
      ? []
      : chosen("Impute", table, columns, (name) => countMissing(table.column(name)) > 0);
    for (const name of names) {
      const fill = fillOf(table.column(name), strategy);
      if (fill === null) {
        throw new Error(`Impute: column ${JSON.stringify(clip(name))} has no values; drop it`);
      }
      fills.set(name, fill);
    }
    this.fills = fills;
    return this;
  }

  /** The table without missing values in the columns. */
  transform(table: Table): Table {
    const changed = new Map<string, Column>();
    for (const [name, fill] of this.fitted()) {
      const column = table.column(name);
      changed.set(name, filled(column, fill, name));
      if (this.indicator) {
        const values = Float64Array.from({ length: table.length }, (_, row) => isMissing(column, row) ? 1 : 0);
        changed.set(`${name}_missing`, { kind: "number", values });
      }
    }
    return table.with(changed);
  }

  state(): StepState {
    return { step: "Impute", indicator: this.indicator, fills: Object.fromEntries(this.fitted()) };
  }

  private fitted(): ReadonlyMap<string, Fill> {
    if (this.fills === null) throw notFitted("Impute");
    return this.fills;
  }

  /** Restores a step. */
  static restore(saved: SavedStep): Impute {
    const step = new Impute({ indicator: saved.flag("indicator") });
    step.fills = saved.columns(
      "fills",
      (value) =>
        typeof value === "string" || typeof value === "boolean" || Number.isFinite(value) ? value as Fill : undefined,
    );
    return step;
  }
}

function fillOf(column: Column, strategy: ImputeStrategy): Fill | null {
  const numeric = column.kind === "number" || column.kind === "date";
  if (!numeric || strategy === "mostFrequent") {
    const found = mostFrequent(column);
    if (found === null) return null;
    return column.kind === "category" ? found.text : column.values[found.row] as Fill;
  }
  const values = column.values.filter((value) => !Number.isNaN(value)).sort();
  if (values.length === 0) return null;
  return strategy === "median" ? quantile(values, 0.5) : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function filled(column: Column, fill: Fill, name: string): Column {
  const types: Partial<Record<Column["kind"], string>> = { string: "string", category: "string", boolean: "boolean" };
  const expected = types[column.kind] ?? "number";
  const type: string = typeof fill;
  if (type !== expected) {
    throw new TypeError(
      `Impute: column ${
        JSON.stringify(clip(name))
      } has values of kind "${column.kind}", but the step was fitted on another kind`,
    );
  }
  if (column.kind === "category") {
    const known = column.levels.indexOf(fill as string);
    const levels = known < 0 ? [...column.levels, fill as string] : column.levels;
    const code = known < 0 ? levels.length - 1 : known;
    return { kind: "category", levels, values: column.values.map((each) => each < 0 ? code : each) };
  }
  if (column.kind === "number" || column.kind === "date") {
    return { kind: column.kind, values: column.values.map((each) => Number.isNaN(each) ? fill as number : each) };
  }
  return {
    kind: column.kind,
    values: (column.values as readonly (Fill | null)[]).map((each) => each ?? fill),
  } as Column;
}
