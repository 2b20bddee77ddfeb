import { type ColumnSource, parquetWriteBuffer, type ParquetWriteOptions } from "hyparquet-writer";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { expect, test } from "vitest";
import { readParquet } from "../../table.ts";
import { type RawPage, versionOne } from "./testing/version_one.ts";

const COUNT = 300;
const make = <T>(value: (i: number) => T): T[] => Array.from({ length: COUNT }, (_, i) => value(i));
const columns = {
  int: { type: "INT32", data: make((i) => i % 7 === 0 ? null : i - 100) },
  long: { type: "INT64", data: make((i) => BigInt(i) ** 3n) },
  text: { type: "STRING", data: make((i) => i % 11 === 3 ? null : ["a", "bé", "語"][i % 3]!) },
  flag: { type: "BOOLEAN", data: make((i) => i % 5 === 0 ? null : i % 2 === 0) },
  double: { type: "DOUBLE", data: make((i) => i / 3) },
  time: { type: "TIMESTAMP", data: make((i) => new Date(i * 1e9)) },
} as const;
type Name = keyof typeof columns;

/** The value as a table has it. */
const cell = (name: Name, row: number): unknown => {
  const value = columns[name].data[row]!;
  return typeof value === "bigint" ? Number(value) : value;
};

function written(
  names: readonly Name[],
  options: Partial<ParquetWriteOptions> = {},
  column: Partial<ColumnSource> = {},
): Uint8Array {
  const columnData = names.map((name) => ({ name, ...columns[name], ...column }) as unknown as ColumnSource);
  return new Uint8Array(parquetWriteBuffer({ columnData, pageSize: 200, rowGroupSize: 120, ...options }));
}

type Pack = (bytes: Uint8Array) => Uint8Array;
const zstd = (zlib as { zstdCompressSync?: Pack }).zstdCompressSync;
const packers: Readonly<Record<string, Pack | undefined>> = {
  GZIP: zlib.gzipSync,
  BROTLI: zlib.brotliCompressSync,
  ZSTD: zstd,
};
const all = Object.keys(columns) as Name[];

test.for(["UNCOMPRESSED", "SNAPPY", "GZIP", "BROTLI", "ZSTD"])(
  "columns packed by %s",
  async (codec, { skip }) => {
    skip(codec === "ZSTD" && !zstd, "this version of Node has no Zstandard");
    const compressors = Object.fromEntries(
      Object.entries(packers).map(([name, pack]) => [name, (bytes: Uint8Array) => Uint8Array.from(pack!(bytes))]),
    );
    const table = await readParquet(written(all, { codec: codec as "SNAPPY", compressors }));
    expect(table.columns).toEqual(all);
    for (let row = 0; row < COUNT; row++) {
      expect(table.row(row)).toEqual(Object.fromEntries(all.map((name) => [name, cell(name, row)])));
    }
  },
);

const encodings: readonly (readonly [encoding: string, names: readonly Name[]])[] = [
  ["PLAIN", all],
  ["RLE_DICTIONARY", ["int", "long", "text", "double", "time"]],
  ["RLE", ["flag"]],
  ["DELTA_BINARY_PACKED", ["int", "long", "time"]],
  ["DELTA_LENGTH_BYTE_ARRAY", ["text"]],
  ["BYTE_STREAM_SPLIT", ["int", "long", "double"]],
];
test.each(encodings)("values encoded as %s", async (encoding, names) => {
  const table = await readParquet(written(names, {}, { encoding: encoding as "PLAIN" }));
  for (const name of names) {
    expect(Array.from({ length: COUNT }, (_, row) => table.row(row)[name])).toEqual(make((row) => cell(name, row)));
  }
});

