import { fromTypedArray, type Tensor } from "@heddle/tensor";
import { checkOptions, printOnConsole } from "@heddle/tensor/engine";
import { checkArguments } from "../arguments.ts";
import { TensorDataset } from "../datasets/tensor_dataset.ts";
import {
  type Cell,
  cellOf,
  type CellValues,
  type Column,
  type ColumnKind,
  columnOf,
  isMissing,
  takeRows,
} from "./column.ts";
import { describeColumns } from "./describe.ts";
import { clip, unknownName } from "./near_name.ts";
import { drawTable } from "./draw_table.ts";
import { splitRows, type TableSplitOptions } from "./split_rows.ts";
import { categorise } from "./text_column.ts";

/** A row as an object: each column's value by its name, null where it is missing. */
export type Row = Record<string, Cell>;

/** Options of `Table.tensor`. */
export interface TableTensorOptions {
  /** The tensor's dtype: float32 by default, for columns of categories int32. */
  dtype?: "float32" | "float64" | "int32";
}

/** Options of `Table.toDataset`. */
export interface TableDatasetOptions {
  /** The columns that a model reads. */
  features: readonly string[];
  /** The column, or the columns, that it predicts. */
  target?: string | readonly string[];
}

/**
 * Named columns of equal length: what `readCsv` and `readParquet` return. A table never changes; its methods return new ones, which share
 * the columns that stay the same. The closest counterpart is pandas' `DataFrame`, without an index.
 *
 * @example
 * ```ts
 * import { Table } from "@heddle/data/table";
 *
 * const people = Table.fromColumns({ name: ["Ann", "Ben", "Eve"], age: [31, null, 45], city: ["Bonn", "Kiel", "Bonn"] });
 * people.filter(({ age }) => age !== null && (age as number) > 40).strings("name"); // ["Eve"]
 * people.select(["age"]).describe().column("mean").values[0]; // 38
 * console.log(people);
 * ```
 */
export class Table {
  /** Number of rows. */
  readonly length: number;
  private readonly byName: ReadonlyMap<string, Column>;

  /** @throws Error when the columns differ in length */
  constructor(columns: ReadonlyMap<string, Column>) {
    checkArguments("Table", arguments, 1);
    if (!(columns instanceof Map)) {
      throw new TypeError(
        "Table: expected a Map of columns; Table.fromColumns takes an object of arrays, Table.fromRows rows",
      );
    }
    this.byName = new Map(columns);
    const [first] = this.byName;
    this.length = first === undefined ? 0 : first[1].values.length;
    for (const [name, { values }] of this.byName) {
      if (values.length === this.length) continue;
      throw new Error(
        `Table: the columns differ in length: ${JSON.stringify(clip(first![0]))} has ${this.length} values, ` +
          `${JSON.stringify(clip(name))} has ${values.length}`,
      );
    }
  }

  /** A table of arrays by name: numbers, strings, booleans or Dates, null where missing. @throws TypeError for mixed types */
  static fromColumns(columns: Readonly<Record<string, CellValues>>): Table {
    checkArguments("Table.fromColumns", arguments, 1);
    return new Table(madeOf(columns, "Table.fromColumns"));
  }

  /** A table of objects, as JSON has them. A value that a row lacks is missing. */
  static fromRows(rows: readonly Readonly<Record<string, unknown>>[]): Table {
    checkArguments("Table.fromRows", arguments, 1);
    const names = new Set(rows.flatMap((row) => Object.keys(row)));
    return new Table(
      new Map(
        [...names].map((name) => [
          name,
          columnOf(
            rows.map((row) => Object.hasOwn(row, name) ? row[name] : null) as CellValues,
            `Table.fromRows: column ${JSON.stringify(clip(name))}`,
          ),
        ]),
      ),
    );
  }

  /** The names of the columns. */
  get columns(): string[] {
    return [...this.byName.keys()];
  }

  /** A column. @throws RangeError for an unknown name, with the known ones */
  column(name: string): Column {
    const found = this.byName.get(name);
    if (found !== undefined) return found;
    throw new RangeError(`Table: there is no column ${JSON.stringify(name)}; ${unknownName(name, this.columns)}`);
  }

  /** Whether there is a column of that name. */
  has(name: string): boolean {
    return this.byName.has(name);
  }

  /** The kind of a column. */
  kind(name: string): ColumnKind {
    return this.column(name).kind;
  }

  /** A column as numbers: truth values as 0 and 1, dates in milliseconds, categories as their codes; NaN where missing. @throws TypeError for strings */
  numbers(name: string): Float64Array {
    const column = this.column(name);
    if (column.kind === "number" || column.kind === "date") return column.values;
    if (column.kind === "string") {
      throw new TypeError(
        `Table: column ${
          JSON.stringify(clip(name))
        } has strings; encode them with Categories, or read the column as "number"`,
      );
    }
    return Float64Array.from(
      column.values as ArrayLike<unknown>,
      (value, row) => isMissing(column, row) ? NaN : Number(value),
    );
  }

