import { checkOptions } from "@heddle/tensor/engine";
import { type Column, distinct, isMissing, textOf } from "../column.ts";
import { clip } from "../near_name.ts";
import type { Table } from "../table.ts";
import { chosen, notFitted, type PreparationStep, type SavedStep, type StepState } from "./preparation.ts";

/** Options of {@link Categories}. */
export interface CategoriesOptions {
  /** The columns to encode; by default all of strings, categories and truth values. */
  columns?: readonly string[];
  /** Whether each category becomes a column `NAME=CATEGORY` of 0 and 1; false by default: one column of class numbers. */
  oneHot?: boolean;
  /**
   * What becomes of values that the training part lacks, missing ones included: a category of their own, `UNKNOWN`, which is class 0 (the
   * default), or an error, as it should be for targets.
   */
  unknown?: "category" | "error";
}

/** The name of the category of unknown values. */
export const UNKNOWN = "<unknown>";

/**
 * Numbers the categories that the training part has, in order, or makes one-hot columns of them. scikit-learn: `OrdinalEncoder`,
 * `OneHotEncoder`, `LabelEncoder`.
 *
 * @example
 * ```ts
 * import { Categories, Table } from "@heddle/data/table";
 *
 * const train = Table.fromColumns({ city: ["Kiel", "Bonn"] });
 * const test = Table.fromColumns({ city: ["Bonn", "Rome"] });
 * new Categories().fit(train).transform(test).column("city").values; // [1, 0]
 * const wide = new Categories({ oneHot: true }).fit(train).transform(test);
 * wide.columns; // ["city=<unknown>", "city=Bonn", "city=Kiel"]
 * wide.numbers("city=Bonn"); // [1, 0]
 * ```
 */
export class Categories implements PreparationStep {
  private readonly options: CategoriesOptions;
  private readonly known: Map<string, readonly string[]> = new Map();
  private isFitted = false;

  constructor(options: CategoriesOptions = {}) {
    checkOptions("Categories", options, ["columns", "oneHot", "unknown"]);
    const { unknown = "category" } = options;
    if (unknown !== "category" && unknown !== "error") {
      throw new RangeError(`Categories: unknown is "category" or "error", got ${JSON.stringify(unknown)}`);
    }
    this.options = options;
  }

  /** Finds the categories. @throws Error when a column has a category called `<unknown>` */
  fit(table: Table): this {
    this.known.clear();
    const { columns, unknown = "category" } = this.options;
    const encodes = (name: string): boolean => ["string", "category", "boolean"].includes(table.kind(name));
    for (const name of chosen("Categories", table, columns, encodes)) {
      const found = distinct(table.column(name));
      if (unknown === "category" && found.includes(UNKNOWN)) {
        throw new Error(
          `Categories: column ${JSON.stringify(clip(name))} has a category ${UNKNOWN} of its own; rename it`,
        );
      }
      this.known.set(name, unknown === "category" ? [UNKNOWN, ...found] : found);
    }
    this.isFitted = true;
    return this;
  }

  /** The categories of a column by class number: what `numClasses` of a model counts. */
  categories(name: string): readonly string[] {
    if (!this.isFitted) throw notFitted("Categories");
    const found = this.known.get(name);
    if (found !== undefined) return found;
    throw new RangeError(
      `Categories: column ${JSON.stringify(clip(name))} was not encoded; ${[...this.known.keys()].join(", ")} were`,
    );
  }

  /** The table with the columns encoded. @throws Error for an unknown category where that is an error, with its row */
  transform(table: Table): Table {
    if (!this.isFitted) throw notFitted("Categories");
    const { oneHot = false } = this.options;
    const encoded = new Map<string, Column>();
    for (const [name, levels] of this.known) {
      const values = this.encode(table.column(name), name, levels);
      if (!oneHot) encoded.set(name, { kind: "category", values, levels });
      else {
        levels.forEach((level, code) => {
          encoded.set(`${name}=${level}`, {
            kind: "number",
            values: Float64Array.from(values, (each) => each === code ? 1 : 0),
          });
        });
      }
    }
    return (oneHot ? table.drop([...this.known.keys()]) : table).with(encoded);
  }

  /** The categories of class numbers, such as predictions. @throws RangeError for a number that is no class */
  inverse(name: string, codes: ArrayLike<number>): string[] {
    const levels = this.categories(name);
    return Array.from(codes, (code) => {
      const found = levels[code];
      if (found !== undefined) return found;
      throw new RangeError(
        `Categories.inverse: ${code} is no class of ${JSON.stringify(clip(name))}, which has 0 to ${levels.length - 1}`,
      );
    });
  }

  state(): StepState {
    if (!this.isFitted) throw notFitted("Categories");
    const { oneHot = false, unknown = "category" } = this.options;
    return { step: "Categories", oneHot, unknown, categories: Object.fromEntries(this.known) };
  }

  private encode(column: Column, name: string, levels: readonly string[]): Int32Array {
    const codes = new Map(levels.map((level, code) => [level, code]));
    return Int32Array.from(column.values as ArrayLike<unknown>, (_, row) => {
      const code = isMissing(column, row) ? undefined : codes.get(textOf(column, row));
      if (code !== undefined) return code;
      if (levels[0] === UNKNOWN) return 0;
      throw new Error(
        `Categories: row ${row} of column ${JSON.stringify(clip(name))} is ${
          isMissing(column, row)
            ? "missing"
            : `${JSON.stringify(clip(textOf(column, row)))}, which the training part lacks`
        }; it has ${levels.slice(0, 10).map(clip).join(", ")}`,
      );
    });
  }

  /** Restores a step. */
  static restore(saved: SavedStep): Categories {
    const step = new Categories({
      oneHot: saved.flag("oneHot"),
      unknown: saved.word("unknown", ["category", "error"] as const),
    });
    const strings = (value: unknown): string[] | undefined =>
      Array.isArray(value) && value.every((each) => typeof each === "string") && new Set(value).size === value.length
        ? value
        : undefined;
    for (const [name, levels] of saved.columns("categories", strings)) step.known.set(name, levels);
    step.isFitted = true;
    return step;
  }
}
