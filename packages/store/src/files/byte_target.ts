/** Where bytes are written to: memory, or a file that appears complete or not at all. */
import { reworded } from "../errors.ts";
import { node } from "./node.ts";

/** Bytes that are written one after another. */
export interface ByteTarget {
  write(bytes: Uint8Array): void;
  /** Overwrites bytes that were written before. */
  patch(position: number, bytes: Uint8Array): void;
}

/** Bytes in memory. */
export class MemoryTarget implements ByteTarget {
  private readonly parts: Uint8Array[] = [];
  private length = 0;

  write(bytes: Uint8Array): void {
    this.parts.push(bytes.slice());
    this.length += bytes.length;
  }

  patch(position: number, bytes: Uint8Array): void {
    let start = 0;
    for (const part of this.parts) {
      const from = Math.max(position, start), to = Math.min(position + bytes.length, start + part.length);
      if (from < to) part.set(bytes.subarray(from - position, to - position), from - start);
      start += part.length;
    }
  }

  /** All bytes. */
  bytes(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
}

/**
 * A file that appears complete or not at all: it is written under a temporary name in the same folder, flushed to disk, and renamed by
 * {@link commit}.
 */
export class AtomicFile implements ByteTarget {
  readonly path: string;
  private readonly part: string;
  private descriptor: number | null;
  private length = 0;

  /** @throws the system's error if the file cannot be made, as in a folder that does not exist. */
  constructor(path: string, operation: string = "save") {
    this.path = path;
    this.part = `${path}.${node.process.pid}-${node.crypto.randomBytes(4).toString("hex")}.part`;
    try {
      this.descriptor = node.fs.openSync(this.part, "wx");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      const folder = node.path.dirname(path);
      if (node.fs.existsSync(folder)) {
        throw reworded(
          error,
          `${operation}: the folder ${folder} takes no new files, such as ${path}; use another folder`,
        );
      }
      throw reworded(
        error,
        `${operation}: there is no folder ${folder} for ${path}; make it first, with ` +
          "mkdir(folder, { recursive: true }) of node:fs/promises",
      );
    }
  }

  write(bytes: Uint8Array): void {
    this.patch(this.length, bytes);
    this.length += bytes.length;
  }

  patch(position: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      at += node.fs.writeSync(this.descriptor!, bytes, at, bytes.length - at, position + at);
    }
  }

  /** Flushes the content to disk, so that it survives a power failure. */
  finish(): void {
    node.fs.fsyncSync(this.descriptor!);
    this.close();
  }

  /** Gives the finished file its name; `previous` is a name under which the old file is kept. */
  commit(previous?: string): void {
    if (this.descriptor !== null) this.finish();
    if (previous !== undefined) moveIfThere(this.path, previous);
    node.fs.renameSync(this.part, this.path);
    syncFolder(node.path.dirname(this.path));
    removeAbandoned(this.path);
  }

  /** Removes what was written. After {@link commit} it does nothing. */
  abort(): void {
    this.close();
    removeIfThere(this.part);
  }

  private close(): void {
    if (this.descriptor !== null) node.fs.closeSync(this.descriptor);
    this.descriptor = null;
  }
}

/**
 * Writes a file completely or not at all, even if others write it at the same time: under a temporary name, flushed to disk, renamed.
 *
 * @param previous a name under which the old file is kept; by default it is replaced.
 */
export function putFile(path: string, content: string | Uint8Array, previous?: string): void {
  const file = new AtomicFile(path, "putFile");
  try {
    file.write(typeof content === "string" ? new TextEncoder().encode(content) : content);
    file.commit(previous);
  } catch (error) {
    file.abort();
    throw error;
  }
}

/** Removes files in order, and flushes the removal to disk. Those that are not there are passed over. */
export function removeFiles(paths: readonly string[]): void {
  const there = paths.filter((path) => node.fs.existsSync(path));
  for (const path of there) node.fs.rmSync(path, { force: true });
  for (const folder of new Set(there.map((path) => node.path.dirname(path)))) syncFolder(folder);
}

function moveIfThere(from: string, to: string): void {
  try {
    node.fs.renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** Flushes a folder's entries to disk, if the system can do that. */
function syncFolder(folder: string): void {
  let descriptor: number;
  try {
    descriptor = node.fs.openSync(folder, "r");
  } catch {
    return;
  }
  try {
    node.fs.fsyncSync(descriptor);
  } catch {
    // Not possible for folders on Windows and some file systems.
  } finally {
    node.fs.closeSync(descriptor);
  }
}

/** Deletes the temporary files of dead processes. */
function removeAbandoned(path: string): void {
  const folder = node.path.dirname(path), prefix = `${node.path.basename(path)}.`;
  let names: string[];
  try {
    names = node.fs.readdirSync(folder);
  } catch {
    return; // A folder that can be written to but not listed.
  }
  for (const name of names) {
    if (!name.startsWith(prefix)) continue;
    const match = /^(\d+)-[0-9a-f]{8}\.part$/.exec(name.slice(prefix.length));
    if (match !== null && !processLives(Number(match[1]))) removeIfThere(node.path.join(folder, name));
  }
}

/** Files that cannot be removed do no harm. */
function removeIfThere(path: string): void {
  try {
    node.fs.rmSync(path, { force: true });
  } catch {
    // Bun fails here if a part of the path is a file.
  }
}

/** Whether a process with this id exists on this machine. */
function processLives(pid: number): boolean {
  try {
    node.process.kill(pid, 0); // signal 0 only checks
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
