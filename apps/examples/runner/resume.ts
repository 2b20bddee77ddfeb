/** The checkpoints of a run, in its folder. */
import { type About, type Callback, Checkpoint, type Stateful } from "@heddle/train";
import type { Run } from "./example.ts";
import type { OutFolder } from "./out_folder.ts";

const FROM_THE_BEGINNING = "There is no checkpoint; training starts from the beginning.";

/** The checkpoints of a run in its folder, which is already locked; a dry run has none. */
export function checkpointIn(out: OutFolder, about: About, parts: Readonly<Record<string, Stateful>>): Checkpoint {
  return new Checkpoint(out.dry ? null : out.path, parts, { about, lock: false });
}

/**
 * Loads the checkpoint of a run, if there is one, and prints where training resumes.
 *
 * @param position how far the loaded run is, such as "step 8 of 20"; called after loading
 */
export async function resumeFrom(checkpoint: Checkpoint, run: Run, position?: () => string): Promise<void> {
  const file = await checkpoint.load();
  if (file === null) run.print(FROM_THE_BEGINNING);
  else run.print(`Resuming from ${file}${position === undefined ? "" : `, ${position()}`}.`);
}

/** Prints where a training of `fit` resumes. */
export function announceResumed(run: Run): Callback {
  return {
    onStart: ({ step, steps }) => run.print(step === 0 ? FROM_THE_BEGINNING : `Resuming at step ${step} of ${steps}.`),
  };
}
