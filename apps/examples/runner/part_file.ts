/** Files that appear whole or not at all: written under a name of their own beside their place, and then moved there. */
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";
import process from "node:process";

/** A name beside a file's that no other process or thread takes. */
export function uniquePart(path: string): string {
  return `${path}.${process.pid}-${randomBytes(4).toString("hex")}.part`;
}

/** How a file is put into its place. */
export interface PutOptions {
  /** Where the file that was there before goes; by default it is replaced. */
  previous?: string;
  /** Whether it must outlive a power failure: it is then on the disk, and not only in the system's memory. */
  durable?: boolean;
}

/** Puts a file into its place, whole, whoever else writes there; and removes what killed processes left unfinished of it. */
export function putFile(
  path: string,
  content: string | Uint8Array,
  { previous, durable = false }: PutOptions = {},
): void {
  const part = uniquePart(path);
  try {
    const descriptor = openSync(part, "wx");
    try {
      writeFileSync(descriptor, content);
      if (durable) fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (previous !== undefined) moveIfThere(path, previous);
    renameSync(part, path);
  } catch (error) {
    removeIfThere(part);
    throw error;
  }
  if (durable) syncFolder(dirname(path));
  removeAbandoned(path);
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** Writes a folder's names to the disk, where the system can do that. */
function syncFolder(folder: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(folder, "r");
  } catch {
    return;
  }
  try {
    fsyncSync(descriptor);
  } catch {
    // Not for folders, on Windows and some file systems.
  } finally {
    closeSync(descriptor);
  }
}

/** Deletes the parts of a file whose writers are gone. */
function removeAbandoned(path: string): void {
  const folder = dirname(path), prefix = `${basename(path)}.`;
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(prefix)) continue;
    const match = /^(?:(\d+)-[0-9a-f]{8}\.)?part$/.exec(name.slice(prefix.length));
    if (match === null || (match[1] !== undefined && processLives(Number(match[1])))) continue;
    removeIfThere(join(folder, name));
  }
}

/** What cannot be removed hinders nobody. */
function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Bun fails here where a part of the path is a file.
  }
}

/** Whether there is a process of that number on this machine. */
export function processLives(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 only asks
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
