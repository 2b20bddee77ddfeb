/** What of a training with `fit` belongs to its run: checkpoints in its folder, its log, its progress. */
import { type About, type Callback, type FitCheckpoint, History, type ProgressOptions } from "@heddle/train";
import type { Run } from "./example.ts";
import { Interrupted } from "./interrupted.ts";
import type { OutFolder } from "./out_folder.ts";

/** What of a training is recorded. */
export interface Recorded extends Pick<FitCheckpoint, "parts">, Pick<ProgressOptions, "row" | "label"> {
  /** What a resumed training must have in common with its checkpoint. */
  readonly about: About;
  /** The options `--resume` and `--checkpoint-every`. */
  readonly resume: boolean;
  readonly checkpointEvery: number | null;
  /** Draws the history so far, after each epoch; the page shows it. */
  readonly draw?: (history: History) => void | Promise<void>;
  /** Where; the folder of the run by default. */
  readonly out?: OutFolder;
  /** Steps between two lines of the log. Default 100. */
  readonly logEvery?: number;
}

/** The options of `fit` that record a training in its run. */
export function recorded(
  run: Run,
  { about, resume, checkpointEvery, out = run.out, logEvery = 100, parts = {}, draw, ...shown }: Recorded,
): { checkpoint: FitCheckpoint; callbacks: Callback[] } {
  return {
    // The folder is locked by the run.
    checkpoint: {
      folder: out.dry ? null : out.path,
      ...{ lock: false, resume, everySteps: checkpointEvery ?? Infinity, about, parts },
    },
    callbacks: [
      ...out.log("metrics.jsonl", "the metrics by step and by epoch, one line of JSON each", { everySteps: logEvery }),
      ...(resume ? [announceResumed(run)] : []),
      // Before the progress, whose rows write the page.
      ...(draw === undefined
        ? []
        : [{ onEpoch: (_, { history, losses }) => draw(new History(history, { losses })) } satisfies Callback]),
      run.progress(null, 0, shown),
    ],
  };
}

/** The history of a training that came to its end. @throws Interrupted otherwise, which ends the run */
export function whole(history: History): History {
  if (history.ending === "interrupted") throw new Interrupted();
  return history;
}

/** Prints where a training resumes. */
function announceResumed(run: Run): Callback {
  return {
    onStart: ({ step, steps }) =>
      run.print(
        step === 0
          ? "There is no checkpoint; training starts from the beginning."
          : `Resuming at step ${step} of ${steps}.`,
      ),
  };
}
