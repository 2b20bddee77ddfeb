/** Allows one run at a time in a folder: a lock file identifies the run. */
import { node } from "../node.ts";
import { FolderError } from "./folder_error.ts";

/** The file's name. */
export const LOCK_FILE = ".lock";

interface Holder {
  pid: number;
  thread: number;
  host: string;
  /** When the run started, in milliseconds since the epoch. */
  since: number;
}

/** The locks of this thread. */
const held = new Set<string>();

/**
 * Locks a folder for this run; the returned function unlocks it. The lock of a dead process is taken over.
 *
 * @throws FolderError that names the other run, if the folder is in use.
 */
export function lockFolder(folder: string): () => void {
  const path = node.path.resolve(folder, LOCK_FILE);
  const mine: Holder = {
    pid: node.process.pid,
    thread: node.workers.threadId,
    host: node.os.hostname(),
    since: Date.now(),
  };
  // The file appears complete, so that nobody reads half of it.
  const part = uniquePart(path);
  node.fs.writeFileSync(part, JSON.stringify(mine));
  try {
    while (!link(part, path)) {
      const text = read(path);
      if (text === null) continue;
      const holder = holderOf(text);
      if (holder !== null && mayRun(holder, path)) throw inUse(folder, path, holder);
      setAside(path, text);
    }
  } finally {
    node.fs.rmSync(part, { force: true });
  }
  held.add(path);
  return () => {
    held.delete(path);
    if (read(path) === JSON.stringify(mine)) node.fs.rmSync(path, { force: true });
  };
}

/** Links the file to its second name, unless that name exists. */
function link(part: string, path: string): boolean {
  try {
    node.fs.linkSync(part, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    // Some file systems have no hard links.
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP" && code !== "ENOSYS" && code !== "EMLINK") {
      throw error;
    }
  }
  try {
    node.fs.writeFileSync(path, node.fs.readFileSync(part), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** A temporary name beside a file that no other process or thread uses. */
function uniquePart(path: string): string {
  return `${path}.${node.process.pid}-${node.crypto.randomBytes(4).toString("hex")}.part`;
}

/** Removes a stale lock, unless another run has replaced it meanwhile. */
function setAside(path: string, text: string): void {
  const aside = uniquePart(path);
  try {
    node.fs.renameSync(path, aside);
  } catch {
    return; // another run was faster
  }
  if (read(aside) !== text) link(aside, path);
  node.fs.rmSync(aside, { force: true });
}

function read(path: string): string | null {
  try {
    return node.fs.readFileSync(path, "utf8");
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
    return null; // damaged by a power failure
  }
}

/** Whether the run that wrote a lock may still be running. */
function mayRun({ pid, thread, host, since }: Holder, path: string): boolean {
  // Processes on other machines cannot be checked.
  if (host !== node.os.hostname()) return true;
  // In a restarted container this process may have the id of the previous one.
  if (pid === node.process.pid && thread === node.workers.threadId) return held.has(path);
  const started = Date.now() - node.os.uptime() * 1000;
  return since > started - 60_000 && processLives(pid);
}

function inUse(folder: string, path: string, { pid, host, since }: Holder): FolderError {
  const started = `since ${new Date(since).toISOString()}`;
  if (host === node.os.hostname() && pid === node.process.pid && held.has(path)) {
    return new FolderError(
      `${folder} is in use by this process, number ${pid}, ${started}; close what uses it, or use another folder`,
    );
  }
  const elsewhere = host === node.os.hostname() ? "" : ` on ${host}`;
  return new FolderError(
    `${folder} is in use by the run with process number ${pid}${elsewhere}, ${started}; wait for it, or use another folder. ` +
      `If there is no such run, delete ${path}`,
  );
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
