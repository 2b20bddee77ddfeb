/** The records of a CSV file, as its text arrives. */
import Papa from "papaparse";
import { clip } from "./near_name.ts";

/** The syntax of a file. */
export interface CsvSyntax {
  readonly delimiter: string;
  readonly quote: string;
  /** Starts a line that is left out; none if empty. */
  readonly comment: string;
}

/** A record and the line on which it starts, from 1. */
export interface CsvRecord {
  readonly fields: readonly string[];
  readonly line: number;
}

/** A record with the place where it ends. */
interface Pending extends CsvRecord {
  readonly end: number;
  readonly endLine: number;
}

/** The most characters of a record. A quotation mark that is not closed would take the rest of the file into one field. */
const MOST_CHARACTERS = 1 << 23;

/** Finds the records in the pieces of a text. Blank lines are none. */
export class CsvRecords {
  /** Text that begins with the first record not yet complete. */
  private rest = "";
  /** The line on which `rest` begins. */
  private line = 1;
  private readonly syntax: CsvSyntax;
  private readonly maxFields: number;
  private readonly name: string;

  constructor(syntax: CsvSyntax, maxFields: number, name: string) {
    this.syntax = syntax;
    this.maxFields = maxFields;
    this.name = name;
  }

  /** The records that are complete after one more piece. `last` says that none follows. */
  add(text: string, last: boolean): CsvRecord[] {
    // A carriage return at the end may belong to a line feed that follows.
    const held = !last && text.endsWith("\r") ? "\r" : "";
    const whole = this.rest + (held === "" ? text : text.slice(0, -1));
    // Papa looks for one kind of line ending in the whole text.
    const plain = whole.includes("\r") ? whole.replace(/\r\n?/g, "\n") : whole;
    const records: CsvRecord[] = [];
    let start = 0, line = this.line;
    // The record before the one that was found last: a piece of text may end within that.
    let pending: Pending | null = null;
    let fault: Papa.ParseError | undefined;
    Papa.parse<string[]>(plain, {
      delimiter: this.syntax.delimiter,
      newline: "\n",
      quoteChar: this.syntax.quote,
      escapeChar: this.syntax.quote,
      comments: this.syntax.comment === "" ? false : this.syntax.comment,
      step: ({ data, errors, meta }, parser) => {
        if (pending !== null) {
          records.push(pending);
          [start, line] = [pending.end, pending.endLine];
        }
        pending = {
          fields: data,
          line: line + leadingLines(plain, start, this.syntax.comment),
          end: meta.cursor,
          endLine: line + countLines(plain, start, meta.cursor),
        };
        fault = errors.find(({ type }) => type === "Quotes");
        if (fault !== undefined && (last || fault.code === "InvalidQuotes")) parser.abort();
      },
    });
    const open = pending as Pending | null;
    if (open !== null && last && fault === undefined) records.push(open);
    if (fault !== undefined && open !== null && (last || this.isDamaged(plain, open, fault))) {
      throw new Error(
        `${this.name}: line ${open.line}: ${
          fault.code === "MissingQuotes"
            ? "a quotation mark is not closed"
            : "a quotation mark is followed by other characters"
        }, in a record that begins ${
          JSON.stringify(clip(plain.slice(start)))
        }; a quotation mark inside a quoted field is written twice`,
      );
    }
    const wide = open !== null && open.fields.length > this.maxFields
      ? open
      : records.find(({ fields }) => fields.length > this.maxFields);
    if (wide !== undefined) {
      throw new Error(
        `${this.name}: line ${wide.line}: the record has more than the ${this.maxFields} fields of maxColumns; is the delimiter right?`,
      );
    }
    this.rest = last ? "" : plain.slice(start) + held;
    this.line = line;
    if (this.rest.length > MOST_CHARACTERS) {
      throw new Error(
        `${this.name}: line ${line}: a record has more than ${MOST_CHARACTERS} characters; is a quotation mark not closed, or is the file not CSV?`,
      );
    }
    return records.filter(({ fields }) => fields.length > 1 || fields[0] !== "");
  }

  /** Whether a quotation mark is misplaced in text that is complete: the last character may be the first half of two. */
  private isDamaged(text: string, { end }: { end: number }, fault: Papa.ParseError): boolean {
    return fault.code === "InvalidQuotes" && end < text.length;
  }
}

function countLines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

/** The lines of comments at a position, where a record follows. */
function leadingLines(text: string, from: number, comment: string): number {
  let count = 0;
  if (comment !== "") {
    for (let at = from; text.startsWith(comment, at); count++) {
      const end = text.indexOf("\n", at);
      if (end < 0) break;
      at = end + 1;
    }
  }
  return count;
}
