import type { Checkpoint } from "./checkpoint.ts";
import type { Run } from "./example.ts";

/**
 * Loads the checkpoint of a run, if there is one, and prints where training resumes.
 *
 * @param position how far the loaded run is, such as "step 8 of 20"; called after loading
 */
export async function resumeFrom(checkpoint: Checkpoint, run: Run, position?: () => string): Promise<void> {
  const file = await checkpoint.load();
  if (file === null) run.print("There is no checkpoint; training starts from the beginning.");
  else run.print(`Resuming from ${file}${position === undefined ? "" : `, ${position()}`}.`);
}
