/**
 * Files that appear complete or not at all: they are written under a temporary name in the same folder, and then
 * renamed.
 */
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";
import process from "node:process";

/** A temporary name beside a file that no other process or thread uses. */
export function uniquePart(path: string): string {
  return `${path}.${process.pid}-${randomBytes(4).toString("hex")}.part`;
}

/** Options of {@link putFile}. */
export interface PutOptions {
  /** A name under which the old file is kept; by default it is replaced. */
  previous?: string;
  /** Whether to flush the file to disk, so that it survives a power failure. */
  durable?: boolean;
}

/**
 * Writes a file completely or not at all, even if others write it at the same time; removes temporary files of killed
 * processes.
 */
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

/** Flushes a folder's entries to disk, if the system can do that. */
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
    // Not possible for folders on Windows and some file systems.
  } finally {
    closeSync(descriptor);
  }
}

/** Deletes the temporary files of dead processes. */
function removeAbandoned(path: string): void {
  const folder = dirname(path), prefix = `${basename(path)}.`;
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(prefix)) continue;
    const match = /^(?:(\d+)-[0-9a-f]{8}\.)?part$/.exec(name.slice(prefix.length));
    if (match === null || (match[1] !== undefined && processLives(Number(match[1])))) continue;
    removeIfThere(join(folder, name));
  }
}

/** Files that cannot be removed do no harm. */
function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Bun fails here if a part of the path is a file.
  }
}

/** Whether a process with this id exists on this machine. */
export function processLives(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 only checks
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
