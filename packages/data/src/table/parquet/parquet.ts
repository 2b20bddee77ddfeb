import { checkOptions } from "@heddle/tensor/engine";
import type { Compressors, FileMetaData, ParquetParsers, RowGroup, SchemaElement } from "hyparquet";
import { parquetMetadata, parquetRead, snappyUncompress } from "hyparquet";
import type { Column, ColumnKind } from "../column.ts";
import { clip, unknownName } from "../near_name.ts";
import { type ByteRanges, nameOf, rangesOf, type TableSource } from "../source.ts";
import { node } from "../../node.ts";
import { Table } from "../table.ts";
import { joinColumns } from "../text_column.ts";
import { type Page, pagesOf } from "./pages.ts";
import { ThriftReader } from "./thrift.ts";

/** Options of `readParquet`. */
export interface ParquetOptions {
  /** The columns to read, by default all. */
  columns?: readonly string[];
  /** How many rows to read, by default all. */
  rows?: number;
  /** The most values that are read: rows times columns, 2²⁶ by default. A few bytes can stand for millions of equal ones. */
  maxValues?: number;
  /** How errors call the source. */
  name?: string;
}

/** The most bytes that a byte expands to, and the least length of a footer that is refused. */
const EXPANSIONS: Readonly<Record<string, number>> = {
  UNCOMPRESSED: 1,
  SNAPPY: 64,
  GZIP: 1032,
  LZ4: 256,
  LZ4_RAW: 256,
  BROTLI: 1 << 20,
  ZSTD: 1 << 16,
};
const MOST_FOOTER = 1 << 26, MOST_COLUMNS = 100_000, MOST_UNPACKED = 2 ** 31;

/** Dates in milliseconds, as a table has them. */
const PARSERS: Partial<ParquetParsers> = {
  timestampFromMilliseconds: Number,
  timestampFromMicroseconds: (value: bigint) => Number(value) / 1e3,
  timestampFromNanoseconds: (value: bigint) => Number(value) / 1e6,
  dateFromDays: (days: number) => days * 86_400_000,
};

/**
 * Reads a Parquet file: from a path (by ranges, only the columns asked for), a `Blob`, an address, a response or bytes. Columns are
 * numbers (also decimals), dates, truth values or strings; nested ones are refused. Snappy and uncompressed files need nothing else;
 * the decoders of gzip, zstd and LZ4 are loaded when a file needs them. Brotli needs Node's zlib, which browsers lack. pandas:
 * `read_parquet`.
 *
 * @throws Error for a file that is damaged, encrypted, or larger than `maxValues`; for whole numbers beyond 2⁵³
 *
 * @example
 * ```ts ignore
 * import { readParquet } from "@heddle/data/table";
 *
 * const trips = await readParquet("data/yellow_tripdata_2024-01.parquet", { columns: ["trip_distance", "fare_amount"] });
 * console.log(trips.describe());
 * ```
 */
export async function readParquet(source: TableSource, options: ParquetOptions = {}): Promise<Table> {
  checkOptions("readParquet", options, ["columns", "rows", "maxValues", "name"]);
  const name = nameOf(source, options.name);
  const { rows = Infinity, maxValues = 2 ** 26 } = options;
  if (!(rows >= 0)) throw new RangeError(`${name}: rows is a number of at least 0, got ${rows}`);
  const file = await rangesOf(source, name);
  try {
    const metadata = await footerOf(file, name);
    const columns = leaves(metadata, options.columns, name);
    const parts = columns.map((): Column[] => []);
    let done = 0;
    const groups = metadata.row_groups;
    for (let g = 0; g < groups.length && done < rows; g++) {
      const count = Number(groups[g]!.num_rows);
      done += count;
      if (!(count >= 0) || done * columns.length > maxValues) {
        throw new Error(
          `${name}: ${done} × ${columns.length} values (rows × columns) exceed maxValues, ${maxValues}; choose columns, or raise maxValues`,
        );
      }
      for (const [i, column] of columns.entries()) {
        if (count > 0) parts[i]!.push(await readColumn(file, metadata, groups[g]!, column, name));
      }
    }
    const table = new Table(
      new Map(columns.map(({ element, kind }, i) => [
        element.name,
        joinColumns(parts[i]!.length > 0 ? parts[i]! : [emptyColumn(kind)]),
      ])),
    );
    return table.length > rows ? table.slice(0, rows) : table;
  } finally {
    await file.close();
  }
}

/** A column at the top of the schema. */
interface Leaf {
  readonly element: SchemaElement;
  /** Its position among the columns of a row group. */
  readonly at: number;
  readonly kind: Exclude<ColumnKind, "category">;
}

/** Calls a function of a library that was not made for damaged files, and names the file and the place in its errors. */
async function guarded<T>(where: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new Error(`${where}: ${(cause as Error).message.slice(0, 200)}; the file is damaged, or not supported`, {
      cause,
    });
  }
}