  /** A column of strings or categories as strings; null where missing. @throws TypeError for other kinds */
  strings(name: string): (string | null)[] {
    const column = this.column(name);
    if (column.kind !== "string" && column.kind !== "category") {
      throw new TypeError(
        `Table: column ${JSON.stringify(clip(name))} has values of kind "${column.kind}"; numbers() reads them`,
      );
    }
    return Array.from({ length: this.length }, (_, row) => cellOf(column, row) as string | null);
  }

  /** A row as an object. @throws RangeError for a row that does not exist */
  row(index: number): Row {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) {
      throw new RangeError(`Table.row: there is no row ${index} among ${this.length} rows, which count from 0`);
    }
    return Object.fromEntries([...this.byName].map(([name, column]) => [name, cellOf(column, index)]));
  }

  /** The rows, as objects. */
  *rows(): Generator<Row> {
    for (let row = 0; row < this.length; row++) yield this.row(row);
  }

  /** The columns with these names, in this order. */
  select(names: readonly string[]): Table {
    checkNames("select", names);
    return new Table(new Map(names.map((name) => [name, this.column(name)])));
  }

  /** All columns but these. */
  drop(names: readonly string[]): Table {
    checkNames("drop", names);
    for (const name of names) this.column(name);
    return new Table(new Map([...this.byName].filter(([name]) => !names.includes(name))));
  }

  /** The table with columns added, or replaced: arrays by name, or a Map of columns. */
  with(columns: Readonly<Record<string, CellValues>> | ReadonlyMap<string, Column>): Table {
    checkArguments("Table.with", arguments, 1);
    const added = columns instanceof Map
      ? columns as ReadonlyMap<string, Column>
      : madeOf(columns as Record<string, CellValues>, "Table.with");
    if (added.size === 0) return this;
    return new Table(new Map([...this.byName, ...added]));
  }

  /** The rows at these positions, in this order; a position may come more than once. */
  take(indices: ArrayLike<number>): Table {
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i]!;
      if (Number.isInteger(index) && index >= 0 && index < this.length) continue;
      throw new RangeError(`Table.take: there is no row ${index} among ${this.length} rows, which count from 0`);
    }
    return new Table(new Map([...this.byName].map(([name, column]) => [name, takeRows(column, indices)])));
  }

  /** The rows for which the function returns true. */
  filter(keep: (row: Row, index: number) => boolean): Table {
    const kept: number[] = [];
    for (let row = 0; row < this.length; row++) if (keep(this.row(row), row)) kept.push(row);
    return this.take(kept);
  }

  /** The rows in which no value of these columns, by default of all, is missing. */
  dropMissing(names: readonly string[] = this.columns): Table {
    const columns = names.map((name) => this.column(name));
    const kept: number[] = [];
    for (let row = 0; row < this.length; row++) if (!columns.some((column) => isMissing(column, row))) kept.push(row);
    return this.take(kept);
  }

  /** The first rows, 5 by default. */
  head(count: number = 5): Table {
    return this.slice(0, count);
  }

  /** The rows from `start` to before `end`; negative ones count from the end, as in `Array.slice`. */
  slice(start: number, end: number = this.length): Table {
    return this.take([...Array(this.length).keys()].slice(start, end));
  }

  /** The table with a column of strings as categories, whose codes count from 0 in order of code points. */
  categories(name: string): Table {
    const column = this.column(name);
    return column.kind === "category" ? this : this.with(new Map([[name, categorise(this.strings(name))]]));
  }

  /**
   * A summary with one row for each column: its kind, the values that are missing and that are distinct; of numbers and dates the mean,
   * the standard deviation, the extremes and the quartiles; of others the most frequent value and how often it occurs. pandas:
   * `describe(include="all")`, transposed.
   */
  describe(): Table {
    return new Table(describeColumns(this.byName));
  }

  /**
   * Columns as a matrix `[rows, columns]`, or one column as a vector `[rows]`.
   *
   * @throws Error for missing values, with the row; TypeError for strings
   */
  tensor(names: string | readonly string[], options: TableTensorOptions = {}): Tensor {
    checkOptions("Table.tensor", options, ["dtype"]);
    const list = typeof names === "string" ? [names] : names;
    const categories = list.length > 0 && list.every((name) => this.kind(name) === "category");
    const { dtype = categories ? "int32" : "float32" } = options;
    const make = { float32: Float32Array, float64: Float64Array, int32: Int32Array }[dtype];
    if (make === undefined) {
      throw new RangeError(`Table.tensor: dtype ${JSON.stringify(dtype)} is not "float32", "float64" or "int32"`);
    }
    const data = new make(this.length * list.length);
    list.forEach((name, at) => {
      const values = this.numbers(name);
      for (let row = 0; row < this.length; row++) {
        const value = values[row]!;
        if (Number.isNaN(value)) {
          throw new Error(
            `Table.tensor: row ${row} of column ${
              JSON.stringify(clip(name))
            } is missing; replace missing values with Impute, or leave ` +
              `out their rows with dropMissing()`,
          );
        }
        if (dtype === "int32" && (value | 0) !== value) {
          throw new RangeError(
            `Table.tensor: row ${row} of column ${JSON.stringify(clip(name))} is ${value}, no int32`,
          );
        }
        data[row * list.length + at] = value;
      }
    });
    return fromTypedArray(data, typeof names === "string" ? [this.length] : [this.length, list.length]);
  }

  /**
   * A data set of tensors: the features as one matrix `[rows, features]`, and the target. A target of categories becomes an int32 vector
   * of class numbers, as `crossEntropy` takes it; one of numbers or truth values a float32 vector; several targets a matrix. Read a column
   * of 0 and 1 with `types: { y: "category" }` to have class numbers, or encode it with `new Categories({ columns: ["y"], unknown: "error" })`.
   *
   * @throws Error for missing values; TypeError for strings, which `Categories` encodes
   *
   * @example
   * ```ts
   * import { Table } from "@heddle/data/table";
   *
   * const table = Table.fromColumns({ width: [1, 2], height: [3, 4], kind: ["a", "b"] }).categories("kind");
   * const [x, y] = table.toDataset({ features: ["width", "height"], target: "kind" }).tensors;
   * x.shape; // [2, 2]
   * y!.toArray(); // [0, 1]
   * ```
   */
  toDataset(options: TableDatasetOptions & { target: string | readonly string[] }): TensorDataset<[Tensor, Tensor]>;
  toDataset(options: TableDatasetOptions): TensorDataset<[Tensor]>;
  toDataset(options: TableDatasetOptions): TensorDataset<[Tensor, ...Tensor[]]> {
    checkOptions("Table.toDataset", options, ["features", "target"]);
    checkNames("toDataset", options.features);
    const kinds = new Set(options.features.map((name) => this.kind(name)));
    if (kinds.has("category") && kinds.size > 1) {
      const name = options.features.find((each) => this.kind(each) === "category")!;
      throw new TypeError(
        `Table.toDataset: column ${
          JSON.stringify(clip(name))
        } has categories among other features; one-hot columns of them (Categories ` +
          `with { oneHot: true }) have an order that means something, or read them with tensor() for an embedding`,
      );
    }
    const x = this.tensor(options.features);
    return options.target === undefined ? new TensorDataset(x) : new TensorDataset(x, this.tensor(options.target));
  }

  /**
   * Splits the rows into tables that do not overlap: at random, in equal shares of each class (`stratify`), whole groups at a time
   * (`group`, so that what belongs to one patient is on one side), or in the order of a column (`by`, so that the future is not
   * learned from).
   *
   * @param lengths as for `randomSplit`: sizes that add up to the number of rows, or fractions that add up to 1
   * @throws Error when the lengths do not add up, or more than one way is asked for
   *
   * @example
   * ```ts
   * import { Table } from "@heddle/data/table";
   * import { Generator } from "@heddle/tensor";
   *
   * const table = Table.fromColumns({ x: [1, 2, 3, 4, 5, 6], y: ["a", "b", "a", "b", "a", "b"] });
   * const [train, test] = table.split([4, 2], { stratify: "y", generator: new Generator(0) });
   * test!.strings("y").sort(); // ["a", "b"]
   * ```
   */
  split(lengths: readonly number[], options: TableSplitOptions = {}): Table[] {
    return splitRows(this, lengths, options).map((rows) => this.take(rows));
  }

  /** The first rows and the last as text, under the names and kinds of the columns. */
  toString(): string {
    return drawTable(this.byName, this.length);
  }
}

printOnConsole(Table.prototype);

function madeOf(columns: Readonly<Record<string, CellValues>>, where: string): Map<string, Column> {
  return new Map(
    Object.entries(columns).map((
      [name, values],
    ) => [name, columnOf(values, `${where}: column ${JSON.stringify(clip(name))}`)]),
  );
}

function checkNames(method: string, names: unknown): asserts names is readonly string[] {
  if (Array.isArray(names)) return;
  throw new TypeError(`Table.${method}: expected an array of names of columns, got ${JSON.stringify(names)}`);
}
