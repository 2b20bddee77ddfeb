/** One run at a time in a folder: a file says which one it is. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname, uptime } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { threadId } from "node:worker_threads";
import { OptionError } from "./options.ts";
import { processLives, uniquePart } from "./part_file.ts";

/** The file's name. */
export const LOCK_FILE = ".lock";

interface Holder {
  pid: number;
  thread: number;
  host: string;
  /** When the run began, in milliseconds of the clock. */
  since: number;
}

/** The locks of this thread. */
const held = new Set<string>();

/**
 * Takes a folder for this run; what it returns lets go of it. A lock whose process is gone is taken over.
 *
 * @throws OptionError when another run has the folder, naming it.
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, LOCK_FILE);
  const mine: Holder = { pid: process.pid, thread: threadId, host: hostname(), since: Date.now() };
  // It appears whole, so that nobody reads half of it.
  const part = uniquePart(path);
  writeFileSync(part, JSON.stringify(mine));
  try {
    while (!link(part, path)) {
      const text = read(path);
      if (text === null) continue;
      const holder = holderOf(text);
      if (holder !== null && mayRun(holder, path)) throw inUse(folder, path, holder);
      setAside(path, text);
    }
  } finally {
    rmSync(part, { force: true });
  }
  held.add(path);
  return () => {
    held.delete(path);
    if (read(path) === JSON.stringify(mine)) rmSync(path, { force: true });
  };
}

/** Gives the file its second name unless there is one of that name. */
function link(part: string, path: string): boolean {
  try {
    linkSync(part, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    // Some file systems have no links.
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP" && code !== "ENOSYS" && code !== "EMLINK") {
      throw error;
    }
  }
  try {
    writeFileSync(path, readFileSync(part), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Removes a lock that nobody holds, and none that another run has put in its place meanwhile. */
function setAside(path: string, text: string): void {
  const aside = uniquePart(path);
  try {
    renameSync(path, aside);
  } catch {
    return; // another run was quicker
  }
  if (read(aside) !== text) link(aside, path);
  rmSync(aside, { force: true });
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function holderOf(text: string): Holder | null {
  try {
    const { pid, thread, host, since } = JSON.parse(text) as Holder;
    return Number.isInteger(pid) && typeof host === "string" && Number.isFinite(since)
      ? { pid, thread, host, since }
      : null;
  } catch {
    return null; // damaged: a machine that lost its power wrote it
  }
}

/** Whether the run that wrote a lock may still go on. */
function mayRun({ pid, thread, host, since }: Holder, path: string): boolean {
  // What runs elsewhere cannot be asked for.
  if (host !== hostname()) return true;
  // In a container that was started again this process may have the number of the one before.
  if (pid === process.pid && thread === threadId) return held.has(path);
  const started = Date.now() - uptime() * 1000;
  return since > started - 60_000 && processLives(pid);
}

function inUse(folder: string, path: string, { pid, host, since }: Holder): OptionError {
  const elsewhere = host === hostname() ? "" : ` on ${host}`;
  return new OptionError(
    `--out: ${folder} is in use by the run with process number ${pid}${elsewhere}, since ${
      new Date(since).toISOString()
    }; ` +
      `wait for it, or name another folder. If there is no such run, delete ${path}`,
  );
}
