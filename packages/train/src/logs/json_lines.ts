import type { UrlLike } from "@heddle/store";
import { checkOptions } from "@heddle/tensor/engine";
import type { Callback, EpochRecord, StepRecord, Training } from "../callback.ts";
import { pathFrom, writing } from "../files/folder_error.ts";
import { makeFolder } from "../files/make_folder.ts";
import { node } from "../node.ts";

/** Options of {@link JsonLines}. */
export interface JsonLinesOptions {
  /** Writes every so many steps too: 1 for each. Default: epochs only. */
  readonly everySteps?: number;
}

/**
 * A log with one line of JSON for each record, written at once. Numbers that are not finite are null, as JSON cannot represent them.
 *
 * As a callback of `fit` it writes a line for each epoch, and with `everySteps` for steps, which have no `seconds`. A resumed training
 * first removes the lines of steps that will come again.
 *
 * @example
 * ```ts ignore
 * const log = new JsonLines("runs/digits/log.jsonl");
 * log.write({ step: 1, loss: 0.7 });
 * ```
 */
export class JsonLines implements Callback {
  /** The file. */
  readonly path: string;
  private readonly everySteps: number;
  private begun = false;

  /**
   * @param path a path or a file URL; the first record replaces the file
   * @throws RangeError for `everySteps` below 1
   */
  constructor(path: string | UrlLike, options: JsonLinesOptions = {}) {
    checkOptions("JsonLines", options, ["everySteps"]);
    const { everySteps = Infinity } = options;
    if (!(everySteps >= 1)) throw new RangeError(`JsonLines: everySteps is ${everySteps}; it must be at least 1`);
    this.path = pathFrom(path);
    this.everySteps = everySteps;
  }

  /** Writes a record. @throws FolderError if the file cannot be written */
  write(record: object): void {
    this.begin([]);
    writing(this.path, () => node.fs.appendFileSync(this.path, `${JSON.stringify(record)}\n`));
  }

  /** Keeps the lines up to a step, of a training that goes on from there; those after it, and all others, are removed. */
  resume(step: number): void {
    const isKept = (line: string): boolean => {
      try {
        return (JSON.parse(line) as { step: number }).step <= step;
      } catch {
        return false; // cut short by a crash
      }
    };
    const { fs } = node;
    const lines = step > 0 && fs.existsSync(this.path) ? fs.readFileSync(this.path, "utf8").split("\n") : [];
    this.begun = false;
    this.begin(lines.filter(isKept));
  }

  /** Begins the file, or goes on with it. */
  onStart({ step }: Training): void {
    this.resume(step);
  }

  /** Writes the step, if it is its turn. */
  onStep(record: StepRecord): void {
    if (record.step % this.everySteps === 0) this.write(record);
  }

  /** Writes the epoch. */
  onEpoch(record: EpochRecord): void {
    this.write(record);
  }

  private begin(lines: readonly string[]): void {
    if (this.begun) return;
    writing(this.path, () => {
      makeFolder(node.path.dirname(this.path));
      node.fs.writeFileSync(this.path, lines.map((line) => `${line}\n`).join(""));
    });
    this.begun = true;
  }
}
