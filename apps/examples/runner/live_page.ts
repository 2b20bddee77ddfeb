/** The page of a run while it goes on. */
import { type Cell, GrowingTable, type ProgressOptions } from "@heddle/train/text";
import { machineWords } from "./machine.ts";
import type { OutFolder } from "./out_folder.ts";
import type { RunPage, RunTable } from "./page.ts";
import type { PagePlan } from "./page_plan.ts";

/** Writes the page of a run after every row of its tables, and once more at the end. */
export class LivePage {
  private readonly out: OutFolder;
  private readonly plan: PagePlan;
  private readonly command: string;
  private readonly started: Date = new Date();
  private readonly tables: RunTable[] = [];
  private written = false;

  constructor(out: OutFolder, plan: PagePlan, command: string) {
    this.out = out;
    this.plan = plan;
    this.command = command;
  }

  /** Writes the page as it is now, and at the end with the figures. Returns its absolute path. */
  write(figures?: Readonly<Record<string, unknown>>): string {
    this.written = true;
    return this.put({ figures: figures ?? {}, ended: figures !== undefined });
  }

  /** Says on the page that an error ended the run. The page of an earlier run stays, if this one has not written any. */
  fail(error: unknown): void {
    if (!this.written) return;
    try {
      this.put({ figures: {}, ended: true, error: error instanceof Error ? error.message : String(error) });
    } catch {
      // A page that cannot be written must not hide why the run ended.
    }
  }

  private put(state: Pick<RunPage, "figures" | "ended" | "error">): string {
    const { plan, command, started, tables } = this;
    const seconds = (Date.now() - started.getTime()) / 1000;
    return this.out.page({ plan, command, started, seconds, tables, machine: machineWords(), ...state });
  }

  /** A table that is printed, and is on the page. */
  table(titles: readonly string[], print: (line: string) => void): GrowingTable {
    const add = this.begin(titles);
    return new (class extends GrowingTable {
      override row(...cells: Cell[]): void {
        super.row(...cells);
        add(cells);
      }
    })(titles, print);
  }

  /** The rows of a {@link Progress}, which are then on the page too. */
  rows(row: NonNullable<ProgressOptions["row"]>): NonNullable<ProgressOptions["row"]> {
    let add: ((cells: readonly Cell[]) => void) | null = null;
    return (record) => {
      const cells = row(record);
      add ??= this.begin(Object.keys(cells));
      add(Object.values(cells));
      return cells;
    };
  }

  private begin(titles: readonly string[]): (cells: readonly Cell[]) => void {
    const table: RunTable = { titles, rows: [] };
    this.tables.push(table);
    return (cells) => {
      table.rows.push(cells.map((cell) => typeof cell === "number" ? cell.toLocaleString("en-US") : cell));
      this.write();
    };
  }
}
