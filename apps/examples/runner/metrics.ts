import type { OutFolder } from "./out_folder.ts";

/** The figures of one moment of a run, with the step they belong to. */
export type Metric = Readonly<{ step: number; [name: string]: number }>;

const FILE = "metrics.jsonl";

/**
 * The figures of a run as it goes on: a line of JSON each in `metrics.jsonl`, as soon as they are known, and in memory for the
 * curves at the end. A figure that is not finite is null in the file, as JSON has no word for it.
 */
export class Metrics {
  private readonly out: OutFolder;
  private records: Metric[] = [];
  private begun = false;

  /** The folder's file is replaced when the first record comes, not before. */
  constructor(out: OutFolder) {
    this.out = out;
  }

  /** Writes a record down. */
  add(record: Metric): void {
    if (!this.begun) this.begin();
    this.records.push(record);
    this.out.append(FILE, line(record));
  }

  /** The values of a figure, from the records that have it. */
  values(name: string): number[] {
    return this.curve(name).y;
  }

  /** A figure over another one, by default over the steps, as a chart takes it. */
  curve(name: string, over = "step"): { x: number[]; y: number[] } {
    const both = this.records.filter((record) => record[name] !== undefined && record[over] !== undefined);
    return { x: both.map((record) => record[over]!), y: both.map((record) => record[name]!) };
  }

  /** All records so far. */
  stateDict(): { records: Metric[] } {
    return { records: this.records };
  }

  /** Goes on from the records of a run; the file then has these and no others. */
  loadStateDict({ records }: { records: Metric[] }): void {
    this.records = [...records];
    this.begin();
  }

  private begin(): void {
    this.begun = true;
    const note = "the figures step by step and epoch by epoch, a line of JSON each";
    this.out.file(FILE, this.records.map(line).join(""), note);
  }
}

function line(record: Metric): string {
  return `${JSON.stringify(record)}\n`;
}