test("some columns and rows, from a path, a blob and a response", async () => {
  const bytes = written(all), folder = mkdtempSync(join(tmpdir(), "heddle-parquet-"));
  try {
    const path = join(folder, "t.parquet");
    writeFileSync(path, bytes);
    for (const source of [path, new Blob([bytes.slice()]), new Response(bytes.slice()), bytes.buffer as ArrayBuffer]) {
      const table = await readParquet(source, { columns: ["double", "text"], rows: 130 });
      expect([table.columns, table.length, table.row(129)]).toEqual([["double", "text"], 130, {
        double: 43,
        text: "a",
      }]);
    }
    await expect(readParquet(path, { columns: ["duoble"] })).rejects.toThrow(
      'there is no column "duoble"; did you mean "double"?',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Levels of one run, or of packed bits; a length of four bytes comes first. */
const levels = (...bytes: number[]): number[] => [bytes.length, 0, 0, 0, ...bytes];
const ints = (...values: number[]): number[] => [...new Uint8Array(Int32Array.from(values).buffer)];

test("pages of the first version", async () => {
  const values = async (pages: RawPage[], rows: number, optional: boolean): Promise<number[]> => [
    ...(await readParquet(versionOne(pages, rows, optional))).numbers("x"),
  ];
  expect(await values([{ values: 3, encoding: 0, bytes: ints(7, -8, 9) }], 3, false)).toEqual([7, -8, 9]);
  // Four values of which the second is missing, as bits: 1101.
  expect(await values([{ values: 4, encoding: 0, bytes: [...levels(3, 0b1101), ...ints(1, 2, 3)] }], 4, true)).toEqual([
    1,
    NaN,
    2,
    3,
  ]);
  // A dictionary, and a run of five times its value 1.
  expect(await values([{ values: 2, bytes: ints(5, 6) }, { values: 5, encoding: 8, bytes: [1, 10, 1] }], 5, false))
    .toEqual([6, 6, 6, 6, 6]);
  // Two pages.
  expect(
    await values([{ values: 1, encoding: 0, bytes: ints(1) }, { values: 1, encoding: 0, bytes: ints(2) }], 2, false),
  ).toEqual([1, 2]);
});

const plain: RawPage = { values: 1, encoding: 0, bytes: ints(1) };
const dictionary: RawPage = { values: 2, bytes: ints(5, 6) };
const hostile: readonly (readonly [what: string, file: Uint8Array, message: RegExp])[] = [
  ["no Parquet file", new Uint8Array(100), /^t: no Parquet file: it does not end in PAR1/],
  ["nothing", new Uint8Array(0), /^t: no Parquet file/],
  [
    "a footer longer than the file",
    Uint8Array.of(80, 65, 82, 49, 0, 0, 0, 255, 255, 255, 127, 80, 65, 82, 49),
    /^t: the footer claims 2147483647 bytes/,
  ],
  ["more rows than pages have", versionOne([plain], 2 ** 24, false), /^t: column "x": /],
  [
    "rows beyond the limit",
    versionOne([plain], 2 ** 27, false),
    /^t: 134217728 × 1 values \(rows × columns\) exceed maxValues, 67108864; choose columns, or raise maxValues/,
  ],
  [
    "a page that claims to be large",
    versionOne([{ ...plain, claimed: 2 ** 31 - 1 }], 1, false),
    /^t: column "x": a page claims 2147483647 bytes/,
  ],
  // A run of 2²⁰ · 128 values among one.
  [
    "a run longer than the page",
    versionOne([dictionary, { values: 1, encoding: 8, bytes: [1, 255, 255, 255, 255, 7, 0] }], 1, false),
    /^t: column "x": a run of \d+ among 1 values/,
  ],
  [
    "levels beyond the page",
    versionOne([{ values: 1, encoding: 0, bytes: [255, 255, 0, 0, 2, 1] }], 1, true),
    /levels of 65535 bytes/,
  ],
  [
    "differences in blocks of no values",
    versionOne([{ values: 2, encoding: 5, bytes: [0, 1, 2, 2, 0] }], 2, false),
    /blocks of 0 values in 1 parts/,
  ],
  [
    "a number without an end",
    versionOne([{ values: 2, encoding: 5, bytes: [128, 1, 4, 2, 2, ...Array(50).fill(128)] }], 2, false),
    /a number has more than 10 bytes/,
  ],
  [
    "a position beyond the dictionary",
    versionOne([dictionary, { values: 1, encoding: 8, bytes: [8, 2, 7] }], 1, false),
    /row 0 is not in the dictionary/,
  ],
  [
    "an encoding without bounds",
    versionOne([{ ...plain, encoding: 7 }], 1, false),
    /an encoding that is not supported here, such as DELTA_BYTE_ARRAY/,
  ],
  ["two columns of one name", versionOne([plain], 1, false, ["a", "a"]), /^t: two columns are called "a"/],
];
test.each(hostile)("%s is refused", async (_, file, message) => {
  await expect(readParquet(file, { name: "t" })).rejects.toThrow(message);
});

test("whole numbers beyond 2⁵³, lists and structs are refused by name", async () => {
  const wide = new Uint8Array(
    parquetWriteBuffer({ columnData: [{ name: "id", data: [1n, 2n ** 60n], type: "INT64" }] }),
  );
  await expect(readParquet(wide)).rejects.toThrow('column "id": row 1 is 1152921504606846976: no number keeps it');
  const nested = new Uint8Array(
    parquetWriteBuffer({
      columnData: [{ name: "x", data: [1, 2], type: "INT32" }, {
        name: "blob",
        data: [{ a: 1 }, { a: 2 }],
        type: "JSON",
      }],
    }),
  );
  await expect(readParquet(nested)).rejects.toThrow(
    /column "blob" is of type JSON, which a table cannot hold; choose others with .*: x/,
  );
  expect((await readParquet(nested, { columns: ["x"] })).numbers("x")).toEqual(Float64Array.of(1, 2));
});
