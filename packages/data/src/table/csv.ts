import { checkOptions } from "@heddle/tensor/engine";
import { checkArguments } from "../arguments.ts";
import type { ColumnKind } from "./column.ts";
import { type CsvRecord, CsvRecords, type CsvSyntax } from "./csv_records.ts";
import { clip, unknownName } from "./near_name.ts";
import { chunksOf, nameOf, type TableSource } from "./source.ts";
import { Table } from "./table.ts";
import { type CellFormat, TextColumn } from "./text_column.ts";

/** Options of `readCsv` and `parseCsv`. */
export interface CsvOptions {
  /** What separates fields: "," by default, often ";" or "\t". A first line without commas but with `;`, `|` or a tab is an error unless this is given. */
  delimiter?: string;
  /** The character around fields that contain delimiters or line breaks: `"` by default. Inside it is written twice. */
  quote?: string;
  /** Lines that begin with this text are left out; by default there are none. */
  comment?: string;
  /** Whether the first record has the names (the default), or the names of the columns of a file without. */
  header?: boolean | readonly string[];
  /** The columns to read, by default all. */
  columns?: readonly string[];
  /** The kinds of columns. Those of others are inferred from all of their values. */
  types?: Readonly<Record<string, ColumnKind>>;
  /** Texts that mean a missing value, in place of the default ones (the empty text, NA, NaN, null, …). */
  na?: readonly string[];
  /** The decimal point: "." by default. */
  decimal?: "." | ",";
  /** The separator of thousands; by default there is none. */
  thousands?: string;
  /** The encoding by the name that `TextDecoder` has for it: "utf-8" by default, often "latin1" or "utf-16le". */
  encoding?: string;
  /** Whether fields that are absent at the end of a record are missing values; by default they are an error. */
  fillShort?: boolean;
  /** How many records to read, by default all. */
  rows?: number;
  /** The most columns that a file may have: 100,000 by default. */
  maxColumns?: number;
  /** How errors call the source. */
  name?: string;
}

/** Options of `streamCsv`. */
export interface CsvStreamOptions extends CsvOptions {
  /** The rows of a table: 65,536 by default. */
  chunkRows?: number;
}

const OPTIONS = [
  "delimiter",
  "quote",
  "comment",
  "header",
  "columns",
  "types",
  "na",
  "decimal",
  "thousands",
  "encoding",
  "fillShort",
  "rows",
  "maxColumns",
  "name",
] as const;

/** pandas' list. */
const NA: readonly string[] = [
  "",
  "#N/A",
  "#N/A N/A",
  "#NA",
  "-1.#IND",
  "-1.#QNAN",
  "-NaN",
  "-nan",
  "1.#IND",
  "1.#QNAN",
  "<NA>",
  "N/A",
]
  .concat(["NA", "NULL", "NaN", "None", "n/a", "nan", "null"]);

const KINDS: readonly string[] = ["number", "date", "boolean", "string", "category"];

/** Text is collected to this length before it is parsed, however small the pieces are in which it arrives. */
const PIECE = 1 << 16;

/**
 * Reads a CSV file: from a path, an address, a response, a `Blob` or bytes. The kinds of columns are inferred from all values: numbers,
 * dates in ISO 8601, true and false, else strings. Numbers with leading zeros, such as postcodes, stay strings. pandas: `read_csv`.
 *
 * @throws Error for a file that is damaged or has records of different lengths, TypeError for a value that is not of the kind given;
 *   both name the line
 *
 * @example
 * ```ts
 * import { readCsv } from "@heddle/data/table";
 *
 * const file = new Blob(["name;height\nAnn;1,71\nBen;NA\n"]);
 * const table = await readCsv(file, { delimiter: ";", decimal: "," });
 * table.numbers("height"); // [1.71, NaN]
 * ```
 */
export async function readCsv(source: TableSource, options: CsvOptions = {}): Promise<Table> {
  checkOptions("readCsv", options, OPTIONS);
  const name = nameOf(source, options.name);
  const reader = new CsvReader(options, name);
  for await (const text of textOf(chunksOf(source, name), options.encoding, name)) {
    reader.add(text, false);
    if (reader.isFull) break;
  }
  reader.add("", true);
  return reader.table();
}

/**
 * The table of a text, as `readCsv` reads it from a file.
 *
 * @example
 * ```ts
 * import { parseCsv } from "@heddle/data/table";
 *
 * parseCsv("a,b\n1,x\n2,y\n").column("a").values; // [1, 2]
 * ```
 */
export function parseCsv(text: string, options: CsvOptions = {}): Table {
  checkArguments("parseCsv", arguments, 2);
  checkOptions("parseCsv", options, OPTIONS);
  if (typeof text !== "string") {
    throw new TypeError("parseCsv: expected the text of a CSV file; readCsv takes bytes, paths and addresses");
  }
  const reader = new CsvReader(options, options.name ?? "parseCsv");
  reader.add(text.replace(/^\ufeff/, ""), true);
  return reader.table();
}

