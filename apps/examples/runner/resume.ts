/** The checkpoints of a run, in its folder. */
import { type About, Checkpoint, CheckpointError, FolderError, type Stateful } from "@heddle/train";
import type { Run } from "./example.ts";
import { OptionError } from "./options.ts";
import type { OutFolder } from "./out_folder.ts";

/** The checkpoints of a run in its folder, which is already locked; a dry run has none. */
export function checkpointIn(out: OutFolder, about: About, parts: Readonly<Record<string, Stateful>>): Checkpoint {
  return new Checkpoint(out.dry ? null : out.path, parts, { about, lock: false });
}

/**
 * Loads the checkpoint of a run, if there is one, and prints where training resumes.
 *
 * @param position how far the loaded run is, such as "step 8 of 20"; called after loading
 * @throws OptionError if it cannot be loaded, or is of another run
 */
export async function resumeFrom(checkpoint: Checkpoint, run: Run, position?: () => string): Promise<void> {
  let file: string | null;
  try {
    file = await checkpoint.load();
  } catch (error) {
    if (error instanceof CheckpointError || error instanceof FolderError) {
      throw new OptionError(`--resume: ${error.message}`, { cause: error });
    }
    throw error;
  }
  if (file === null) run.print("There is no checkpoint; training starts from the beginning.");
  else run.print(`Resuming from ${file}${position === undefined ? "" : `, ${position()}`}.`);
}
