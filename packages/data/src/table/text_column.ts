/** Columns made of text: which kind of values it is, and the values. */
import type { Column, ColumnKind } from "./column.ts";
import { clip } from "./near_name.ts";

/** How the text of a cell is read. */
export interface CellFormat {
  /** Texts that mean a missing value. */
  readonly na: ReadonlySet<string>;
  /** The decimal point. */
  readonly decimal: "." | ",";
  /** The separator of thousands, none if empty. */
  readonly thousands: string;
}

/** Where a row is in its file, for errors. */
export type Place = (row: number) => string;

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INFINITE = /^[+-]?inf(?:inity)?$/i;
const DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;
const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  True: true,
  TRUE: true,
  false: false,
  False: false,
  FALSE: false,
};

/** The number that a text means; undefined if it is none. */
function readNumber(text: string, { decimal, thousands }: CellFormat): number | undefined {
  let plain = text;
  if (thousands !== "") plain = plain.replaceAll(thousands, "");
  if (decimal === ",") {
    if (plain.includes(".")) return undefined;
    plain = plain.replace(",", ".");
  }
  if (NUMBER.test(plain)) return Number(plain);
  return INFINITE.test(plain) ? (plain.startsWith("-") ? -Infinity : Infinity) : undefined;
}

/** A date in ISO 8601; UTC where it has no zone. */
function readDate(text: string): number | undefined {
  if (!DATE.test(text)) return undefined;
  const [, day, time = "T00:00", zone = "Z"] = /^(.{10})([T ][\d:.]+)?(.*)$/.exec(text)!;
  const utc = Date.parse(
    `${day}${time.replace(" ", "T")}${zone === "" ? "Z" : zone.replace(/(\d\d)(\d\d)$/, "$1:$2")}`,
  );
  // `Date.parse` takes February 30th for March 1st.
  const known = new Date(Date.parse(`${day}T00:00Z`));
  return Number.isNaN(utc) || Number.isNaN(known.getTime()) || known.toISOString().slice(0, 10) !== day
    ? undefined
    : utc;
}

/** Reads one value of a kind; undefined if the text is none. */
const READERS: {
  readonly [K in ColumnKind]: (text: string, format: CellFormat) => number | boolean | string | undefined;
} = {
  number: readNumber,
  date: readDate,
  boolean: (text) => Object.hasOwn(BOOLEANS, text) ? BOOLEANS[text] : undefined,
  string: (text) => text,
  category: (text) => text,
};

const EXPECTED: { readonly [K in ColumnKind]: string } = {
  number: "a number",
  date: "a date, as in 2024-12-31 or 2024-12-31T23:59:00Z",
  boolean: "true or false",
  string: "text",
  category: "text",
};

const LEADING_ZERO = /^[+-]?0\d/;

/** Whether a number would lose digits, as identifiers must not: leading zeros, or those of a whole number beyond 2⁵³. */
function losesDigits(text: string): boolean {
  return LEADING_ZERO.test(text) ||
    (text.length > 15 && /^[+-]?\d+$/.test(text) && !Number.isSafeInteger(Number(text)));
}

/** Appends a column of texts, of which the kind may be known; texts are converted as soon as it is. */
export class TextColumn {
  private texts: string[] = [];
  private readonly parts: Column[] = [];
  private rows = 0;
  private readonly name: string;
  private readonly kind: ColumnKind | undefined;
  private readonly format: CellFormat;
  private readonly place: Place;
  private readonly isInferred: boolean;

  /** `isInferred` says that the kind is not the user's: then no number may lose digits. */
  constructor(name: string, kind: ColumnKind | undefined, format: CellFormat, place: Place, isInferred: boolean) {
    this.name = name;
    this.kind = kind;
    this.format = format;
    this.place = place;
    this.isInferred = isInferred;
  }

  push(text: string): void {
    this.texts.push(text);
    if (this.kind !== undefined && this.texts.length === 65_536) this.convert(this.kind);
  }

  /**
   * The column. If its kind is not known, it is the narrowest that all values are of: numbers, dates, truth values, or strings. Numbers
   * with leading zeros and whole numbers beyond 2⁵³ are strings, so that identifiers keep their digits. Without any value it is numbers,
   * as in pandas.
   *
   * @throws TypeError for a text that is no value of the kind, with its row
   */
  finish(): Column {
    if (this.kind === undefined) {
      const column = INFERRED.map((kind) => readAll(this.texts, kind, this.format, true)).find((found) =>
        typeof found === "object"
      );
      return column ?? readAll(this.texts, "string", this.format) as Column;
    }
    if (this.texts.length > 0 || this.parts.length === 0) this.convert(this.kind);
    const column = joinColumns(this.parts);
    return this.kind === "category" ? categorise(column.values as readonly (string | null)[]) : column;
  }

  private convert(kind: ColumnKind): void {
    const read = readAll(this.texts, kind, this.format, this.isInferred);
    if (typeof read === "number") {
      const text = this.texts[read]!;
      const problem = READERS[kind](text.trim(), this.format) === undefined
        ? `${EXPECTED[kind]}; add the text to "na" if it means a missing value, or`
        : "a number that keeps its digits;";
      throw new TypeError(
        `${this.place(this.rows + read)}, column ${JSON.stringify(clip(this.name))}: ${
          JSON.stringify(clip(text))
        } is not ${problem} read the column as "string"`,
      );
    }
    this.rows += this.texts.length;
    this.texts = [];
    this.parts.push(read);
  }
}

const INFERRED: readonly ColumnKind[] = ["number", "date", "boolean"];

/** A column of a kind, or the row of the first text that is no value of it. */
function readAll(
  texts: readonly string[],
  kind: ColumnKind,
  format: CellFormat,
  keepsDigits: boolean = false,
): Column | number {
  const numeric = kind === "number" || kind === "date";
  const values = numeric ? new Float64Array(texts.length).fill(NaN) : new Array<string | null>(texts.length).fill(null);
  const read = READERS[kind];
  const asIs = kind === "string" || kind === "category";
  for (let i = 0; i < texts.length; i++) {
    const text = texts[i]!;
    if (format.na.has(text)) continue;
    const plain = asIs ? text : text.trim();
    if (!asIs && format.na.has(plain)) continue;
    const value = read(plain, format);
    if (value === undefined || (keepsDigits && kind === "number" && losesDigits(plain))) return i;
    values[i] = value as never;
  }
  return { kind: kind === "category" ? "string" : kind, values } as Column;
}

/** The columns one after the other; all are of one kind, and none is of categories. */
export function joinColumns(parts: readonly Column[]): Column {
  if (parts.length === 1) return parts[0]!;
  const { kind } = parts[0]!;
  const length = parts.reduce((sum, { values }) => sum + values.length, 0);
  if (kind !== "number" && kind !== "date") {
    return { kind, values: parts.flatMap(({ values }) => values as readonly (string | null)[]) } as Column;
  }
  const values = new Float64Array(length);
  let at = 0;
  for (const part of parts) {
    values.set(part.values as Float64Array, at);
    at += part.values.length;
  }
  return { kind, values };
}

/** Strings as categories, the levels in order of code points. */
export function categorise(values: readonly (string | null)[]): Column {
  const levels = [...new Set(values)].filter((value) => value !== null).sort((a, b) => a < b ? -1 : 1);
  const codes = new Map(levels.map((level, code) => [level, code]));
  return {
    kind: "category",
    values: Int32Array.from(values, (value) => value === null ? -1 : codes.get(value)!),
    levels,
  };
}
