import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import {
  Categories,
  Impute,
  MinMax,
  Preparation,
  type PreparationState,
  type PreparationStep,
  Standardize,
  Table,
  UNKNOWN,
} from "../../table.ts";

const path = join(dirname(fileURLToPath(import.meta.url)), "../../../../../conformance/fixtures/tables/tables.json");
const { columns } = JSON.parse(readFileSync(path, "utf8")) as {
  columns: { values: number[]; standardized: number[]; minMax: number[] }[];
};

test.each(columns.map((column) => [column.values.length, column] as const))(
  "%i values scaled are NumPy's, and come back",
  (_, { values, standardized, minMax }) => {
    const table = Table.fromColumns({ x: [...values, null] });
    for (const [step, expected] of [[new Standardize(), standardized], [new MinMax(), minMax]] as const) {
      const found = step.fit(table).transform(table).numbers("x");
      expected.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 9));
      expect(found[values.length]).toBeNaN();
      step.inverse("x", found).forEach((value, i) => {
        if (i < values.length) expect(value).toBeCloseTo(values[i]!, 6);
      });
    }
  },
);

test("a step is fitted on the training part alone", () => {
  const train = Table.fromColumns({ x: [0, 10] }), test = Table.fromColumns({ x: [20] });
  const step = new MinMax().fit(train);
  expect(step.transform(test).numbers("x")).toEqual(Float64Array.of(2));
  expect(step.transform(train).numbers("x")).toEqual(Float64Array.of(0, 1));
});

test("missing values are replaced by the mean, the median or the most frequent value", () => {
  const train = Table.fromColumns({
    x: [1, 2, 2, 11, null],
    s: ["b", "a", "a", null, "b"],
    flag: [true, null, true, false, false],
    full: [1, 2, 3, 4, 5],
  });
  const hole = Table.fromColumns({ x: [null], s: [null], flag: [null], full: [null] });
  const after = (strategy: "mean" | "median" | "mostFrequent"): unknown[] => {
    const { x, s, flag, full } = new Impute({ strategy }).fit(train).transform(
      hole.with({ s: ["z"] }).with(
        new Map([["s", { kind: "string", values: [null] }], ["flag", { kind: "boolean", values: [null] }]]),
      ),
    ).row(0);
    return [x, s, flag, full];
  };
  expect(after("mean")).toEqual([4, "a", false, null]);
  expect(after("median")).toEqual([2, "a", false, null]);
  expect(after("mostFrequent")).toEqual([2, "a", false, null]);
  const categories = train.categories("s");
  expect(new Impute({ columns: ["s"] }).fit(categories).transform(categories).strings("s")[3]).toBe("a");
  const indicated = new Impute({ columns: ["x"], indicator: true }).fit(train).transform(train);
  expect(indicated.numbers("x_missing")).toEqual(Float64Array.of(0, 0, 0, 0, 1));
  expect(new Impute().fit(train.select(["full"])).transform(hole.select(["full"])).numbers("full")[0]).toBeNaN();
});

test("categories as class numbers and as one-hot columns", () => {
  const train = Table.fromColumns({ city: ["Kiel", "Bonn", null], n: [1, 2, 3] });
  const test = Table.fromColumns({ city: ["Rome", null, "Kiel"], n: [4, 5, 6] });
  const step = new Categories().fit(train);
  expect(step.categories("city")).toEqual([UNKNOWN, "Bonn", "Kiel"]);
  expect(step.transform(test).column("city").values).toEqual(Int32Array.of(0, 0, 2));
  expect(step.inverse("city", [2, 0])).toEqual(["Kiel", UNKNOWN]);
  const wide = new Categories({ oneHot: true }).fit(train).transform(test);
  expect(wide.columns).toEqual(["n", `city=${UNKNOWN}`, "city=Bonn", "city=Kiel"]);
  expect(wide.numbers("city=Kiel")).toEqual(Float64Array.of(0, 0, 1));
  const strict = new Categories({ unknown: "error" }).fit(train.dropMissing());
  expect(strict.categories("city")).toEqual(["Bonn", "Kiel"]);
  expect(() => strict.transform(test)).toThrow(
    'row 0 of column "city" is "Rome", which the training part lacks; it has Bonn, Kiel',
  );
  expect(() => step.inverse("city", [3])).toThrow("3 is no class");
});

const train = Table.fromColumns({ age: [20, null, 40], city: ["Bonn", "Kiel", "Bonn"], y: [1, 2, 4] });
const steps: () => PreparationStep[] = () => [
  new Impute({ indicator: true }),
  new Standardize({ columns: ["age"] }),
  new MinMax({ columns: ["y"] }),
  new Categories({ oneHot: true }),
];

test("a preparation restored from JSON does the same", () => {
  const preparation = new Preparation(steps()).fit(train);
  const state = JSON.stringify(preparation.state());
  const again = Preparation.from(JSON.parse(state));
  const fresh = Table.fromColumns({ age: [33, null], city: ["Rome", "Kiel"], y: [0, 0] })
    .with({ age: [33, NaN] });
  expect([...again.transform(fresh).rows()]).toEqual([...preparation.transform(fresh).rows()]);
  expect(JSON.stringify(again.state())).toBe(state);
  expect((again.steps[2] as MinMax).inverse("y", [0, 1])).toEqual(Float64Array.of(1, 4));
});

test("what cannot be is refused", () => {
  expect(() => new Standardize().transform(train)).toThrow("Standardize: fit(table) comes first");
  expect(() => new Preparation(steps()).state()).toThrow("Impute: fit(table) comes first");
  expect(() => new Standardize({ columns: ["agee"] }).fit(train)).toThrow('did you mean "age"?');
  expect(() => new Standardize().fit(train.select(["city"]))).toThrow(
    "the table has no column for this step; it has city",
  );
  expect(() => new Standardize().fit(Table.fromColumns({ x: [1, Infinity] }))).toThrow(
    'column "x" has values that are infinite',
  );
  expect(() => new Standardize().fit(Table.fromColumns({ x: [NaN] }))).toThrow('column "x" has no values');
  expect(() => new Impute({ strategy: "mode" as never })).toThrow('"mode" is unknown; there are mean, median');
  expect(() => new Preparation(train as never)).toThrow("expected an array of steps");
  for (
    const state of [
      null,
      {},
      { version: 2, steps: [] },
      { version: 1, steps: [null] },
      { version: 1, steps: [{ step: "toString" }] },
      { version: 1, steps: [{ step: "Standardize" }] },
      { version: 1, steps: [{ step: "Standardize", scales: { x: { shift: 1, scale: 0 } } }] },
      { version: 1, steps: [{ step: "Impute", indicator: 1, fills: {} }] },
      { version: 1, steps: [{ step: "Categories", oneHot: false, unknown: "x", categories: {} }] },
      { version: 1, steps: [{ step: "Categories", oneHot: false, unknown: "error", categories: { c: [1] } }] },
    ]
  ) {
    expect(() => Preparation.from(state as unknown as PreparationState)).toThrow(/^Preparation\.from: /);
  }
});
