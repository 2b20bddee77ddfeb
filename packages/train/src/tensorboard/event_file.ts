/** An event file: one record for each event, written as it comes. */
import { makeFolder } from "../files/make_folder.ts";
import { node } from "../node.ts";
import { versionEvent } from "./events.ts";
import { record } from "./tfrecord.ts";

let files = 0;

/**
 * A new event file in a folder, which is made if it is missing. Nothing is held back: what was added is in the file if the process dies. The
 * name is its own, so that a file that a crash cut off is never continued; TensorBoard shows all files of a folder as one run.
 */
export class EventFile {
  /** The path of the file. */
  readonly path: string;
  private descriptor: number | null;

  /** @throws the system's error, with the folder, if the file cannot be made. */
  constructor(folder: string, wallTime: number) {
    const seconds = String(Math.floor(wallTime)).padStart(10, "0");
    const name = `events.out.tfevents.${seconds}.${node.os.hostname()}.${node.process.pid}.${files++}`;
    this.path = node.path.join(folder, name);
    try {
      makeFolder(folder);
      this.descriptor = node.fs.openSync(this.path, "wx");
    } catch (error) {
      throw new Error(`TensorBoard: cannot write to the folder ${folder}: ${(error as Error).message}`, {
        cause: error,
      });
    }
    this.add(versionEvent(wallTime));
  }

  /** Appends an event. @throws Error after {@link close} */
  add(event: Uint8Array): void {
    if (this.descriptor === null) {
      throw new Error(`TensorBoard: ${this.path} is closed; add what belongs to the run before close()`);
    }
    const bytes = record(event);
    for (let at = 0; at < bytes.length;) at += node.fs.writeSync(this.descriptor, bytes, at, bytes.length - at);
  }

  /** Asks the system to write the file to the disk, so that it survives a power failure. */
  flush(): void {
    if (this.descriptor !== null) node.fs.fsyncSync(this.descriptor);
  }

  /** Closes the file. */
  close(): void {
    if (this.descriptor !== null) node.fs.closeSync(this.descriptor);
    this.descriptor = null;
  }
}