/**
 * Reads a CSV file that is larger than memory, as tables of `chunkRows` rows. Kinds that are not given are inferred from the first of
 * these tables; a later value of another kind is an error that names the line.
 *
 * @example
 * ```ts
 * import { streamCsv } from "@heddle/data/table";
 *
 * let sum = 0;
 * for await (const part of streamCsv(new Blob(["x\n1\n2\n3\n"]), { chunkRows: 2 })) {
 *   for (const x of part.numbers("x")) sum += x;
 * }
 * sum; // 6
 * ```
 */
export async function* streamCsv(source: TableSource, options: CsvStreamOptions = {}): AsyncGenerator<Table> {
  checkOptions("streamCsv", options, [...OPTIONS, "chunkRows"]);
  const { chunkRows = 1 << 16, ...rest } = options;
  checkCount("streamCsv", "chunkRows", chunkRows);
  const name = nameOf(source, options.name);
  const reader = new CsvReader(rest, name, chunkRows);
  let count = 0;
  const parts = function* (): Generator<Table> {
    for (const part of reader.parts()) {
      count++;
      yield part;
    }
  };
  for await (const text of textOf(chunksOf(source, name), options.encoding, name)) {
    reader.add(text, false);
    yield* parts();
    if (reader.isFull) break;
  }
  reader.add("", true);
  yield* parts();
  const last = reader.table();
  if (last.length > 0 || count === 0) yield last;
}

/** Makes columns of records. */
class CsvReader {
  private readonly records: CsvRecords;
  private readonly options: CsvOptions;
  private readonly name: string;
  private readonly format: CellFormat;
  private readonly most: number;
  private readonly chunkRows: number;
  /** The columns that are read: where they are in a record, their names and kinds. */
  private columns: { readonly at: number; readonly name: string; kind: ColumnKind | undefined }[] | null = null;
  private width = 0;
  private building: TextColumn[] = [];
  private lines: number[] = [];
  private readonly done: Table[] = [];
  private count = 0;

  constructor(options: CsvOptions, name: string, chunkRows: number = Infinity) {
    const { na = NA, decimal = ".", thousands = "", rows = Infinity, maxColumns = 100_000, types = {} } = options;
    if (decimal !== "." && decimal !== ",") {
      throw new RangeError(`${name}: decimal is "." or ",", got ${JSON.stringify(decimal)}`);
    }
    if (rows !== Infinity) checkCount(name, "rows", rows, 0);
    checkCount(name, "maxColumns", maxColumns);
    for (const [column, kind] of Object.entries(types)) {
      if (KINDS.includes(kind)) continue;
      throw new RangeError(
        `${name}: the type of ${JSON.stringify(column)} is ${JSON.stringify(kind)}; there are ${KINDS.join(", ")}`,
      );
    }
    this.options = options;
    this.name = name;
    this.records = new CsvRecords(syntaxOf(options, decimal, name), maxColumns, name);
    this.format = { na: new Set(na), decimal, thousands };
    this.most = rows;
    this.chunkRows = chunkRows;
  }

  /** Whether as many rows as asked for were read. */
  get isFull(): boolean {
    return this.count >= this.most;
  }

  add(text: string, last: boolean): void {
    if (this.isFull && this.columns !== null) return;
    for (const record of this.records.add(text, last)) {
      if (this.columns === null && this.start(record)) continue;
      if (this.isFull) return;
      this.push(record);
    }
  }

  /** The tables that are complete. */
  *parts(): Generator<Table> {
    yield* this.done.splice(0);
  }

  /** The rows not yet in a table. @throws Error when the source has no header */
  table(): Table {
    if (this.columns === null) {
      const { header } = this.options;
      if (header !== undefined && typeof header !== "boolean") this.begin(header);
      else throw new Error(`${this.name}: there is no record, and so no names of columns`);
    }
    const { columns, building } = this;
    const table = new Table(new Map(building.map((column, i) => [columns![i]!.name, column.finish()])));
    columns!.forEach((column) => column.kind ??= table.length > 0 ? table.kind(column.name) : undefined);
    this.fresh();
    return table;
  }

  /** Finds the columns by the first record; returns whether it has their names. */
  private start(record: CsvRecord): boolean {
    const { fields } = record;
    const { header = true, delimiter } = this.options;
    if (delimiter === undefined && !(typeof header === "object" && header.length === 1)) {
      checkDelimiter(record, this.name);
    }
    this.begin(header === true ? fields : header === false ? fields.map((_, i) => `column${i}`) : header);
    return header === true;
  }

  private begin(names: readonly string[]): void {
    const { columns, types = {} } = this.options;
    const seen = new Map<string, number>();
    names.forEach((name, at) => {
      if (seen.has(name)) {
        throw new Error(
          `${this.name}: columns ${seen.get(name)! + 1} and ${at + 1} are both called ${JSON.stringify(clip(name))}; ` +
            "rename one in the file, or remove the first line and give the names with { header: [...] }",
        );
      }
      seen.set(name, at);
    });
    for (const name of [...columns ?? [], ...Object.keys(types)]) {
      if (!seen.has(name)) {
        throw new RangeError(
          `${this.name}: there is no column ${JSON.stringify(clip(name))}; ${unknownName(name, names)}`,
        );
      }
    }
    this.width = names.length;
    this.columns = (columns ?? names).map((name) => ({
      at: seen.get(name)!,
      name,
      kind: Object.hasOwn(types, name) ? types[name] : undefined,
    }));
    this.fresh();
  }