async function footerOf(file: ByteRanges, name: string): Promise<FileMetaData> {
  const end = await file.read(Math.max(0, file.size - 8), file.size);
  const magic = String.fromCharCode(...end.subarray(4));
  if (magic !== "PAR1") {
    throw new Error(
      `${name}: ${
        magic === "PARE" ? "the file is encrypted, which is not supported" : "no Parquet file: it does not end in PAR1"
      }`,
    );
  }
  const length = new DataView(end.buffer, end.byteOffset).getUint32(0, true);
  if (length > Math.min(MOST_FOOTER, file.size - 12)) {
    throw new Error(
      `${name}: the footer claims ${length} bytes; the file has ${file.size}, and at most ${MOST_FOOTER} are read`,
    );
  }
  const bytes = Uint8Array.from(await file.read(file.size - 8 - length, file.size));
  return await guarded(`${name}: the footer`, () => {
    new ThriftReader(bytes.subarray(0, length)).struct();
    return parquetMetadata(bytes.buffer, { parsers: PARSERS as ParquetParsers, geoparquet: false });
  });
}

/** The columns to read. */
function leaves(metadata: FileMetaData, names: readonly string[] | undefined, name: string): Leaf[] {
  const [root, ...elements] = metadata.schema;
  if (metadata.schema.some((each) => typeof each.name !== "string")) {
    throw new Error(`${name}: the footer has a column without a name`);
  }
  const found = new Map<string, Leaf | string>();
  const children = root?.num_children ?? 0;
  if (children > MOST_COLUMNS) throw new Error(`${name}: ${children} columns are more than ${MOST_COLUMNS}`);
  let at = 0;
  for (let i = 0; i < elements.length;) {
    const element = elements[i]!;
    const size = sizeOf(elements, i);
    const kind = size === 1 ? kindOf(element) : "nested";
    if (found.has(element.name)) {
      throw new Error(`${name}: two columns are called ${JSON.stringify(clip(element.name))}`);
    }
    found.set(element.name, typeof kind === "string" ? kind : { element, at, kind: kind[0] });
    for (const each of elements.slice(i, i + size)) if (each.type !== undefined) at++;
    i += size;
  }
  const known = [...found.keys()];
  return (names ?? known).map((each) => {
    const leaf = found.get(each);
    if (leaf === undefined) {
      throw new RangeError(`${name}: there is no column ${JSON.stringify(clip(each))}; ${unknownName(each, known)}`);
    }
    if (typeof leaf === "object") return leaf;
    const flat = known.filter((other) => typeof found.get(other) === "object").slice(0, 10).map(clip);
    throw new TypeError(
      `${name}: column ${
        JSON.stringify(clip(each))
      } is ${leaf}, which a table cannot hold; choose others with { columns: [...] }: ${flat.join(", ")}`,
    );
  });
}

/** How many elements of the schema an element has, with those within. */
function sizeOf(elements: readonly SchemaElement[], at: number): number {
  let left = 1, size = 0;
  for (; left > 0 && at + size < elements.length; size++) left += (elements[at + size]!.num_children ?? 0) - 1;
  return size;
}

/** The kind of a column, or the words for what it is instead. */
function kindOf({ type, repetition_type, converted_type, logical_type }: SchemaElement): [Leaf["kind"]] | string {
  if (repetition_type === "REPEATED") return "a list";
  const logical = logical_type?.type ?? converted_type;
  switch (logical) {
    case "DATE":
    case "TIMESTAMP":
    case "TIMESTAMP_MILLIS":
    case "TIMESTAMP_MICROS":
      return ["date"];
    case "STRING":
    case "UTF8":
    case "ENUM":
    case "UUID":
      return ["string"];
    case undefined:
    case "DECIMAL":
    case "INTEGER":
    case "FLOAT16":
      break;
    default:
      if (!/^U?INT_/.test(logical)) return `of type ${logical}`;
  }
  if (type === "INT96") return ["date"];
  if (type === "BOOLEAN") return ["boolean"];
  if (type === "BYTE_ARRAY" && logical === undefined) return ["string"];
  if (type === "FIXED_LEN_BYTE_ARRAY" && logical === undefined) return "of bytes";
  return ["number"];
}

