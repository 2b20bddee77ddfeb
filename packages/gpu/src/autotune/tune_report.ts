/** What `tune` found. It has its own file because the declarations of `mod.ts` must not depend on the types of WebGPU. */
import { printOnConsole } from "@heddle/tensor/engine";

/** One kind of work, with the forms of its kernels. */
export interface TunedWork {
  /** The kernel, its dtype and sizes: batch, rows and columns of the output, and two numbers whose product is that of terms. */
  readonly work: string;
  /**
   * Milliseconds of each form that was timed, the default first. Infinity for a form that the driver rejected. Empty if the
   * choice was stored before.
   */
  readonly milliseconds: Readonly<Record<string, number>>;
  /** The form that is taken without tuning. */
  readonly default: string;
  /** The form that is taken from now on. */
  readonly chosen: string;
}

/** The result of `tune`. `String(report)` is a table. */
export class TuneReport {
  /** The name of the adapter. */
  readonly adapter: string;
  /** What measured: the GPU's timestamps, or the host's clock where the adapter has none. */
  readonly clock: "timestamps" | "host";
  /** Whether the choices were stored, so that later processes take them. False where there is no place to store them. */
  readonly stored: boolean;
  /** The work with several forms, in the order in which it occurred. */
  readonly works: readonly TunedWork[];

  /** Made by `tune`. */
  constructor(adapter: string, clock: "timestamps" | "host", stored: boolean, works: readonly TunedWork[]) {
    this.adapter = adapter;
    this.clock = clock;
    this.stored = stored;
    this.works = works;
  }

  /** The table: a row for each kind of work. */
  toString(): string {
    const { adapter, clock, stored, works } = this;
    const changed = works.filter((work) => work.chosen !== work.default).length;
    const rows = works.map(({ work, milliseconds, default: first, chosen }) => {
      const shown = (form: string): string => form in milliseconds ? `${form} ${duration(milliseconds[form]!)}` : form;
      const others = Object.keys(milliseconds).filter((form) => form !== first && form !== chosen);
      const known = Object.keys(milliseconds).length === 0 ? "stored before" : others.map(shown).join(", ");
      return [work, shown(first), shown(chosen), known];
    });
    const table = [["work", "default", "chosen", "others"], ...rows];
    const widths = table[0]!.map((_, i) => Math.max(...table.map((row) => row[i]!.length)));
    return [
      `${adapter}, ${clock === "timestamps" ? "GPU timestamps" : "host clock"}: another form than the default for ` +
      `${changed} of ${works.length} kinds of work; ${stored ? "stored" : "not stored, for this process only"}`,
      ...table.map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd()),
    ].join("\n");
  }
}
printOnConsole(TuneReport.prototype);

function duration(milliseconds: number): string {
  return milliseconds === Infinity ? "rejected" : `${Number(milliseconds.toPrecision(3))} ms`;
}
