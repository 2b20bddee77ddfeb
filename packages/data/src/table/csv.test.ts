import { readFileSync } from "node:fs";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath, pathToFileURL } from "node:url";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { parseCsv, readCsv, streamCsv, type Table } from "../table.ts";

const path = join(dirname(fileURLToPath(import.meta.url)), "../../../../conformance/fixtures/tables/tables.json");
const { files } = JSON.parse(readFileSync(path, "utf8")) as {
  files: { delimiter: string; text: string; rows: string[][] }[];
};

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const cells = (table: Table): (string | null)[][] => [
  table.columns,
  ...Array.from({ length: table.length }, (_, row) => table.columns.map((name) => table.strings(name)[row]!)),
];
const strings = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, "string" as const]));

/** A stream of pieces of some length, as a network delivers them. */
function inPieces(bytes: Uint8Array, size: number): Response {
  let at = 0;
  return new Response(
    new ReadableStream({
      pull(controller) {
        if (at >= bytes.length) return controller.close();
        controller.enqueue(bytes.slice(at, at += size));
      },
    }),
  );
}

test.each(files.map((file, i) => [i, file] as const))(
  "file %i of Python's csv module has its rows",
  async (_, file) => {
    const options = { delimiter: file.delimiter, na: [], types: strings(file.rows[0]!) };
    // Python keeps line endings inside quotes; here they are line feeds.
    const expected = file.rows.map((row) => row.map((cell) => cell.replace(/\r\n?/g, "\n")));
    expect(cells(parseCsv(file.text, options))).toEqual(expected);
    for (const size of [1, 7, 1 << 20]) {
      expect(cells(await readCsv(inPieces(bytesOf(file.text), size), options))).toEqual(expected);
    }
  },
);

test("kinds are inferred over the whole column", () => {
  const table = parseCsv(
    "n,d,b,s,late,id,none\n1,2024-02-29,true,x,1,12345678901234567890,\n-2.5e3,2024-03-01T12:30:00+01:00,False,,2,1,NA\n NaN ,,NA,NA,no,2,\n",
  );
  expect(table.columns.map((name) => table.kind(name))).toEqual([
    "number",
    "date",
    "boolean",
    "string",
    "string",
    "string",
    "number",
  ]);
  expect(table.numbers("n")).toEqual(Float64Array.of(1, -2500, NaN));
  expect(table.numbers("d")).toEqual(
    Float64Array.of(Date.UTC(2024, 1, 29), Date.UTC(2024, 2, 1, 11, 30), NaN),
  );
  expect(table.column("b").values).toEqual([true, false, null]);
  expect(table.strings("s")).toEqual(["x", null, null]);
  expect(table.strings("id")[0]).toBe("12345678901234567890");
  expect(table.numbers("b")).toEqual(Float64Array.of(1, 0, NaN));
});

test("a column with leading zeros is text, so that postcodes keep their digits", () => {
  const table = parseCsv("zip,zero,part,minus,padded\n01234,0,0.5,-0.25,1.5\n80331,12,-0,0e3,00.5\nNA,100,.5,+0,2\n");
  expect(table.strings("zip")).toEqual(["01234", "80331", null]);
  expect(table.columns.map((name) => table.kind(name))).toEqual(["string", "number", "number", "number", "string"]);
  expect(parseCsv("zip\n 007 \n").kind("zip")).toBe("string");
  const european = { delimiter: ";", decimal: ",", thousands: "." } as const;
  expect(parseCsv("a;b\n0,5;0123\n1.123;1\n", european).numbers("a")).toEqual(Float64Array.of(0.5, 1123));
  expect(parseCsv("zip\n01234\n", { types: { zip: "number" } }).numbers("zip")).toEqual(Float64Array.of(1234));
});

test("dates that do not exist are text", () => {
  expect(parseCsv("d,e\n2023-02-29,1\n").kind("d")).toBe("string");
  expect(parseCsv("d,e\n2024-13-01,1\n").kind("d")).toBe("string");
});

