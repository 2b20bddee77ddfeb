import { Generator, scope } from "@heddle/tensor";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { parseCsv, Table } from "../table.ts";

const path = join(dirname(fileURLToPath(import.meta.url)), "../../../../conformance/fixtures/tables/tables.json");
const { columns } = JSON.parse(readFileSync(path, "utf8")) as {
  columns: { values: number[]; describe: (number | null)[] }[];
};

const people = Table.fromColumns({
  name: ["Ann", "Ben", null, "Eve"],
  age: [31, null, 45, 7],
  member: [true, false, null, true],
  since: [new Date("2020-01-01"), null, new Date("2021-06-30T12:00Z"), new Date("2022-01-01")],
});

test("columns, rows and cells", () => {
  expect(people.length).toBe(4);
  expect(people.columns).toEqual(["name", "age", "member", "since"]);
  expect(people.row(1)).toEqual({ name: "Ben", age: null, member: false, since: null });
  expect([...people.rows()].map(({ age }) => age)).toEqual([31, null, 45, 7]);
  expect(people.numbers("since")[0]).toBe(Date.UTC(2020, 0, 1));
  expect(Table.fromRows([{ a: 1 }, { b: "x" }]).row(1)).toEqual({ a: null, b: "x" });
  expect(Table.fromColumns({ a: new Float32Array([1, 2]) }).kind("a")).toBe("number");
});

test("console.log prints a table as String does", () => {
  expect(inspect(people)).toBe(String(people));
  expect(inspect(people.describe())).toBe(String(people.describe()));
});

test("selection does not change the table", () => {
  expect(people.select(["age", "name"]).columns).toEqual(["age", "name"]);
  expect(people.drop(["since"]).columns).toEqual(["name", "age", "member"]);
  expect(people.filter(({ age }) => age !== null && (age as number) > 30).strings("name")).toEqual(["Ann", null]);
  expect(people.dropMissing().strings("name")).toEqual(["Ann", "Eve"]);
  expect(people.dropMissing(["age"]).length).toBe(3);
  expect(people.head(2).strings("name")).toEqual(["Ann", "Ben"]);
  expect(people.slice(-1).strings("name")).toEqual(["Eve"]);
  expect(people.take([3, 0, 3]).numbers("age")).toEqual(Float64Array.of(7, 31, 7));
  expect(people.with({ twice: people.numbers("age").map((x) => 2 * x) }).numbers("twice")[2]).toBe(90);
  expect(people.columns.length).toBe(4);
  const categories = people.categories("name");
  expect(categories.column("name")).toEqual({
    kind: "category",
    values: Int32Array.of(0, 1, -1, 2),
    levels: ["Ann", "Ben", "Eve"],
  });
  expect(categories.take([2, 3]).strings("name")).toEqual([null, "Eve"]);
});

test.each(columns.map((column) => [column.values.length, column] as const))(
  "describe() has NumPy's figures of %i values",
  (_, { values, describe }) => {
    const row = Table.fromColumns({ x: [...values, null] }).describe().row(0);
    expect(row["count"]).toBe(values.length);
    expect(row["missing"]).toBe(1);
    ["mean", "std", "min", "25%", "50%", "75%", "max"].forEach((name, i) => {
      if (describe[i] === null) expect(row[name]).toBeNull();
      else expect(row[name]).toBeCloseTo(describe[i]!, 8);
    });
  },
);

test("describe() of other kinds has the most frequent value", () => {
  const table = Table.fromColumns({ s: ["b", "a", "b", null], flag: [true, false, false, null] }).describe();
  expect(table.row(0)).toMatchObject({
    column: "s",
    kind: "string",
    count: 3,
    missing: 1,
    unique: 2,
    top: "b",
    freq: 2,
  });
  expect(table.row(1)).toMatchObject({ top: "false", freq: 2, mean: null });
});

test("a table is printed with names, missing values and its size", () => {
  expect(String(people.select(["name", "age"]))).toBe(
    "   name  age\n0  Ann    31\n1  Ben     –\n2  –      45\n3  Eve     7\n[4 rows, 2 columns]",
  );
  expect(String(Table.fromColumns({ x: Array(100).fill(1) })).split("\n").length).toBe(13);
});