async function readColumn(
  file: ByteRanges,
  metadata: FileMetaData,
  group: RowGroup,
  leaf: Leaf,
  name: string,
): Promise<Column> {
  const where = `${name}: column ${JSON.stringify(clip(leaf.element.name))}`;
  const chunk = group.columns[leaf.at], meta = chunk?.meta_data;
  if (meta === undefined || chunk!.file_path !== undefined || chunk!.crypto_metadata !== undefined) {
    throw new Error(`${where}: its values are encrypted, or in another file, which is not supported`);
  }
  const rows = Number(group.num_rows), { codec } = meta;
  const expansion = EXPANSIONS[codec as string];
  if (expansion === undefined) {
    throw new Error(`${where}: the codec ${codec} is not supported; there are ${Object.keys(EXPANSIONS).join(", ")}`);
  }
  // Some writers leave the dictionary's offset 0.
  const start = Number(meta.dictionary_page_offset || meta.data_page_offset),
    length = Number(meta.total_compressed_size);
  if (!(start >= 4 && length > 0 && start + length <= file.size - 8)) {
    throw new Error(`${where}: bytes ${start} to ${start + length} are not in the file, which has ${file.size}`);
  }
  const bytes = Uint8Array.from(await file.read(start, start + length));
  return await guarded(where, async () => {
    const optional = leaf.element.repetition_type !== "REQUIRED";
    const shape = { type: String(leaf.element.type), optional, rows, expansion, maxBytes: MOST_UNPACKED };
    const pages = pagesOf(bytes, shape);
    const isPacked = (page: Page): boolean => codec !== "UNCOMPRESSED" && page.packed && page.unpacked > 0;
    for (const page of pages) if (!isPacked(page)) page.check(bytes.subarray(page.start, page.end));
    // An error in the callback would be lost.
    const chunks: (readonly [values: ArrayLike<unknown>, start: number])[] = [];
    await parquetRead({
      file: { byteLength: file.size, slice: (from, to = file.size) => slice(bytes, from - start, to - start) },
      metadata: { ...metadata, num_rows: group.num_rows, row_groups: [group] },
      columns: [leaf.element.name],
      compressors: await checkedCompressors(codec as string, pages.filter(isPacked)),
      parsers: PARSERS as ParquetParsers,
      geoparquet: false,
      onChunk: ({ columnData, rowStart }) => chunks.push([columnData, rowStart]),
    });
    return columnOfChunks(leaf.kind, rows, chunks);
  });
}

function slice(bytes: Uint8Array<ArrayBuffer>, from: number, to: number): ArrayBuffer {
  if (from < 0 || to > bytes.length) throw new RangeError("the library reads beyond the column");
  return bytes.buffer.slice(from, to);
}

type Unpack = (bytes: Uint8Array, size: number) => Uint8Array;

/** The codec's decoder, which checks what it unpacks: the library asks for the pages in order. */
async function checkedCompressors(codec: string, packed: readonly Page[]): Promise<Compressors> {
  if (codec === "UNCOMPRESSED") return {};
  let unpack: Unpack;
  if (codec === "SNAPPY") {
    unpack = (bytes, size) => {
      const unpacked = new Uint8Array(size);
      snappyUncompress(bytes, unpacked);
      return unpacked;
    };
  } else {
    const others = await import("hyparquet-compressors");
    const decoders: Readonly<Record<string, Unpack>> = {
      ZSTD: (bytes, size) => others.decompressZstd(bytes, new Uint8Array(size)),
      GZIP: others.decompressGzip,
      // The decoder in JavaScript fills the memory when its input is damaged.
      BROTLI: (bytes, size) =>
        Uint8Array.from(node.zlib.brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, size) })),
      LZ4: others.decompressLz4,
      LZ4_RAW: others.decompressLz4Raw,
    };
    unpack = decoders[codec]!;
  }
  let next = 0;
  return {
    [codec]: (bytes: Uint8Array, size: number): Uint8Array => {
      const page = packed[next++];
      if (page === undefined || page.unpacked !== size) throw new RangeError("the pages are not those of the headers");
      const unpacked = unpack(bytes, size);
      page.check(unpacked);
      return unpacked;
    },
  };
}

function emptyColumn(kind: Leaf["kind"]): Column {
  return { kind, values: kind === "number" || kind === "date" ? new Float64Array(0) : [] } as Column;
}

/** The column of one row group. Missing values are null among those of the library. */
function columnOfChunks(
  kind: Leaf["kind"],
  rows: number,
  chunks: readonly (readonly [ArrayLike<unknown>, number])[],
): Column {
  const numeric = kind === "number" || kind === "date";
  const values = numeric ? new Float64Array(rows).fill(NaN) : new Array<string | boolean | null>(rows).fill(null);
  let count = 0;
  for (const [data, start] of chunks) {
    count += data.length;
    for (let i = 0; i < data.length; i++) {
      const value = data[i], row = start + i, type: string = typeof value;
      if (value === null) continue;
      if (value === undefined) throw new RangeError(`row ${row} is not in the dictionary`);
      if (numeric) values[row] = numberOf(value, row);
      else if (type === kind) values[row] = value as string;
      else throw new TypeError(`row ${row} is a ${type}`);
    }
  }
  if (count !== rows) throw new RangeError(`${count} values for ${rows} rows`);
  return { kind, values } as Column;
}

function numberOf(value: unknown, row: number): number {
  if (typeof value === "number") return value;
  if (typeof value !== "bigint") throw new TypeError(`row ${row} is a ${typeof value}`);
  if (Number.isSafeInteger(Number(value))) return Number(value);
  throw new RangeError(`row ${row} is ${value}: no number keeps it`);
}