test("delimiter, decimal comma, thousands, comments, quotes, names and choice of columns", () => {
  const text = "# made by hand\nname;price;'note'\n# more\nAnn;1.234,5;'a;b'\n\nBen;-0,25;c\n";
  const table = parseCsv(text, { delimiter: ";", decimal: ",", thousands: ".", comment: "#", quote: "'" });
  expect(table.numbers("price")).toEqual(Float64Array.of(1234.5, -0.25));
  expect(table.strings("note")).toEqual(["a;b", "c"]);
  const headless = parseCsv("1,2,x\n3,4,y\n", { header: false, columns: ["column2", "column0"] });
  expect(headless.columns).toEqual(["column2", "column0"]);
  expect(parseCsv("1,2\n", { header: ["a", "b"] }).row(0)).toEqual({ a: 1, b: 2 });
  expect(parseCsv("a,b\n1,2\n3,4\n5,6\n", { rows: 2 }).length).toBe(2);
  expect(parseCsv("a,b\n1\n", { fillShort: true }).row(0)).toEqual({ a: 1, b: null });
  expect(parseCsv("a,b\nNA,x\n", { na: ["x"] }).row(0)).toEqual({ a: "NA", b: null });
  expect(parseCsv("a,b\n1,2\n", { types: { a: "string", b: "category" } }).column("b"))
    .toEqual({ kind: "category", values: Int32Array.of(0), levels: ["2"] });
});

test("a byte order mark and other encodings", async () => {
  expect((await readCsv(bytesOf("\ufeffä,b\n1,2\n"))).columns).toEqual(["ä", "b"]);
  expect(parseCsv("\ufeffa,b\n1,2\n").columns).toEqual(["a", "b"]);
  const latin = Uint8Array.of(0xe4, 0x2c, 0x62, 0x0a, 0xfc, 0x2c, 0x31);
  expect((await readCsv(latin, { encoding: "latin1" })).row(0)).toEqual({ ä: "ü", b: 1 });
  await expect(readCsv(latin)).rejects.toThrow(
    "the bytes: the text is not utf-8 around bytes 0 to 7; give its encoding",
  );
  const utf16 = Uint8Array.from([..."\ufeffa,b\n1,2\n"].flatMap((c) => [c.charCodeAt(0) & 255, c.charCodeAt(0) >> 8]));
  expect((await readCsv(utf16, { encoding: "utf-16le" })).row(0)).toEqual({ a: 1, b: 2 });
  await expect(readCsv(utf16)).rejects.toThrow('give { encoding: "utf-16le" }');
  await expect(readCsv(latin, { encoding: "klingon" })).rejects.toThrow('there is no encoding "klingon"');
});

