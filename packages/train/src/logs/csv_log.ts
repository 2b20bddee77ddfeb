import { putFile, type UrlLike } from "@heddle/store";
import type { Callback, EpochRecord, Training } from "../callback.ts";
import { pathFrom, writing } from "../files/folder_error.ts";
import { makeFolder } from "../files/make_folder.ts";
import { node } from "../node.ts";
import { namesOf } from "../text/records.ts";

/**
 * A table of records in a CSV file (RFC 4180), which is complete after every record: the columns are the names of all records so far, in
 * the order in which they came. What a record lacks is empty, and so is NaN; lists are JSON.
 *
 * As a callback of `fit` it has a row for each epoch, also those before a resumed training was interrupted. Steps belong into
 * {@link JsonLines}, since the whole file is written each time.
 *
 * @example
 * ```ts ignore
 * const log = new CsvLog("runs/digits/epochs.csv");
 * log.write({ epoch: 1, loss: 0.7 });
 * ```
 */
export class CsvLog implements Callback {
  /** The file. */
  readonly path: string;
  private records: object[] = [];

  /** @param path a path or a file URL; the first record replaces the file */
  constructor(path: string | UrlLike) {
    this.path = pathFrom(path);
  }

  /** Writes a record. @throws FolderError if the file cannot be written */
  write(record: object): void {
    this.records.push(record);
    const text = csvText(this.records);
    writing(this.path, () => {
      makeFolder(node.path.dirname(this.path));
      putFile(this.path, text);
    });
  }

  /** Takes the rows of the epochs done. */
  onStart({ history }: Training): void {
    this.records = [...history];
  }

  /** Writes the epoch. */
  onEpoch(record: EpochRecord): void {
    this.write(record);
  }
}

/** Records as the text of a CSV file. */
export function csvText(records: readonly object[]): string {
  const names = namesOf(records);
  const rows = records.map((record) => {
    const values = new Map<string, unknown>(Object.entries(record));
    return names.map((name) => cell(values.get(name)));
  });
  return [names.map(cell), ...rows].map((cells) => `${cells.join(",")}\r\n`).join("");
}

function cell(value: unknown): string {
  if (value === undefined || value === null || Number.isNaN(value)) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
