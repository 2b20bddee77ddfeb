import type { OutFolder } from "./out_folder.ts";

/** The metrics at one moment of a run, with their step. */
export type Metric = Readonly<{ step: number; [name: string]: number }>;

const FILE = "metrics.jsonl";

/**
 * The metrics of a run: one line of JSON per record in `metrics.jsonl`, written at once, and in memory for the curves
 * at the end. Numbers that are not finite are null in the file, as JSON cannot represent them.
 */
export class Metrics {
  private readonly out: OutFolder;
  private records: Metric[] = [];
  private begun = false;

  /** The first record replaces the folder's file. */
  constructor(out: OutFolder) {
    this.out = out;
  }

  /** Writes a record. */
  add(record: Metric): void {
    if (!this.begun) this.begin();
    this.records.push(record);
    this.out.append(FILE, line(record));
  }

  /** The values of a metric, from the records that have it. */
  values(name: string): number[] {
    return this.curve(name).y;
  }

  /** A metric over another one, by default over the steps, in the form that a chart takes. */
  curve(name: string, over = "step"): { x: number[]; y: number[] } {
    const both = this.records.filter((record) => record[name] !== undefined && record[over] !== undefined);
    return { x: both.map((record) => record[over]!), y: both.map((record) => record[name]!) };
  }

  /** All records so far. */
  stateDict(): { records: Metric[] } {
    return { records: this.records };
  }

  /** Restores the records of a run; the file then contains exactly these. */
  loadStateDict({ records }: { records: Metric[] }): void {
    this.records = [...records];
    this.begin();
  }

  private begin(): void {
    this.begun = true;
    const note = "the metrics by step and by epoch, one line of JSON each";
    this.out.file(FILE, this.records.map(line).join(""), note);
  }
}

function line(record: Metric): string {
  return `${JSON.stringify(record)}\n`;
}