  private fresh(): void {
    const lines: number[] = this.lines = [];
    const before = this.count;
    const place = (row: number): string => `${this.name}: line ${lines[row]} (row ${before + row})`;
    const { types = {} } = this.options;
    this.building = this.columns!.map(({ name, kind }) =>
      new TextColumn(name, kind, this.format, place, !Object.hasOwn(types, name))
    );
  }

  private push({ fields, line }: CsvRecord): void {
    const { width, columns, building } = this;
    if (fields.length > width || (fields.length < width && !this.options.fillShort)) {
      throw new Error(
        `${this.name}: line ${line} has ${fields.length} ${fields.length === 1 ? "field" : "fields"}, but there ${
          width === 1 ? "is 1 column" : `are ${width} columns`
        }; ` +
          (fields.length < width
            ? "{ fillShort: true } takes the absent ones as missing values"
            : "does a field contain the delimiter without being quoted?"),
      );
    }
    for (let i = 0; i < building.length; i++) building[i]!.push(fields[columns![i]!.at] ?? "");
    this.lines.push(line);
    this.count++;
    if (this.lines.length === this.chunkRows) this.done.push(this.table());
  }
}

/** @throws Error when a record is a single field that contains one of the usual other delimiters */
function checkDelimiter({ fields, line }: CsvRecord, name: string): void {
  if (fields.length > 1) return;
  const found = ["\t", ";", "|"].find((each) => fields[0]!.includes(each));
  if (found === undefined) return;
  throw new Error(
    `${name}: line ${line} has one field, ${JSON.stringify(clip(fields[0]!))}. If ${
      JSON.stringify(found)
    } separates its fields, give { delimiter: ${
      JSON.stringify(found)
    } }, and decimal: "," if numbers have decimal commas. If it is one column, give { delimiter: "," }`,
  );
}

function syntaxOf(
  { delimiter = ",", quote = '"', comment = "" }: CsvOptions,
  decimal: string,
  name: string,
): CsvSyntax {
  if (typeof quote !== "string" || quote.length !== 1 || /[\r\n]/.test(quote)) {
    throw new RangeError(`${name}: quote is one character, got ${JSON.stringify(quote)}`);
  }
  if (typeof delimiter !== "string" || !/^[^"\r\n\ufeff]+$/.test(delimiter) || delimiter.includes(quote)) {
    throw new RangeError(`${name}: ${JSON.stringify(delimiter)} is no delimiter; usual ones are ",", ";" and "\\t"`);
  }
  if (typeof comment !== "string" || comment === delimiter) {
    throw new RangeError(`${name}: comment is a text other than the delimiter, got ${JSON.stringify(comment)}`);
  }
  if (delimiter === decimal) {
    throw new RangeError(
      `${name}: "${decimal}" is both the delimiter and the decimal point; such files usually have the delimiter ";"`,
    );
  }
  return { delimiter, quote, comment };
}

function checkCount(where: string, name: string, value: number, least: number = 1): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new RangeError(`${where}: ${name} is a whole number of at least ${least}, got ${value}`);
}

/** The text of bytes in pieces of some length, without a byte order mark. */
async function* textOf(
  chunks: AsyncIterable<Uint8Array>,
  encoding: string = "utf-8",
  name: string,
): AsyncGenerator<string> {
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(encoding, { fatal: true });
  } catch (cause) {
    throw new RangeError(
      `${name}: there is no encoding ${JSON.stringify(encoding)}; usual ones are utf-8, latin1 and utf-16le`,
      { cause },
    );
  }
  let text = "", read = 0;
  const decode = (chunk: Uint8Array | null): string => {
    try {
      return chunk === null ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (cause) {
      const where = chunk === null ? "its end" : `bytes ${read} to ${read + chunk.length}`;
      throw new Error(
        `${name}: the text is not ${decoder.encoding} around ${where}; give its encoding, as in { encoding: "latin1" }`,
        { cause },
      );
    }
  };
  for await (const chunk of chunks) {
    if (
      read === 0 && decoder.encoding === "utf-8" &&
      ((chunk[0] === 0xff && chunk[1] === 0xfe) || (chunk[0] === 0xfe && chunk[1] === 0xff))
    ) {
      throw new Error(`${name}: the text is UTF-16; give { encoding: "utf-16${chunk[0] === 0xff ? "le" : "be"}" }`);
    }
    text += decode(chunk);
    read += chunk.length;
    // A file in memory is one chunk.
    let at = 0;
    for (; text.length - at >= PIECE; at += 4 * PIECE) yield text.slice(at, at + 4 * PIECE);
    text = text.slice(at);
  }
  yield text + decode(null);
}