test("tensors and data sets", () => {
  using _ = scope();
  const table = Table.fromColumns({ a: [1, 2, 3], b: [0.5, 1.5, 2.5], kind: ["x", "y", "x"] });
  const data = table.categories("kind").toDataset({ features: ["b", "a"], target: "kind" });
  const [x, y] = data.tensors;
  expect(x.toArray()).toEqual([[0.5, 1], [1.5, 2], [2.5, 3]]);
  expect([y.dtype, y.toArray()]).toEqual(["int32", [0, 1, 0]]);
  expect(table.tensor("a").shape).toEqual([3]);
  expect(table.tensor(["a"], { dtype: "float64" }).dtype).toBe("float64");
  expect(table.toDataset({ features: ["a"], target: ["b", "a"] }).tensors[1].shape).toEqual([3, 2]);
  expect(() => table.toDataset({ features: ["kind"] })).toThrow(
    'column "kind" has strings; encode them with Categories',
  );
  expect(() => table.categories("kind").toDataset({ features: ["a", "kind"] })).toThrow(
    '"kind" has categories among other features',
  );
  expect(() => people.tensor(["age"])).toThrow('row 1 of column "age" is missing; replace missing values with Impute');
  expect(() => table.tensor("b", { dtype: "int32" })).toThrow('row 0 of column "b" is 0.5, no int32');
});

test("errors name the columns", () => {
  expect(() => people.column("Name")).toThrow(
    'there is no column "Name"; did you mean "name"? There are "name", "age"',
  );
  expect(() => people.column("nmae")).toThrow('did you mean "name"?');
  expect(() => people.numbers("name")).toThrow("has strings");
  expect(() => people.strings("age")).toThrow('has values of kind "number"');
  expect(() => people.row(4)).toThrow("there is no row 4 among 4 rows");
  expect(() => people.take([-1])).toThrow("there is no row -1");
  expect(() => people.select("age" as never)).toThrow("expected an array of names");
  expect(() => Table.fromColumns({ a: [1, 2], b: [1] })).toThrow('"a" has 2 values, "b" has 1');
  expect(() => Table.fromColumns({ a: [1, "x"] })).toThrow(
    'column "a": a column has values of one type, but row 0 is a number and row 1 a string',
  );
  expect(() => Table.fromColumns({ a: [{}] as never })).toThrow("row 0 is a object");
});

const labelled = Table.fromColumns({
  x: Array.from({ length: 100 }, (_, i) => (i * 37) % 100),
  class: Array.from({ length: 100 }, (_, i) => i % 10 === 0 ? "rare" : i % 2 === 0 ? "even" : "odd"),
  patient: Array.from({ length: 100 }, (_, i) => Math.floor(i / 7)),
});

/** The parts together have every row once. */
function whole(parts: readonly Table[]): void {
  expect(parts.flatMap((part) => [...part.numbers("x")]).sort((a, b) => a - b)).toEqual([...Array(100).keys()]);
}

test("random, stratified, grouped and ordered splits", () => {
  const generator = new Generator(3);
  const random = labelled.split([0.7, 0.2, 0.1], { generator });
  whole(random);
  expect(random.map(({ length }) => length)).toEqual([70, 20, 10]);
  const stratified = labelled.split([0.7, 0.2, 0.1], { stratify: "class", generator });
  whole(stratified);
  expect(stratified.map(({ length }) => length)).toEqual([70, 20, 10]);
  for (const part of stratified) {
    for (const [name, share] of [["rare", 0.1], ["even", 0.4], ["odd", 0.5]] as const) {
      expect(Math.abs(part.filter((row) => row["class"] === name).length - share * part.length)).toBeLessThanOrEqual(1);
    }
  }
  const grouped = labelled.split([0.5, 0.5], { group: "patient", generator });
  whole(grouped);
  const [left, right] = grouped.map((part) => new Set(part.numbers("patient")));
  expect([...left!].filter((each) => right!.has(each))).toEqual([]);
  expect(Math.abs(grouped[0]!.length - 50)).toBeLessThanOrEqual(7);
  const ordered = labelled.split([60, 40], { by: "x" });
  expect(Math.max(...ordered[0]!.numbers("x"))).toBe(59);
  expect(() => labelled.split([0.5, 0.5], { by: "x", group: "patient" })).toThrow(
    "at most one of stratify, group and by",
  );
  expect(() => labelled.split([0.5, 0.4])).toThrow("Table.split: the lengths [0.5, 0.4] add up to 0.9");
  expect(() => labelled.split([1], { by: "class" })).toThrow('has values of kind "string", which have no order');
});

test("names like __proto__ are names", () => {
  const table = parseCsv("__proto__,constructor\n1,2\n");
  expect(table.numbers("__proto__")).toEqual(Float64Array.of(1));
  expect(Object.keys(table.row(0))).toEqual(["__proto__", "constructor"]);
});