test("paths, URLs of files, blobs and responses", async () => {
  const folder = mkdtempSync(join(tmpdir(), "heddle-table-"));
  try {
    const file = join(folder, "t.csv"), text = "a,b\n1,x\n";
    writeFileSync(file, text);
    const row = { a: 1, b: "x" };
    for (const source of [file, pathToFileURL(file), pathToFileURL(file).href, new Blob([text]), new Response(text)]) {
      expect((await readCsv(source)).row(0)).toEqual(row);
    }
    await expect(readCsv(new Response("no", { status: 404 }))).rejects.toThrow("the response: the server returned 404");
    const none = join(folder, "none.csv");
    await expect(readCsv(none)).rejects.toMatchObject({ message: `there is no file ${none}`, code: "ENOENT" });
    await expect(readCsv(none, { name: "prices" })).rejects.toThrow(`prices: there is no file ${none}`);
    await expect(readCsv(7 as never)).rejects.toThrow("expected a path");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a stream of tables has the rows of the whole", async () => {
  const lines = Array.from({ length: 1000 }, (_, i) => `${i},"x\n${i}"`);
  const text = `a,b\n${lines.join("\n")}`;
  const parts: Table[] = [];
  for await (const part of streamCsv(inPieces(bytesOf(text), 999), { chunkRows: 300 })) parts.push(part);
  expect(parts.map(({ length }) => length)).toEqual([300, 300, 300, 100]);
  expect(parts.flatMap((part) => part.strings("b"))).toEqual(lines.map((_, i) => `x\n${i}`));
  const empty: Table[] = [];
  for await (const part of streamCsv(new Blob(["a,b\n"]))) empty.push(part);
  expect(empty.map(({ length, columns }) => [length, columns])).toEqual([[0, ["a", "b"]]]);
  const late = streamCsv(new Blob(["a,b\n1,1\n2,2\nx,3\n"]), { chunkRows: 2, name: "late" });
  await late.next();
  await expect(late.next()).rejects.toThrow('late: line 4 (row 2), column "a": "x" is not a number');
  for (const id of ["01234", "12345678901234567890"]) {
    const source = new Blob([`id\n1\n2\n${id}\n`]);
    const ids = streamCsv(source, { chunkRows: 2, name: "ids" });
    await ids.next();
    await expect(ids.next()).rejects.toThrow(
      `ids: line 4 (row 2), column "id": "${id}" is not a number that keeps its digits; read the column as "string"`,
    );
    const read: number[] = [];
    for await (const part of streamCsv(source, { chunkRows: 2, types: { id: "number" } })) {
      read.push(...part.numbers("id"));
    }
    expect(read).toEqual([1, 2, Number(id)]);
  }
});

const refused: readonly (readonly [text: string, options: object, message: string])[] = [
  ["", {}, "t: there is no record"],
  [
    "a,b\n1\n",
    {},
    "t: line 2 has 1 field, but there are 2 columns; { fillShort: true } takes the absent ones as missing values",
  ],
  [
    "a,b\n\n# x\n1,2\n1,2,3\n",
    { comment: "#" },
    "t: line 5 has 3 fields, but there are 2 columns; does a field contain the delimiter without being quoted?",
  ],
  ["a\n1,2\n", {}, "t: line 2 has 2 fields, but there is 1 column; does a field"],
  ['a,b\n1,"2\n3', {}, "t: line 2: a quotation mark is not closed"],
  ['a,b\n1,2\n"x"y,2\n', {}, "t: line 3: a quotation mark is followed by other characters"],
  [
    "a,a\n1,2\n",
    {},
    't: columns 1 and 2 are both called "a"; rename one in the file, or remove the first line and give the names with { header: [...] }',
  ],
  [
    'a,b\n1,"2\n3"\nx,4\n',
    { types: { a: "number" } },
    't: line 4 (row 1), column "a": "x" is not a number; add the text to "na"',
  ],
  [
    "age,b\n1,2\n",
    { types: { agee: "number" } },
    't: there is no column "agee"; did you mean "age"? There are "age", "b"',
  ],
  ["a,b\n1,2\n", { types: { a: "int" } }, 'the type of "a" is "int"; there are number, date'],
  ["a,b\n1,2\n", { columns: ["c"] }, 't: there is no column "c"'],
  ["a,b,c\n", { maxColumns: 2 }, "t: line 1: the record has more than the 2 fields of maxColumns"],
  ["a,b\n", { delimiter: "" }, "is no delimiter"],
  ["a,b\n", { decimal: "," }, "both the delimiter and the decimal point"],
  ["a,b\n", { quote: "ab" }, "quote is one character"],
  ["a,b\n", { quote: "" }, 'quote is one character, got ""'],
  ["a,b\n", { rows: -1 }, "rows is a whole number of at least 0, got -1"],
  ["a,b\n", { seperator: ";" }, "seperator"],
];

const separated = [[";", "a;b\n1,5;2\n"], [";", "x;y\n1;2\n"], ["\t", "x\ty\n1\t2\n"], ["|", "x|y\n1|2\n"]] as const;

test.each(separated)("a file with the delimiter %j is refused with the remedy, %j", async (delimiter, text) => {
  const message = `t: line 1 has one field, ${JSON.stringify(text.split("\n")[0])}. If ${
    JSON.stringify(delimiter)
  } separates its fields, give { delimiter: ${JSON.stringify(delimiter)} }, and decimal: "," if`;
  expect(() => parseCsv(text, { name: "t" })).toThrow(message);
  await expect(readCsv(new Blob([text]), { name: "t" })).rejects.toThrow(message);
  await expect(streamCsv(new Blob([text]), { name: "t" }).next()).rejects.toThrow(message);
  expect(() => parseCsv(text, { name: "t", header: false })).toThrow(message);
  expect(() => parseCsv(text, { name: "t", header: ["p", "q"] })).toThrow(message);
  expect(parseCsv(text, { delimiter, decimal: "," }).columns.length).toBe(2);
});

test("one column that contains another delimiter is read if the delimiter is given, or the column is named", () => {
  expect(parseCsv("x;y\n1\n", { delimiter: "," }).columns).toEqual(["x;y"]);
  expect(parseCsv("no; yes\n", { header: ["text"] }).row(0)).toEqual({ text: "no; yes" });
  expect(parseCsv("text\nno; yes\n").row(0)).toEqual({ text: "no; yes" });
});

test.each(refused)("%j with %j is refused", (text, options, message) => {
  expect(() => parseCsv(text, { name: "t", ...options })).toThrow(message);
});

test("files that would fill the memory are refused early", async () => {
  async function told(text: string): Promise<string> {
    return await readCsv(inPieces(bytesOf(text), 1 << 18)).then(() => "read", (error: Error) => error.message);
  }
  expect(await told(",".repeat(1e6))).toContain("more than the 100000 fields of maxColumns");
  expect(await told(`a,b\n"${"x".repeat(1.5e7)}`)).toContain("a record has more than 8388608 characters");
});
