import { isGranted } from "@heddle/tensor/engine";
import { checksums, type Expectation } from "./checksum.ts";
import { node } from "../node.ts";

// An unfinished download is stored beside its destination as  <destination>.<sum>.<host>-<process>-<random>.part  Every
// download writes to its own part file, so that processes that fetch the same file at the same time cannot mix their
// bytes; the first renames a good file into place, and the others replace it by an equal one. To resume the part of a
// download that failed or was killed, a process claims it by renaming it to its own name: renaming is atomic, so of
// several claimants one succeeds. <process> is 0 once its owner has released it. <sum> is the beginning of the expected
// checksum, so that a part is never resumed as another version of the file.

const RELEASED = 0;

// If it is unknown whether the writer is alive (another machine on a network file system, a reused process number, a
// zombie process), a part that was not modified for this long counts as abandoned: a live download gives up or writes
// within its timeout, half a minute by default. If a process sleeps longer and wakes up, its part is gone and it fails;
// any bytes that it still writes are the correct ones.
const ABANDONED_AFTER_MS = 5 * 60 * 1000;

let unknownHost: string | undefined;

/** The machine. Without Deno's permission to know it, it is no other process's. */
function host(): string {
  const name = isGranted({ name: "sys", kind: "hostname" })
    ? node.os.hostname()
    : unknownHost ??= node.crypto.randomUUID();
  return node.crypto.createHash("sha256").update(name).digest("hex").slice(0, 8);
}

function partPath(destination: string, expected: Expectation, owner: number): string {
  return `${destination}.${sumOf(expected)}.${host()}-${owner}-${node.crypto.randomBytes(4).toString("hex")}.part`;
}

function sumOf(expected: Expectation): string {
  return checksums.map((kind) => expected[kind]).find((sum) => sum !== undefined)?.toLowerCase().slice(0, 12) ??
    "unknown";
}

/** Names the part file of a new download, taking over the largest abandoned one that fits. */
export async function claimPart(destination: string, expected: Expectation): Promise<string> {
  const own = partPath(destination, expected, node.process.pid);
  // Without a checksum nothing would show that the pieces do not belong together.
  if (sumOf(expected) === "unknown") return own;
  const abandoned = (await listAbandoned(destination)).filter((part) => part.sum === sumOf(expected));
  abandoned.sort((a, b) => b.size - a.size);
  for (const part of abandoned) {
    try {
      await node.fs.rename(part.path, own);
      return own;
    } catch {
      // Another process claimed it first; the next one may still be free.
    }
  }
  return own;
}

/** Releases a part file, so that a later download can resume it. */
export async function releasePart(path: string, destination: string, expected: Expectation): Promise<void> {
  // It is gone when it was renamed into place or deleted.
  await node.fs.rename(path, partPath(destination, expected, RELEASED)).catch(() => {});
}

/** Deletes what earlier downloads of the same file left behind. */
export async function removeAbandoned(destination: string): Promise<void> {
  for (const part of await listAbandoned(destination)) await node.fs.rm(part.path, { force: true });
}

interface Part {
  readonly path: string;
  readonly sum: string;
  readonly size: number;
}

async function listAbandoned(destination: string): Promise<Part[]> {
  const folder = node.path.dirname(destination);
  const prefix = `${node.path.basename(destination)}.`;
  const parts: Part[] = [];
  for (const name of await node.fs.readdir(folder).catch(() => [])) {
    if (!name.startsWith(prefix)) continue;
    const match = /^([0-9a-f]{12}|unknown)\.([0-9a-f]{8})-(\d+)-[0-9a-f]+\.part$/.exec(name.slice(prefix.length));
    if (match === null) continue;
    const path = node.path.join(folder, name);
    const info = await node.fs.stat(path).catch(() => null);
    if (info === null) continue;
    const owner = Number(match[3]);
    const free = owner === RELEASED || (match[2] === host() && !mayBeAlive(owner));
    if (free || Date.now() - info.mtimeMs > ABANDONED_AFTER_MS) {
      parts.push({ path, sum: match[1] as string, size: info.size });
    }
  }
  return parts;
}

function mayBeAlive(pid: number): boolean {
  if (!isGranted({ name: "run" })) return true;
  try {
    node.process.kill(pid, 0); // signal 0 only asks
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
