import { printOnConsole } from "@heddle/tensor/engine";
import type { EpochRecord } from "../callback.ts";
import { recordTable } from "../text/records.ts";

/** How a training ended: all epochs were done; early stopping or a callback ended it; or it was interrupted, and can be resumed. */
export type Ending = "finished" | "stopped" | "interrupted";

/**
 * What a training led to: a row for each epoch. `console.log(history)` prints them as a table.
 *
 * @example
 * ```ts
 * import { History } from "@heddle/train";
 * const history = new History([{ epoch: 1, step: 10, loss: 0.5, seconds: 1.2, lr: 0.1 }]);
 * history.values("loss"); // [0.5]
 * console.log(history);
 * ```
 */
export class History implements Iterable<EpochRecord> {
  /** The rows, those before a resumed training was interrupted included. */
  readonly rows: readonly EpochRecord[];
  /** The loss of every step, likewise. */
  readonly losses: readonly number[];
  /** How the training ended. */
  readonly ending: Ending;
  /** The epoch of the best weights, from 1, which the model has at the end; null without early stopping. */
  readonly bestEpoch: number | null;

  constructor(
    rows: readonly EpochRecord[],
    { losses = [], ending = "finished", bestEpoch = null }: {
      readonly losses?: readonly number[];
      readonly ending?: Ending;
      readonly bestEpoch?: number | null;
    } = {},
  ) {
    this.rows = rows;
    this.losses = losses;
    this.ending = ending;
    this.bestEpoch = bestEpoch;
  }

  /** The last row, or undefined if no epoch ended. */
  get last(): EpochRecord | undefined {
    return this.rows.at(-1);
  }

  /** A figure by epoch, of those rows that have it as a number. */
  values(figure: string): number[] {
    return this.rows.map((row) => row[figure]).filter((value) => typeof value === "number");
  }

  /** A figure over another one, by default over the epochs, of those rows that have both as numbers: the points of a chart. */
  curve(figure: string, over: string = "epoch"): { x: number[]; y: number[] } {
    const both = this.rows.filter((row) => typeof row[figure] === "number" && typeof row[over] === "number");
    return { x: both.map((row) => row[over] as number), y: both.map((row) => row[figure] as number) };
  }

  /** The rows. */
  [Symbol.iterator](): Iterator<EpochRecord> {
    return this.rows[Symbol.iterator]();
  }

  /** The rows as a table. */
  toString(): string {
    return this.rows.length === 0 ? "no epochs" : recordTable(this.rows);
  }
}

printOnConsole(History.prototype);
